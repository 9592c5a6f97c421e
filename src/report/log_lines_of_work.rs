//! The wording of what happens to tasks, to changes and to the commands that verify them.

use crate::model::{
    Destination, Failure, HeldChange, PhaseName, TaskId, TreeId, Verification, VerifyOutcome,
};

use super::log_line::{LogLine, Tone, failed};
use super::view::RunView;
use super::view_task::TaskState;
use super::words::{clean, counted, title};
use super::words_work::exit_words;

/// A command is run to see whether the changes are good.
pub(super) fn verify_started(
    view: &RunView,
    phase: &PhaseName,
    task: Option<&TaskId>,
    command: &str,
) -> LogLine {
    let text = format!("running `{}`", clean(command));
    LogLine::new(scope(view, phase, task), Tone::Calm, text).passing()
}

/// A task's changes are part of the run's tree.
pub(super) fn task_done(view: &RunView, phase: &PhaseName, task: &TaskId) -> LogLine {
    let text = format!("task done{}", progress(view, phase));
    LogLine::new(scope(view, phase, Some(task)), Tone::Good, text)
}

/// What was taken back, as a sentence without its end.
pub fn undone_words(files: u64) -> String {
    let files = counted(files, "file");
    format!("undone: the run's changes are out of {files}")
}

/// Where the changes are, as a sentence without its end.
pub fn applied_words(to: &Destination, files: u64, held: u64) -> String {
    let files = match files {
        0 => "no changed file".to_owned(),
        files => counted(files, "changed file"),
    };
    format!("{files} {}", place_words(to, held))
}

/// Where changes are by now, and how many are not.
pub(super) fn place_words(to: &Destination, held: u64) -> String {
    let held = match held {
        0 => String::new(),
        held => format!("; {} held back", counted(held, "change")),
    };
    let there = match to {
        Destination::Tree => "in your project, not committed".to_owned(),
        Destination::Branch(name) => format!("on the branch {}", clean(name)),
        Destination::Commit { branch, .. } => {
            format!("in your project, committed on {}", clean(branch))
        }
        Destination::Nowhere => "kept by the run".to_owned(),
    };
    there + &held
}

/// Results are where they belong.
pub(super) fn applied(to: &Destination, files: u64, held: &[HeldChange]) -> LogLine {
    let tone = match held.is_empty() {
        true => Tone::Good,
        false => Tone::Odd,
    };
    let text = applied_words(to, files, held.len() as u64);
    let notes = held.iter().map(|held| {
        let (path, reason) = (clean(&held.path), clean(&held.reason));
        format!("held back: {path}: {reason}")
    });
    notes.fold(LogLine::new(Vec::new(), tone, text), LogLine::note)
}

fn scope(view: &RunView, phase: &PhaseName, task: Option<&TaskId>) -> Vec<String> {
    let mut scope = vec![clean(phase)];
    scope.extend(task.map(|task| title(&view.task_name(phase, task))));
    scope
}

pub(super) fn verified(
    view: &RunView,
    (phase, task): (&PhaseName, Option<&TaskId>),
    (tree, tests_of): (&TreeId, Option<&TreeId>),
    verification: &Verification,
) -> LogLine {
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
        VerifyOutcome::Flaky => (
            Tone::Odd,
            format!("`{command}` is flaky: it passed once and failed once, and counts for nobody"),
        ),
        VerifyOutcome::TimedOut => (Tone::Odd, format!("`{command}` did not end in {wall}")),
        VerifyOutcome::TooMuchOutput => (
            Tone::Odd,
            format!("`{command}` printed too much and was ended after {wall}"),
        ),
        VerifyOutcome::TooMuchUsed => (
            Tone::Odd,
            format!("`{command}` used more than it may and was ended after {wall}"),
        ),
    };
    let candidates = view.state.candidates(phase);
    let of = |tree: &TreeId| candidates.iter().find(|one| &one.changes.tree == tree);
    let with = tests_of.map(|tests_of| match of(tests_of) {
        Some(author) => format!(" with the tests of {}", author.label),
        None => " with the tests as they were".to_owned(),
    });
    let on = match of(tree).filter(|_| task.is_none()) {
        Some(candidate) => format!(
            ", on candidate {}{}",
            candidate.label,
            with.unwrap_or_default()
        ),
        None if !candidates.is_empty() || tree == view.state.base() => {
            ", without the changes".to_owned()
        }
        None => String::new(),
    };
    let log_line = LogLine::new(scope(view, phase, task), tone, format!("{text}{on}"));
    match verification.outcome == VerifyOutcome::Passed {
        true => log_line,
        false => log_line.note(format!(
            "its output is in the run folder: {}",
            clean(&verification.output.path)
        )),
    }
}

/// A task was given up.
pub(super) fn task_failed(
    view: &RunView,
    phase: &PhaseName,
    task: &TaskId,
    failure: &Failure,
) -> LogLine {
    let scope = scope(view, phase, Some(task));
    match view.is_said_of_a_call(phase, failure) {
        // The call's own line is above.
        true => LogLine::new(scope, Tone::Bad, "task given up"),
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

/// An audit sent the run back.
pub(super) fn looped_back(view: &RunView, from: &PhaseName, to: &PhaseName, round: u32) -> LogLine {
    let max = view.phase(from).and_then(|phase| view.max_loops(phase));
    let of = max.map_or_else(String::new, |max| format!(" of at most {max}"));
    LogLine::new(
        vec![clean(from)],
        Tone::Odd,
        format!(
            "not good enough: back to {} with what was found (loop {round}{of})",
            clean(to)
        ),
    )
}
