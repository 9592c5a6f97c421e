//! The command line: one file a command.
mod args;
/// x
pub fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
