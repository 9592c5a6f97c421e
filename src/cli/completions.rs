//! `tipstaff completions SHELL`, and what the shell is told when it asks.
//!
//! The script has the shell ask this binary, so that workflows, runs, phases and letters are those that there are.

use std::ffi::OsStr;

use clap::{CommandFactory, Parser};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::Shells;
use clap_complete::{CompleteEnv, Generator as _};

use super::args::{Cli, CompletionsArgs};
use super::failure::{Exit, Failure};
use super::library::known_workflows;
use super::open_run::OpenRun;
use super::settings::Settings;
use crate::journal::{latest, list};

/// By this variable the shell asks.
const ASKED: &str = "TIPSTAFF_COMPLETE";
/// Nobody chooses among more.
const RUNS: usize = 50;

pub fn completions(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    let shell = args.shell.to_string();
    let shells = Shells::builtins();
    match shells.completer(&shell) {
        Some(shell) => {
            shell.write_registration(ASKED, "tipstaff", "tipstaff", "tipstaff", &mut script)?;
        }
        None => args.shell.generate(&Cli::command(), &mut script),
    }
    super::print::data(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

/// Whether it was the shell that asked; then it has its answer.
pub fn answered() -> bool {
    if std::env::var_os(ASKED).is_none() {
        return false;
    }
    let here = std::env::current_dir().ok();
    let shell = CompleteEnv::with_factory(command).var(ASKED);
    let answered = shell.try_complete(std::env::args_os(), here.as_deref());
    answered.unwrap_or(true)
}

/// The command line with what may stand in the place of an argument, by its name.
fn command() -> clap::Command {
    Cli::command().mut_subcommands(|command| {
        command.mut_args(|arg| {
            let names: fn(&Settings) -> Vec<String> = match arg.get_id().as_str() {
                "run" => runs,
                "workflow" => known_workflows,
                "phase" => parts_of_latest,
                "words" | "rest" | "proposal" => runs_and_parts,
                _ => return arg,
            };
            arg.add(ArgValueCompleter::new(move |typed: &OsStr| {
                candidates(typed, names)
            }))
        })
    })
}

/// Names that begin like what was typed, and that no shell takes for anything else.
fn candidates(typed: &OsStr, names: fn(&Settings) -> Vec<String>) -> Vec<CompletionCandidate> {
    let cli = Cli::try_parse_from(["tipstaff", "runs"]);
    let Some(settings) = cli.ok().and_then(|cli| Settings::load(&cli).ok()) else {
        return Vec::new();
    };
    let typed = typed.to_string_lossy();
    let is_plain = |char: char| char.is_alphanumeric() || matches!(char, '-' | '_' | '.' | '/');
    let names = names(&settings).into_iter();
    names
        .filter(|name| name.starts_with(&*typed) && name.chars().all(is_plain))
        .map(CompletionCandidate::new)
        .collect()
}

/// The newest runs by their short names; by their whole ones for who types a date.
fn runs(settings: &Settings) -> Vec<String> {
    let all = list(&settings.project.root).unwrap_or_default();
    let ids = all.iter().take(RUNS).map(|run| run.id.as_str());
    let short = ids.clone().filter_map(|id| id.splitn(3, '-').nth(2));
    short.chain(ids).map(str::to_owned).collect()
}

/// The phases of the latest run, and the letters of its proposals.
fn parts_of_latest(settings: &Settings) -> Vec<String> {
    let latest = latest(&settings.project.root).ok().flatten();
    let Some(run) = latest.and_then(|folder| OpenRun::read(folder).ok()) else {
        return Vec::new();
    };
    let view = run.view();
    let mut names: Vec<String> = view
        .phases()
        .map(|phase| phase.name().to_string())
        .collect();
    let labels = view.phases().flat_map(|phase| phase.labels());
    names.extend(labels.map(|(label, _)| label.to_string()));
    names.sort();
    names.dedup();
    names
}

fn runs_and_parts(settings: &Settings) -> Vec<String> {
    [parts_of_latest(settings), runs(settings)].concat()
}
