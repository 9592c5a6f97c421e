//! Parses the command line, calls one command, maps the one failure type to a documented exit code.

fn main() {}
