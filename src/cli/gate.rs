//! `tipstaff approve`, `tipstaff reject` and `tipstaff pick`: a person's answer to what a run asks.

use super::args::{AnswerArgs, PickArgs};
use super::ask::commands_answer;
use super::failure::{Exit, Failure};
use super::open_run::OpenRun;
use super::resume::{go_on_with, look};
use super::settings::Settings;
use crate::model::{PersonAnswer, PhaseName, Question};
use crate::run::{PhaseEvent, RunState};

/// In the place of a label; labels are single letters.
const NONE: &str = "NONE";

pub fn approve(settings: &Settings, args: &AnswerArgs) -> Result<Exit, Failure> {
    let because = words(settings, args.because.as_deref());
    answer_gate(settings, args, (PersonAnswer::Approved, because))
}

pub fn reject(settings: &Settings, args: &AnswerArgs) -> Result<Exit, Failure> {
    let reason = words(settings, args.because.as_deref());
    let said = (PersonAnswer::Rejected { reason }, String::new());
    answer_gate(settings, args, said)
}

/// Answers the gate that waits: that of the phase that was named, or the only one. To let a phase begin that asks
/// about commands is to run them.
fn answer_gate(
    settings: &Settings,
    args: &AnswerArgs,
    (answer, because): (PersonAnswer, String),
) -> Result<Exit, Failure> {
    let run = look(settings, &args.run)?;
    let wanted = args.phase.as_deref();
    let state = RunState::of(&run.records);
    let names = run.plan.phases.iter().map(|phase| &phase.name);
    let mut waiting = names
        .filter(|name| wanted.is_none_or(|wanted| wanted == name.as_str()))
        .filter_map(|name| match state.phase(name)?.asked.as_ref()? {
            Question::Approve { .. } => Some((name.clone(), answer.clone())),
            Question::RunCommands { commands } => {
                let runs = answer == PersonAnswer::Approved;
                Some((name.clone(), commands_answer(commands, runs, None)))
            }
            Question::PickWinner { .. } => None,
        });
    let (phase, answer) = waiting.next().ok_or_else(|| {
        let message = match wanted {
            Some(name) => format!("phase `{name}` does not wait for an approval"),
            None => format!("no phase of run {} waits for an approval", run.folder.id()),
        };
        wrong(&run, &message)
    })?;
    let said = PhaseEvent::PersonAnswered { answer, because }.of(phase);
    go_on_with(settings, run, &args.output, said)
}

pub fn pick(settings: &Settings, args: &PickArgs) -> Result<Exit, Failure> {
    let run = look(settings, &args.run)?;
    let phase = PhaseName::from(args.phase.as_str());
    let state = RunState::of(&run.records);
    let waiting = state
        .phase(&phase)
        .filter(|waiting| matches!(waiting.asked, Some(Question::PickWinner { .. })))
        .ok_or_else(|| wrong(&run, &format!("phase `{phase}` does not wait for a pick")))?;
    let (answer, because) = if args.label.as_str() == NONE {
        let because = words(settings, args.because.as_deref());
        if because.is_empty() {
            let message = "`none` needs `--because TEXT`, for those who propose again";
            return Err(wrong(&run, message));
        }
        if !waiting.may_be_sent_back() {
            let message = format!(
                "the proposers of `{phase}` were sent back {} times already",
                waiting.sent_back
            );
            return Err(wrong(&run, &message));
        }
        (PersonAnswer::SentBack, because)
    } else {
        let labels = waiting.sealed().unwrap_or_default().iter();
        let known: Vec<&str> = labels.map(|(label, _)| label.as_str()).collect();
        if !known.contains(&args.label.as_str()) {
            let message = format!(
                "there is no proposal `{}`; the proposals are {}",
                args.label,
                known.join(", ")
            );
            return Err(wrong(&run, &message));
        }
        (PersonAnswer::Picked(args.label.clone()), String::new())
    };
    let said = PhaseEvent::PersonAnswered { answer, because }.of(phase);
    go_on_with(settings, run, &args.output, said)
}

fn wrong(run: &OpenRun, message: &str) -> Failure {
    let hint = format!(
        "`tipstaff show {}` shows what the run waits for",
        run.folder.id()
    );
    Failure::said(Exit::Usage, message, Some(&hint))
}

/// Words that prompts and the journal keep.
fn words(settings: &Settings, because: Option<&str>) -> String {
    let words = because.unwrap_or_default().trim().to_owned();
    settings.redactor(None, None).redact(&words).into_owned()
}
