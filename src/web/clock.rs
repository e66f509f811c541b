//! The wall clock of page and worker. Only pacing and display use it; nothing it says reaches a world.

use wasm_bindgen::JsCast;

/// Milliseconds since this page or worker began, monotonic.
pub(super) fn now_ms() -> u64 {
    let global = js_sys::global();
    let performance = js_sys::Reflect::get(&global, &"performance".into())
        .ok()
        .and_then(|value| value.dyn_into::<web_sys::Performance>().ok());
    performance.map_or(0, |performance| performance.now() as u64)
}
