//! The parts of summary and `show` that are about the work: tasks, changed files, where the changes
//! stand, and what tipstaff ran to prove them. Each ends with a line feed or is empty.

use crate::model::{Destination, RefusedChange, VerifyOutcome};
use crate::run::{CallState, Verified};

use super::log_line::because;
use super::news_work::applied_words;
use super::sections::section;
use super::table::{Align, Table};
use super::view::{PhaseView, RunView};
use super::view_task::TaskView;
use super::view_work::{FileSum, Standing};
use super::words::{NOTHING, clean, title};
use super::words_work::{change_word, changes_words, lines_words, task_word, verify_words};

/// All of them; `folder` is the run's, as the user would type it.
pub(super) fn work(view: &RunView, folder: &str) -> String {
    let mut text = section("changes", &standing(view));
    text.push_str(&section("changed files", &changed_files(view)));
    text.push_str(&section("held back", &held(view)));
    let paths = view.changed_paths();
    for (acts, files) in view.acting(&paths) {
        let line = |(path, why): &(&str, &str)| format!("  {}: {why}\n", clean(path));
        text.push_str(&section(
            acts.heading(),
            &files.iter().map(line).collect::<String>(),
        ));
    }
    text.push_str(&section("not taken over", &refused(view)));
    for phase in view.phases() {
        let heading = format!("tasks of {}", clean(phase.name().as_str()));
        text.push_str(&section(&heading, &tasks(view, phase)));
    }
    text.push_str(&section("verified", &verified(view, folder)));
    text
}

/// One sentence, and the files that did not merge; nothing if no phase may change anything.
fn standing(view: &RunView) -> String {
    let text = match view.standing() {
        Standing::Nothing if view.phases().any(|phase| phase.plan.edits) => "none".to_owned(),
        Standing::Nothing => return String::new(),
        Standing::Pending => format!("kept by the run; {}", view.of_project()),
        Standing::Partly { files } => format!(
            "{}; the rest is kept by the run",
            applied_words(&Destination::Tree, files, view.state.held.len() as u64)
        ),
        Standing::Applied { to, files } => applied_words(&to, files, view.state.held.len() as u64),
        Standing::Kept { reason } | Standing::Blocked { reason } => {
            format!("kept by the run, {}{}", view.of_project(), because(&reason))
        }
    };
    let unmerged = [
        ("not merged, as it was", &view.state.unmerged.left),
        ("got conflict markers", &view.state.unmerged.marked),
    ];
    let lines = unmerged.into_iter().flat_map(|(what, paths)| {
        paths
            .iter()
            .map(move |path| format!("  {what}: {}\n", clean(path)))
    });
    [format!("  {text}\n")].into_iter().chain(lines).collect()
}

fn changed_files(view: &RunView) -> String {
    let files = view.changed_files();
    let mut table = Table::new(&[
        ("file", Align::Left),
        ("what", Align::Left),
        ("lines", Align::Right),
        ("by", Align::Left),
    ])
    .indent(2);
    for file in &files {
        table.row([
            path(file),
            change_word(file.kind).to_owned(),
            lines_words(file.lines),
            authors(&file.by),
        ]);
    }
    match files.is_empty() {
        true => String::new(),
        false => table.to_string(),
    }
}

fn path(file: &FileSum<'_>) -> String {
    let path = clean(&file.path);
    match &file.from {
        Some(from) => format!("{path} (was {})", clean(from)),
        None => path,
    }
}

/// The tasks, or phases, whose calls touched a file; each once.
fn authors(calls: &[&CallState]) -> String {
    let mut names: Vec<String> = Vec::new();
    for call in calls {
        let name = match &call.spec.task {
            Some(task) => clean(task.id.as_str()),
            None => clean(call.spec.phase.as_str()),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}

/// What stays in the run until somebody accepts it, and why.
fn held(view: &RunView) -> String {
    let lines = view.state.held.iter().map(|held| {
        let (path, reason) = (clean(&held.path), clean(&held.reason));
        format!("  {path}: {reason}\n")
    });
    lines.collect()
}

/// Edits that were not taken over, and why.
fn refused(view: &RunView) -> String {
    let of_call = |call: &CallState| -> Vec<RefusedChange> {
        let changes = call.result().and_then(|result| result.changes.as_ref());
        changes
            .map(|changes| changes.refused.clone())
            .unwrap_or_default()
    };
    let mut text = String::new();
    for call in view.state.calls() {
        for change in of_call(call) {
            text.push_str(&format!(
                "  {}, by {}: {}\n",
                clean(&change.path),
                clean(call.spec.id.as_str()),
                clean(&change.reason)
            ));
        }
    }
    text
}

fn tasks(view: &RunView, phase: PhaseView<'_>) -> String {
    let mut table = Table::new(&[
        ("id", Align::Left),
        ("title", Align::Left),
        ("category", Align::Left),
        ("model", Align::Left),
        ("state", Align::Left),
        ("files", Align::Left),
        ("verify", Align::Left),
    ])
    .indent(2);
    let tasks = view.tasks(phase);
    for task in &tasks {
        table.row(task_row(view, task));
    }
    match tasks.is_empty() {
        true => String::new(),
        false => table.to_string(),
    }
}

fn task_row(view: &RunView, task: &TaskView<'_>) -> [String; 7] {
    let nothing = || NOTHING.to_owned();
    let model = task.call.and_then(|call| view.model_of(&call.spec.id));
    let files = match task.files.is_empty() {
        true => nothing(),
        false => changes_words(task.files.iter().copied()),
    };
    [
        clean(task.task.id.as_str()),
        title(&task.task.title),
        clean(&task.task.category),
        model.map_or_else(nothing, |model| clean(model.as_str())),
        task_word(task.state).to_owned(),
        files,
        task.verified
            .map_or_else(nothing, |one| verify_words(&one.verification)),
    ]
}

/// The latest result of each command, and how often it ran; of one that did not pass, where the end
/// of its output is.
fn verified(view: &RunView, folder: &str) -> String {
    let mut table = Table::new(&[
        ("phase", Align::Left),
        ("task", Align::Left),
        ("command", Align::Left),
        ("result", Align::Left),
        ("time", Align::Right),
        ("runs", Align::Right),
        ("output", Align::Left),
    ])
    .indent(2);
    for phase in view.phases() {
        let all: Vec<&Verified> = view.verified(phase).collect();
        for (index, first) in all.iter().enumerate() {
            let is_same = |other: &&&Verified| {
                other.task == first.task && other.verification.command == first.verification.command
            };
            if all.iter().take(index).any(|one| is_same(&one)) {
                continue;
            }
            let runs: Vec<&&Verified> = all.iter().filter(is_same).collect();
            let one = runs.last().copied().unwrap_or(first);
            let output = match one.verification.outcome {
                VerifyOutcome::Passed => NOTHING.to_owned(),
                VerifyOutcome::Failed
                | VerifyOutcome::AlreadyFailing
                | VerifyOutcome::TimedOut
                | VerifyOutcome::TooMuchOutput => {
                    format!("{folder}/{}", clean(&one.verification.output.path))
                }
            };
            table.row([
                clean(phase.name().as_str()),
                one.task
                    .as_ref()
                    .map_or_else(|| NOTHING.to_owned(), |task| clean(task.as_str())),
                title(&one.verification.command),
                verify_words(&one.verification),
                one.verification.wall.to_string(),
                runs.len().to_string(),
                output,
            ]);
        }
    }
    match table.is_empty() {
        true => String::new(),
        false => table.to_string(),
    }
}
