//! The command line: one file a command.
//!
//! The edge of the program: here files are found, the environment is read, and text is printed. What
//! a run does is decided elsewhere.

mod acp;
mod all_runs;
mod args;
mod ask;
mod call_files;
mod changes;
mod check;
mod clean;
mod compare;
mod completions;
mod costs;
mod detach;
mod diff;
mod doctor;
mod failure;
mod gate;
mod init;
mod interruptible;
mod keys;
mod library;
mod limits;
mod logs;
mod look;
mod models;
mod node;
mod note;
mod notify;
mod open_run;
mod pager;
mod panics;
mod preflight;
mod prepare;
mod print;
mod probes;
mod projection;
mod prompt;
mod rate;
mod report;
mod rerun;
mod resume;
mod run;
mod runs;
mod schema;
mod scores;
mod settings;
mod shared_args;
mod show;
mod steer;
mod stop;
mod trust;
mod typed;
mod viewer;
mod watch;
mod watch_text;
mod work;
mod workflows;

use std::process::ExitCode;

use clap::Parser;

pub use self::acp::acp;
use self::args::{Cli, Command};
use self::failure::{Exit, Failure};
pub use self::node::node;
use self::settings::Settings;
pub use crate::acp::ARG as ACP_ARG;
use crate::process::shut_others_out;
pub use crate::runtime::NODE_ARG;

/// Runs the program and gives its exit code.
pub fn main() -> ExitCode {
    if completions::answered() {
        return Exit::Done.into();
    }
    // Its environment holds keys, and agents run as the same user.
    if let Err(error) = shut_others_out() {
        let message = format!("failed to keep other processes from reading this one: {error}");
        let failure = Failure::said(Exit::Failed, &message, None);
        print::failure(&failure);
        return failure.exit().into();
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no mistakes.
            let text = error.render();
            return if error.use_stderr() {
                print::note(&text.to_string());
                Exit::Usage.into()
            } else {
                print::help(&text);
                Exit::Done.into()
            };
        }
    };
    match panics::caught(|| dispatch(&cli)) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            print::failure(&failure);
            failure.exit().into()
        }
    }
}

/// Whether the program would take this command line, its own name first. For tests of what the
/// documentation shows; nothing is run.
///
/// # Errors
///
/// What the program would say.
pub fn parses(line: &[&str]) -> Result<(), String> {
    match Cli::try_parse_from(line) {
        Err(error) if error.use_stderr() => Err(error.to_string()),
        // Help and version are answers.
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Clears up what dead processes of this user left on this machine.
fn sweep() {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(std::path::PathBuf::from);
    crate::workspace::sweep(runtime.as_deref(), &crate::runtime::recover_lent);
}

fn dispatch(cli: &Cli) -> Result<Exit, Failure> {
    sweep();
    if cli.command.output().is_some_and(|output| output.detach) && !detach::is_to_leave() {
        return detach::start();
    }
    match &cli.command {
        Command::Schema(args) => schema::schema(args),
        Command::Completions(args) => completions::completions(args),
        Command::Run(args) => run::run(&Settings::load(cli)?, args),
        Command::Check(args) => check::check(&Settings::load(cli)?, args),
        Command::Prompt(args) => prompt::prompt(&Settings::load(cli)?, args),
        Command::Resume(args) => resume::resume(&Settings::load(cli)?, args),
        Command::Rerun(args) => rerun::rerun(&Settings::load(cli)?, args),
        Command::Doctor(args) => doctor::doctor(&Settings::load(cli)?, args),
        Command::Init(args) => init::init(&Settings::load(cli)?, args),
        Command::Models(args) => models::models(&Settings::load(cli)?, args),
        Command::Runs(args) => runs::runs(&Settings::load(cli)?, args),
        Command::Scores(args) => scores::scores(&Settings::load(cli)?, args),
        Command::Costs(args) => costs::costs(&Settings::load(cli)?, args),
        Command::Logs(args) => logs::logs(&Settings::load(cli)?, args),
        Command::Workflows(args) => workflows::workflows(&Settings::load(cli)?, args),
        Command::Show(args) => show::show(&Settings::load(cli)?, args),
        Command::Compare(args) => compare::compare(&Settings::load(cli)?, args),
        Command::Report(args) => report::report(&Settings::load(cli)?, args),
        Command::Watch(args) => watch::watch(&Settings::load(cli)?, args),
        Command::Stop(args) => stop::stop(&Settings::load(cli)?, args),
        Command::Note { words } => note::note(&Settings::load(cli)?, words),
        Command::Rate {
            run,
            phase,
            proposal,
            because,
        } => rate::rate(&Settings::load(cli)?, run, (phase, proposal), because),
        Command::Pick(args) => gate::pick(&Settings::load(cli)?, args),
        Command::Approve(args) => gate::approve(&Settings::load(cli)?, args),
        Command::Reject(args) => gate::reject(&Settings::load(cli)?, args),
        Command::Diff(args) => diff::diff(&Settings::load(cli)?, args),
        Command::Clean(args) => clean::clean(&Settings::load(cli)?, args),
        Command::Apply(args) => changes::apply(&Settings::load(cli)?, args),
        Command::Undo(args) => changes::undo(&Settings::load(cli)?, args),
        Command::Trust(args) => trust::trust(&Settings::load(cli)?, args),
    }
}
