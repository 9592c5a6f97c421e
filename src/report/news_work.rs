//! The wording of what happens to tasks, to changes and to the commands that prove them.

use crate::model::{
    Destination, Event, Failure, PhaseName, Record, TaskId, Verification, VerifyOutcome,
};

use super::fold::RunView;
use super::news::{News, Tone, because, failed};
use super::view_task::TaskState;
use super::words::{clean, counted, title};
use super::words_work::exit_words;

/// A record about the work itself in words, if it is worth a line.
pub(super) fn news_of_work(view: &RunView, record: &Record) -> Option<News> {
    match &record.event {
        Event::VerifyStarted {
            phase,
            task,
            command,
            ..
        } => {
            let scope = scope(view, phase, task.as_ref());
            let text = format!("running `{}`", clean(command));
            Some(News::new(scope, Tone::Calm, text).passing())
        }
        Event::Verified {
            phase,
            task,
            tree,
            verification,
        } => Some(verified(
            scope(view, phase, task.as_ref()),
            Some(tree) == view.base.as_ref(),
            verification,
        )),
        Event::TaskDone { phase, task, .. } => Some(News::new(
            scope(view, phase, Some(task)),
            Tone::Good,
            format!("task done{}", progress(view, phase)),
        )),
        Event::TaskFailed {
            phase,
            task,
            failure,
        } => Some(task_failed(view, phase, task, failure)),
        Event::LoopedBack { from, to, round } => Some(looped_back(view, from, to, *round)),
        Event::ChangesApplied {
            to, files, held, ..
        } => {
            let tone = if held.is_empty() {
                Tone::Good
            } else {
                Tone::Odd
            };
            let text = applied_words(to, *files, held.len() as u64);
            let notes = held.iter().map(|held| {
                let (path, reason) = (clean(&held.path), clean(&held.reason));
                format!("held back: {path}: {reason}")
            });
            let news = News::new(Vec::new(), tone, text);
            Some(notes.fold(news, News::note))
        }
        Event::ChangesKept { reason, .. } => Some(
            News::new(
                Vec::new(),
                Tone::Odd,
                format!("the changes were not applied{}", because(reason)),
            )
            .note(format!("the run keeps the changes; {}", view.of_project())),
        ),
        Event::ChangesUndone { .. } => {
            let text = "undone: the run's changes are out of your project";
            Some(News::new(Vec::new(), Tone::Good, text))
        }
        Event::RunStarted { .. }
        | Event::RunResumed { .. }
        | Event::PhaseStarted { .. }
        | Event::CallCreated { .. }
        | Event::CallReused { .. }
        | Event::AttemptStarted { .. }
        | Event::AttemptSpawned { .. }
        | Event::AttemptProgressed { .. }
        | Event::AttemptSucceeded { .. }
        | Event::AttemptFailed { .. }
        | Event::RetryScheduled { .. }
        | Event::CallFailed { .. }
        | Event::QuorumReached { .. }
        | Event::ProposalsSealed { .. }
        | Event::WinnerChosen { .. }
        | Event::PhaseClosed { .. }
        | Event::PhaseSkipped { .. }
        | Event::PhaseFailed { .. }
        | Event::PersonAsked { .. }
        | Event::PersonAnswered { .. }
        | Event::LimitReached { .. }
        | Event::DocumentEdited { .. }
        | Event::RoundsAdded { .. }
        | Event::ModelReplaced { .. }
        | Event::LimitsRaised { .. }
        | Event::RunInterrupted { .. }
        | Event::RunEnded { .. } => None,
    }
}

/// What was taken back, as a sentence without its end.
pub fn undone_words(files: u64) -> String {
    format!(
        "undone: the run's changes are out of {}",
        counted(files, "file")
    )
}

/// Where the changes are, as a sentence without its end.
pub fn applied_words(to: &Destination, files: u64, held: u64) -> String {
    let files = match files {
        0 => "no changed file".to_owned(),
        files => counted(files, "changed file"),
    };
    let held = match held {
        0 => String::new(),
        held => format!("; {} held back", counted(held, "change")),
    };
    let there = match to {
        Destination::Tree => format!("{files} in your project, not committed"),
        Destination::Branch(name) => format!("{files} on the branch {}", clean(name)),
        Destination::Nowhere => format!("{files} kept by the run"),
    };
    there + &held
}

fn scope(view: &RunView, phase: &PhaseName, task: Option<&TaskId>) -> Vec<String> {
    let mut scope = vec![clean(phase.as_str())];
    scope.extend(task.map(|task| title(&view.task_name(phase, task))));
    scope
}

fn verified(scope: Vec<String>, untouched: bool, verification: &Verification) -> News {
    let command = clean(&verification.command);
    let (wall, exit) = (verification.wall, exit_words(verification.exit));
    let (tone, text) = match verification.outcome {
        VerifyOutcome::Passed => (Tone::Good, format!("`{command}` passed in {wall}")),
        VerifyOutcome::Failed => (
            Tone::Odd,
            format!("`{command}` failed after {wall} ({exit})"),
        ),
        VerifyOutcome::AlreadyFailing => (
            Tone::Calm,
            format!("`{command}` fails ({exit}), as it did before the changes"),
        ),
        VerifyOutcome::TimedOut => (Tone::Odd, format!("`{command}` did not end in {wall}")),
        VerifyOutcome::TooMuchOutput => (
            Tone::Odd,
            format!("`{command}` printed too much and was ended after {wall}"),
        ),
    };
    let on = if untouched {
        ", on the untouched project"
    } else {
        ""
    };
    let news = News::new(scope, tone, format!("{text}{on}"));
    match verification.outcome {
        VerifyOutcome::Passed => news,
        VerifyOutcome::Failed
        | VerifyOutcome::AlreadyFailing
        | VerifyOutcome::TimedOut
        | VerifyOutcome::TooMuchOutput => news.note(format!(
            "its output is in the run folder: {}",
            clean(&verification.output.path)
        )),
    }
}

fn task_failed(view: &RunView, phase: &PhaseName, task: &TaskId, failure: &Failure) -> News {
    let scope = scope(view, phase, Some(task));
    match view.is_said_of_a_call(phase, failure) {
        // The call's own line stands above.
        true => News::new(scope, Tone::Bad, "task given up"),
        false => failed(scope, "task given up", failure),
    }
}

/// ` (2 of 3)`, if the list of tasks is known.
fn progress(view: &RunView, phase: &PhaseName) -> String {
    let tasks = view.phase(phase).map(|phase| view.tasks(phase));
    match tasks {
        Some(tasks) if !tasks.is_empty() => {
            let done = tasks.iter().filter(|task| task.state == TaskState::Done);
            format!(" ({} of {})", done.count(), tasks.len())
        }
        Some(_) | None => String::new(),
    }
}

fn looped_back(view: &RunView, from: &PhaseName, to: &PhaseName, round: u32) -> News {
    let max = view.phase(from).and_then(|phase| phase.max_loops);
    let of = max.map_or_else(String::new, |max| format!(" of at most {max}"));
    News::new(
        vec![clean(from.as_str())],
        Tone::Odd,
        format!(
            "not good enough: back to {} with what was found (loop {round}{of})",
            clean(to.as_str())
        ),
    )
}
