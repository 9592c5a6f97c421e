//! Parses the command line, calls one command, maps the one failure type to a documented exit code.

use std::process::ExitCode;

use tipstaff::process::{WARDEN_ARG, warden};

fn main() -> ExitCode {
    // Before anything else: a warden starts for every child, and must start fast.
    if std::env::args_os()
        .nth(1)
        .is_some_and(|arg| arg == WARDEN_ARG)
    {
        return warden();
    }
    tipstaff::cli::main()
}
