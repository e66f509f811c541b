//! The wall clock of page and worker. Only pacing, display and measuring use it; nothing it says reaches a world.

use std::time::Duration;

use wasm_bindgen::JsCast;

/// Milliseconds since this page or worker began, monotonic.
pub(super) fn now_ms() -> u64 {
    u64::try_from(now().as_millis()).unwrap_or(u64::MAX)
}

/// The time since this page or worker began, monotonic, in steps of 0.005 to 1 ms, as the browser likes.
pub(super) fn now() -> Duration {
    let global = js_sys::global();
    let performance = js_sys::Reflect::get(&global, &"performance".into())
        .ok()
        .and_then(|value| value.dyn_into::<web_sys::Performance>().ok());
    performance.map_or(Duration::ZERO, |performance| Duration::from_secs_f64(performance.now() / 1_000.0))
}
