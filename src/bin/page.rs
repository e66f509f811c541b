//! The page, on wasm32.

fn main() -> std::process::ExitCode {
    tabchain::entry::page()
}
