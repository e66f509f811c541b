//! What the binaries call: each function exists on both targets, and off its target says which command was meant.

use std::process::ExitCode;

#[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
pub use crate::native::main as command_line;
#[cfg(target_arch = "wasm32")]
pub use crate::web::{page, worker};

/// Off its target or without its feature.
#[cfg(not(all(not(target_arch = "wasm32"), feature = "native")))]
pub fn command_line() -> ExitCode {
    meant("the command line is a native program with the feature `native`: cargo run --bin tabchain")
}

/// Off its target.
#[cfg(not(target_arch = "wasm32"))]
pub fn page() -> ExitCode {
    meant("the page runs in a browser: make serve")
}

/// Off its target.
#[cfg(not(target_arch = "wasm32"))]
pub fn worker() -> ExitCode {
    meant("the engine's worker runs in a browser: make serve")
}

fn meant(what: &str) -> ExitCode {
    eprintln!("{what}");
    ExitCode::from(2)
}
