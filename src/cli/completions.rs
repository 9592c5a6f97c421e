//! `tipstaff completions SHELL`.

use clap::CommandFactory;

use super::args::{Cli, CompletionsArgs};
use super::failure::{Exit, Failure};

pub fn completions(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "tipstaff", &mut script);
    super::print::data(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
