//! The command line.

fn main() -> std::process::ExitCode {
    tabchain::entry::command_line()
}
