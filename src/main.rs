//! Parses the command line, calls one command, maps the one failure type to a documented exit code.

use std::process::ExitCode;

use tipstaff::cli::{ACP_ARG, NODE_ARG, acp, node};
use tipstaff::process::{WARDEN_ARG, warden};

fn main() -> ExitCode {
    // Before anything else: these start for every child, and must start fast.
    let mut args = std::env::args_os().skip(1);
    match args.next() {
        Some(arg) if arg == WARDEN_ARG => warden(),
        Some(arg) if arg == ACP_ARG => acp(args),
        Some(arg) if arg == NODE_ARG => node(args),
        _ => tipstaff::cli::main(),
    }
}
