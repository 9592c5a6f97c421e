//! The parts of summary and `show` that are about the work: tasks, changed files, where the changes
//! are, and what tipstaff ran to verify them. Each ends with a line feed or is empty.

use crate::model::{Destination, VerifyOutcome};
use crate::run::{CallState, Verified};

use super::log_line::because;
use super::log_lines_of_work::{applied_words, place_words};
use super::sections::section;
use super::table::Table;
use super::view::{PhaseView, RunView};
use super::view_task::TaskView;
use super::view_work::{DeliveryState, FileSum};
use super::viewer::Viewer;
use super::words::{clean, or_nothing, title, word};
use super::words_work::{changes_words, lines_words, task_word, verify_words};

/// Changed files that people are shown; programs get all.
const FILES_SHOWN: usize = 50;

/// All of them; `folder` is the run's, relative to the project.
pub(super) fn work(view: &RunView, folder: &str, viewer: &Viewer) -> String {
    let mut text = section("changes", &delivery_state(view));
    text.push_str(&section("changed files", &changed_files(view, viewer)));
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
        let heading = format!("tasks of {}", clean(phase.name()));
        text.push_str(&section(&heading, &tasks(view, phase, viewer.width)));
    }
    text.push_str(&section("verified", &verified(view, folder, viewer)));
    text
}

/// One sentence, and the files that did not merge; nothing of a run that writes documents alone, which are
/// listed with their places.
pub(super) fn delivery_state(view: &RunView) -> String {
    let text = match view.delivery_state() {
        DeliveryState::Nothing
        | DeliveryState::Pending
        | DeliveryState::Kept { .. }
        | DeliveryState::Applied {
            to: Destination::Tree,
            ..
        } if !view.edits() && view.state.unmerged.is_empty() => return String::new(),
        DeliveryState::Nothing => "none".to_owned(),
        DeliveryState::Pending => format!("not applied; {}", view.of_project()),
        DeliveryState::Partly { files } => format!(
            "{}; the rest is not applied",
            applied_words(&Destination::Tree, files, view.state.held.len() as u64)
        ),
        DeliveryState::Applied { to, files: 0 } => {
            applied_words(&to, 0, view.state.held.len() as u64)
        }
        DeliveryState::Applied { to, .. } => place_words(&to, view.state.held.len() as u64),
        DeliveryState::Kept { reason } | DeliveryState::Blocked { reason } => {
            format!("not applied, {}{}", view.of_project(), because(&reason))
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

fn changed_files(view: &RunView, viewer: &Viewer) -> String {
    let mut table = Table::new(2, &["file", "what", ">lines", "by"]);
    let files = view.changed_files();
    for file in files.iter().take(FILES_SHOWN) {
        table.row([
            path(file),
            word(file.kind).to_owned(),
            lines_words(file.lines),
            authors(&file.by),
        ]);
    }
    let mut text = table.within(viewer.width).to_string();
    if let Some(more) = files
        .len()
        .checked_sub(FILES_SHOWN)
        .filter(|more| *more > 0)
    {
        let show = viewer.command("show");
        text.push_str(&format!(
            "  and {more} more; `{show} --json` has them all\n"
        ));
    }
    text
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
            Some(task) => clean(&task.id),
            None => clean(&call.spec.phase),
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
    let mut text = String::new();
    for call in view.state.calls() {
        let changes = call.result().and_then(|result| result.changes.as_ref());
        for change in changes.iter().flat_map(|changes| &changes.refused) {
            text.push_str(&format!(
                "  {}, by {}: {}\n",
                clean(&change.path),
                clean(&call.spec.id),
                clean(&change.reason)
            ));
        }
    }
    text
}

pub(super) fn tasks(view: &RunView, phase: PhaseView<'_>, width: usize) -> String {
    let mut table = Table::new(
        2,
        &[
            "id", "title", "category", "model", "state", "files", "verify",
        ],
    );
    for task in &view.tasks(phase) {
        table.row(task_row(view, task));
    }
    table.within(width).to_string()
}

fn task_row(view: &RunView, task: &TaskView<'_>) -> [String; 7] {
    let files = (!task.files.is_empty()).then(|| changes_words(task.files.iter().copied()));
    let verified = task.verified.map(|one| verify_words(&one.verification));
    [
        clean(&task.task.id),
        title(&task.task.title),
        clean(&task.task.category),
        or_nothing(task.call.map(|call| view.model_words(&call.spec.id))),
        task_word(task.state).to_owned(),
        or_nothing(files),
        or_nothing(verified),
    ]
}

/// The latest result of each command, and how often it ran; of one that did not pass, where the end
/// of its output is.
fn verified(view: &RunView, folder: &str, viewer: &Viewer) -> String {
    let command = |one: &Verified| {
        let command = one.verification.command.clone();
        (one.phase.clone(), one.task.clone(), command)
    };
    let mut latest: Vec<(&Verified, u64)> = Vec::new();
    for one in &view.state.verified {
        match latest
            .iter_mut()
            .find(|(known, _)| command(known) == command(one))
        {
            Some((known, runs)) => (*known, *runs) = (one, *runs + 1),
            None => latest.push((one, 1)),
        }
    }
    let mut table = Table::new(
        2,
        &[
            "phase", "task", "command", "result", ">time", ">runs", "output",
        ],
    );
    for (one, runs) in latest {
        let its = &one.verification;
        let output = (its.outcome != VerifyOutcome::Passed)
            .then(|| viewer.place(&format!("{folder}/{}", its.output.path)));
        table.row([
            clean(&one.phase),
            or_nothing(one.task.as_ref().map(clean)),
            title(&its.command),
            verify_words(its),
            its.wall.to_string(),
            runs.to_string(),
            or_nothing(output),
        ]);
    }
    table.within(viewer.width).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ChangeKind, ChangedFile};
    use crate::report::sample_build;
    use crate::run::{CallEvent, Event};

    #[test]
    fn long_lists_of_changed_files_are_cut_with_their_number() {
        let mut history = sample_build::build();
        let file = |number: u32| ChangedFile {
            path: format!("src/{number}.js"),
            kind: ChangeKind::Added,
            from: None,
            lines: Some((1, 0)),
        };
        for record in &mut history.records {
            if let Event::Call {
                event: CallEvent::AttemptSucceeded { result, .. },
                ..
            } = &mut record.event
                && let Some(changes) = &mut std::sync::Arc::make_mut(result).changes
                && !changes.files.is_empty()
            {
                changes.files = (0..120).map(file).collect();
            }
        }
        let view = RunView::replay(&history.plan, &history.records);
        let text = changed_files(&view, &Viewer::anywhere(&view));
        assert_eq!(text.lines().count(), 1 + FILES_SHOWN + 1, "{text}");
        assert!(text.contains("  and 70 more; `tipstaff show "), "{text}");
    }
}
