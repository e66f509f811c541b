//! Layer 4: the tab.
//!
//! Owns the engine's Web Worker, the BroadcastChannel carrier, the page and `window.tabchain`. The page shows view models and sends requests;
//! it never touches a world. Must never decide anything a replay would have to repeat.

mod api;
pub mod carrier;
mod client;
mod clock;
mod engine;
mod layout;
mod page;
mod place;
mod protocol;
mod room;
mod runs;
mod strings;
mod worker;

use std::process::ExitCode;

pub use runs::{run_over_broadcast_channel, simulate};

/// Starts the page.
pub fn page() -> ExitCode {
    page::mount();
    ExitCode::SUCCESS
}

/// Starts the engine, in its worker.
pub fn worker() -> ExitCode {
    console_error_panic_hook::set_once();
    worker::start();
    ExitCode::SUCCESS
}
