//! The engine's Web Worker, on wasm32.

fn main() -> std::process::ExitCode {
    tabchain::entry::worker()
}
