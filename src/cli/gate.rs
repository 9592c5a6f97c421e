//! `tipstaff approve` and `tipstaff reject`: a person's answer to a gate.

use super::args::{ApproveArgs, RejectArgs};
use super::failure::{Exit, Failure};
use super::open_run::OpenRun;
use super::resume::{go_on_with, look};
use super::settings::Settings;
use crate::model::{PersonAnswer, PhaseName, Question};
use crate::run::{Event, PhaseEvent, RunState};

pub fn approve(settings: &Settings, args: &ApproveArgs) -> Result<Exit, Failure> {
    let run = look(settings, &args.run)?;
    let because = words(settings, args.because.as_deref());
    let (phase, commands) = waiting(&run, args.phase.as_deref())?;
    let answer = commands.map_or(PersonAnswer::Approved, |commands| answered(commands, true));
    let said = act((phase, answer), because);
    go_on_with(settings, run, &args.output, said)
}

pub fn reject(settings: &Settings, args: &RejectArgs) -> Result<Exit, Failure> {
    let run = look(settings, &args.run)?;
    let (phase, commands) = waiting(&run, args.phase.as_deref())?;
    let reason = words(settings, args.because.as_deref());
    let rejected = PersonAnswer::Rejected { reason };
    let answer = commands.map_or(rejected, |commands| answered(commands, false));
    let said = act((phase, answer), String::new());
    go_on_with(settings, run, &args.output, said)
}

/// An answer as the run hears it.
pub fn act((phase, answer): (PhaseName, PersonAnswer), because: String) -> Event {
    PhaseEvent::PersonAnswered { answer, because }.of(phase)
}

/// Words that prompts and the journal keep.
pub fn words(settings: &Settings, because: Option<&str>) -> String {
    let words = because.unwrap_or_default().trim().to_owned();
    settings.redactor(None, None).redact(&words).into_owned()
}

fn answered(commands: Vec<String>, run: bool) -> PersonAnswer {
    PersonAnswer::Commands {
        commands,
        run,
        reason: None,
    }
}

/// The phase whose gate waits: the one that was named, or the only one. If its question is about commands,
/// those come along.
fn waiting(
    run: &OpenRun,
    wanted: Option<&str>,
) -> Result<(PhaseName, Option<Vec<String>>), Failure> {
    let history = RunState::of(&run.records);
    let mut phases = run
        .plan
        .phases
        .iter()
        .map(|phase| &phase.name)
        .filter(|name| wanted.is_none_or(|wanted| wanted == name.as_str()))
        .filter_map(|name| {
            let asked = history.phase(name).and_then(|state| state.asked.as_ref())?;
            match asked {
                Question::Approve { .. } => Some((name.clone(), None)),
                Question::RunCommands { commands } => Some((name.clone(), Some(commands.clone()))),
                Question::PickWinner { .. } => None,
            }
        });
    phases.next().ok_or_else(|| {
        let what = wanted.map_or_else(
            || "no phase".to_owned(),
            |name| format!("phase `{name}` does not"),
        );
        let message = match wanted {
            Some(_) => format!("{what} wait for an approval"),
            None => format!("{what} of run {} waits for an approval", run.folder.id()),
        };
        let hint = format!(
            "`tipstaff show {}` tells what the run waits for",
            run.folder.id()
        );
        Failure::said(Exit::Usage, &message, Some(&hint))
    })
}
