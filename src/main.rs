//! Parses the command line, calls one command, maps the one failure type to a documented exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    tipstaff::cli::main()
}
