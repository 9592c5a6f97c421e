//! What there is of a run, in a few lines: documents, tasks, changes, tests.

use crate::model::{Bytes, Closing, VerifyOutcome};
use crate::run::Verified;

use super::sections_work::delivery_state;
use super::show::Shown;
use super::view::RunView;
use super::view_task::TaskState;
use super::viewer::MARGIN;
use super::words::{clean, counted, title};
use super::words_work::{task_word, verify_words};

/// Where the documents of the phases are; of a run that writes none, its last result.
pub(super) fn documents(shown: &Shown<'_>) -> Vec<String> {
    let (view, viewer) = (shown.view, shown.viewer);
    let closings = || view.phases().filter_map(|phase| phase.state.closing());
    let mut left: Vec<_> = closings().filter(|one| one.document.is_some()).collect();
    if left.is_empty() {
        left.extend(closings().last());
    }
    let line = |closing: &&Closing| {
        let whole = viewer.place(&view.document(closing, shown.folder));
        let is_wide = console::measure_text_width(&whole) + MARGIN > viewer.width;
        // The folder has a line of its own.
        let within = whole.strip_prefix(&*viewer.place(shown.folder));
        let place = match within.filter(|_| is_wide) {
            Some(rest) => format!("…{rest}"),
            None => whole,
        };
        let was = match (view.published(closing), &closing.previous) {
            (Some(_), None) => ", new",
            (Some(_), Some(_)) => ", replaces what was there",
            (None, _) => "",
        };
        let size = format!("   {}{was}", Bytes(closing.deliverable.bytes));
        let taken = console::measure_text_width(&(place.clone() + &size)) + MARGIN;
        match taken <= viewer.width {
            true => place + &size,
            false => place,
        }
    };
    left.iter().map(line).collect()
}

/// How many are done, and each that is not.
pub(super) fn tasks(view: &RunView) -> Vec<String> {
    let mut lines = Vec::new();
    for phase in view.phases() {
        let tasks = view.tasks(phase);
        let done = tasks
            .iter()
            .filter(|task| task.state == TaskState::Done)
            .count();
        if !tasks.is_empty() {
            lines.push(format!("{done} of {} done", tasks.len()));
        }
        for task in tasks.iter().filter(|task| task.state != TaskState::Done) {
            let (id, name) = (clean(&task.task.id), title(&task.task.title));
            lines.push(format!("{id} {name}: {}", task_word(task.state)));
        }
    }
    lines
}

/// Where the changes are and how many lines they have; what needs a look.
pub(super) fn changes(shown: &Shown<'_>) -> Vec<String> {
    let view = shown.view;
    let files = view.changed_files();
    let (added, removed) = files.iter().filter_map(|file| file.lines).fold(
        (0_u64, 0_u64),
        |(added, removed), (more, fewer)| {
            (added.saturating_add(more), removed.saturating_add(fewer))
        },
    );
    let state = delivery_state(view);
    let mut lines = Vec::new();
    for (index, line) in state.lines().enumerate() {
        let line = match (index, files.len()) {
            (0, all @ 1..) => {
                let all = counted(all as u64, "file");
                format!("{all} +{added} -{removed}: {}", line.trim())
            }
            _ => line.trim().to_owned(),
        };
        lines.extend(shown.viewer.prose(&line, 3));
    }
    lines
}

/// Which changes a person has to look at: those that were held back, and those that act later by themselves.
pub(super) fn risky(shown: &Shown<'_>) -> Vec<String> {
    let view = shown.view;
    let held = view.state.held.iter();
    let held: Vec<String> = held.map(|held| clean(&held.path)).collect();
    let paths = view.changed_paths();
    let acting = view.acting(&paths).into_iter().map(|(acts, files)| {
        let files = files.iter().map(|(path, _)| clean(path));
        (acts.heading(), files.collect::<Vec<_>>())
    });
    let all = [("held back", held)].into_iter().chain(acting);
    let all = all.filter(|(_, files)| !files.is_empty());
    all.flat_map(|(what, files)| {
        shown
            .viewer
            .prose(&format!("{what}: {}", files.join(", ")), 2)
    })
    .collect()
}

/// The latest result of each command.
pub(super) fn tests(shown: &Shown<'_>) -> Vec<String> {
    let mut latest: Vec<&Verified> = Vec::new();
    for one in shown.view.state.proved() {
        latest.retain(|known| known.verification.command != one.verification.command);
        latest.push(one);
    }
    let mut lines = Vec::new();
    for one in latest {
        let (command, says) = (
            title(&one.verification.command),
            verify_words(&one.verification),
        );
        lines.push(format!("{command}   {says} in {}", one.verification.wall));
        let output = format!("{}/{}", shown.folder, clean(&one.verification.output.path));
        let output = format!("  {}", shown.viewer.place(&output));
        let fits = shown.viewer.fit(MARGIN, &output) == output;
        if one.verification.outcome != VerifyOutcome::Passed && fits {
            lines.push(output);
        }
    }
    lines
}
