//! `tipstaff approve`, `tipstaff reject` and `tipstaff pick`: a person's answer to what a run asks.

use super::args::{AnswerArgs, PickArgs, RejectArgs};
use super::ask::commands_answer;
use super::failure::{Exit, Failure};
use super::open_run::{OpenRun, find_run, own, own_runs};
use super::resume::go_on_with;
use super::settings::Settings;
use super::typed::{command, name};
use crate::model::{PersonAnswer, Question, RunEnd};
use crate::run::{PhaseEvent, RunState};

/// In the place of a label; labels are single letters.
const NONE: &str = "NONE";

pub fn approve(settings: &Settings, args: &AnswerArgs) -> Result<Exit, Failure> {
    let because = words(settings, args.because.as_deref());
    answer_gate(settings, args, (PersonAnswer::Approved, because))
}

pub fn reject(settings: &Settings, args: &RejectArgs) -> Result<Exit, Failure> {
    let (args, again) = (&args.answer, args.again.as_deref());
    if again.is_some() {
        let because = words(settings, again);
        return answer_gate(settings, args, (PersonAnswer::Again, because));
    }
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
    let is_gate = |question: &Question| !matches!(question, Question::PickWinner { .. });
    let run = asking_run(settings, args.run.as_deref(), &is_gate)?;
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
        wrong(settings, &run, &message)
    })?;
    if answer == PersonAnswer::Again && because.is_empty() {
        return Err(wrong(
            settings,
            &run,
            "`--again` needs a comment, for those who do it again",
        ));
    }
    if answer == PersonAnswer::Again && !state.may_be_sent_back(&phase) {
        let message = match state.before_gate(&phase) {
            Some((name, _)) => format!("`{name}` was sent back often enough"),
            None => format!("nothing was done before `{phase}` that could be done again"),
        };
        return Err(wrong(settings, &run, &message));
    }
    let said = PhaseEvent::PersonAnswered { answer, because }.of(phase);
    go_on_with(settings, run, &args.output, said)
}

pub fn pick(settings: &Settings, args: &PickArgs) -> Result<Exit, Failure> {
    let is_pick = |question: &Question| matches!(question, Question::PickWinner { .. });
    let (wanted, phase, label) = args.parts();
    let run = asking_run(settings, wanted, &is_pick)?;
    let state = RunState::of(&run.records);
    let asked = state
        .open_question()
        .filter(|(_, question)| is_pick(question));
    let asked = asked.filter(|(name, _)| phase.is_none_or(|phase| phase == name.as_str()));
    let (phase, waiting) = asked
        .and_then(|(name, _)| Some((name.clone(), state.phase(name)?)))
        .ok_or_else(|| match phase {
            Some(phase) => wrong(
                settings,
                &run,
                &format!("phase `{phase}` does not wait for a pick"),
            ),
            None => wrong(settings, &run, "no phase of this run waits for a pick"),
        })?;
    let (answer, because) = if label.as_str() == NONE {
        let because = words(settings, args.because.as_deref());
        if because.is_empty() {
            let message = "`none` needs `--because TEXT`, for those who propose again";
            return Err(wrong(settings, &run, message));
        }
        if !waiting.may_be_sent_back() {
            let message = format!(
                "the proposers of `{phase}` were sent back {} times already",
                waiting.sent_back
            );
            return Err(wrong(settings, &run, &message));
        }
        (PersonAnswer::SentBack, because)
    } else {
        let labels = waiting.sealed().unwrap_or_default().iter();
        let known: Vec<&str> = labels.map(|(label, _)| label.as_str()).collect();
        if !known.contains(&label.as_str()) {
            let message = format!(
                "there is no proposal `{}`; the proposals are {}",
                label,
                known.join(", ")
            );
            return Err(wrong(settings, &run, &message));
        }
        (PersonAnswer::Picked(label), String::new())
    };
    let said = PhaseEvent::PersonAnswered { answer, because }.of(phase);
    go_on_with(settings, run, &args.output, said)
}

/// The run of this user that is answered, without taking it up: the one that is named, else the only one that asks
/// such a question.
fn asking_run(
    settings: &Settings,
    wanted: Option<&str>,
    is_meant: &dyn Fn(&Question) -> bool,
) -> Result<OpenRun, Failure> {
    if let Some(wanted) = wanted {
        let folder = find_run(settings, Some(wanted))?;
        own(settings, &folder)?;
        return OpenRun::read(folder);
    }
    let mut asking = Vec::new();
    for run in own_runs(settings, |end| matches!(end, None | Some(RunEnd::Waiting)))? {
        let run = OpenRun::read(run)?;
        let state = RunState::of(&run.records);
        if state
            .open_question()
            .is_some_and(|(_, question)| is_meant(question))
        {
            asking.push(run);
        }
    }
    if let [_, _, ..] = asking.as_slice() {
        let names = asking.iter().map(|run| name(settings, &run.folder));
        let names: Vec<String> = names.collect();
        let message = format!("several runs wait for this answer: {}", names.join(", "));
        return Err(Failure::said(
            Exit::Usage,
            &message,
            Some("name the one you mean"),
        ));
    }
    asking.pop().ok_or_else(|| {
        let hint = "`tipstaff runs` lists the runs of this project";
        Failure::said(Exit::Usage, "no run waits for this answer", Some(hint))
    })
}

fn wrong(settings: &Settings, run: &OpenRun, message: &str) -> Failure {
    let show = command(settings, "show", &run.folder);
    let hint = format!("`{show}` shows what the run waits for");
    Failure::said(Exit::Usage, message, Some(&hint))
}

/// Words that prompts and the journal keep.
fn words(settings: &Settings, because: Option<&str>) -> String {
    let words = because.unwrap_or_default().trim().to_owned();
    settings.redactor(None, None).redact(&words).into_owned()
}
