//! What the work changed: which calls' changes are in the run's tree, which files they touch
//! together, where the changes are, and what tipstaff ran to see whether they are good.

use std::collections::BTreeMap;

use crate::model::{ChangeKind, ChangedFile, Changes, Closing, Destination, Purpose};

use crate::risk::{Listed, listed};
use crate::run::{CallState, Delivery, Verified};

use super::view::{PhaseView, RunView};
use super::words::clean;

/// Where the run's changes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryState {
    Nothing,
    /// In the run's own tree only, so far.
    Pending,
    /// Some of them are in the user's project; all are in the run's own tree.
    Partly {
        /// How many files of the project are not as they were before the run.
        files: u64,
    },
    /// In the user's project, or on a branch.
    Applied {
        to: Destination,
        files: u64,
    },
    /// In the run's own tree, where they were to be kept.
    Kept {
        reason: String,
    },
    /// In the run's own tree: they were to be applied and could not be.
    Blocked {
        reason: String,
    },
}

/// What became of a file over the whole run.
#[derive(Debug, Clone, PartialEq)]
pub struct FileSum<'a> {
    /// Its path now (of a deleted file: where it was), relative to the project.
    pub path: String,
    /// What happened to it, from the beginning to the end of the run.
    pub kind: ChangeKind,
    /// Where it was before, if it was renamed.
    pub from: Option<String>,
    /// Lines added and removed, summed over the calls where the difference is not known; none for a binary file.
    pub lines: Option<(u64, u64)>,
    /// The calls that touched it, oldest first.
    pub by: Vec<&'a CallState>,
}

impl RunView {
    /// Where the run's results are.
    pub fn delivery_state(&self) -> DeliveryState {
        let (state, there) = (&self.state, self.state.in_project());
        match state.delivered() {
            Some(Delivery::Applied { to, files }) => DeliveryState::Applied {
                to: to.clone(),
                files: *files,
            },
            Some(Delivery::Kept(reason)) => DeliveryState::Kept {
                reason: reason.clone(),
            },
            Some(Delivery::Blocked(reason) | Delivery::Failed(reason)) => DeliveryState::Blocked {
                reason: reason.clone(),
            },
            None if state.results() == *there => DeliveryState::Nothing,
            None if &there.tree == state.base() => DeliveryState::Pending,
            None => DeliveryState::Partly {
                files: state.files_in_project(),
            },
        }
    }

    /// Where a phase's document is in the user's project, if it is there.
    pub fn published<'a>(&self, closing: &'a Closing) -> Option<&'a str> {
        let document = closing.document.as_ref()?;
        let there = self.state.in_project().documents.get(&document.path);
        (there == Some(&document.object)).then_some(document.path.as_str())
    }

    /// Where its document is: in the project, else in the run's folder.
    pub(super) fn document(&self, closing: &Closing, folder: &str) -> String {
        let kept = || format!("{folder}/{}", closing.deliverable.path);
        self.published(closing).map_or_else(kept, clean)
    }

    /// Whether it may change files, and not only write documents.
    pub(super) fn edits(&self) -> bool {
        self.phases().any(|phase| phase.plan.edits)
    }

    /// What it has to deliver, in a word.
    pub(super) fn results_word(&self) -> &'static str {
        if self.edits() { "changes" } else { "documents" }
    }

    /// What is true of the user's project as long as the changes are kept by the run.
    pub(super) fn of_project(&self) -> &'static str {
        let unmerged = &self.state.unmerged;
        match self.state.in_project().documents.is_empty() {
            _ if !unmerged.marked.is_empty() => "only conflict markers are in your project",
            _ if !unmerged.left.is_empty() => "nothing of it is in your project",
            true => "your project is untouched",
            false => "only documents are in your project",
        }
    }

    /// The calls whose changes are in the run's tree, oldest first: the way back from the tree as it
    /// is, from result to start. Tries that were thrown away are not on it. Edits are serial, so one
    /// pass over the calls finds it.
    pub fn contributions(&self) -> Vec<(&CallState, &Changes)> {
        let mut tree = self.state.tree();
        let mut found = Vec::new();
        for call in self.state.calls().rev() {
            let Some(changes) = call.result().and_then(|result| result.changes.as_ref()) else {
                continue;
            };
            // Of candidates with the same files it is the winner whose work that is.
            let phase = self.state.phase(&call.spec.phase);
            let lost = call.spec.purpose == Purpose::Propose
                && phase.is_some_and(|phase| !phase.has_won(&call.spec.id));
            if &changes.tree == tree && changes.base != changes.tree && !lost {
                tree = &changes.base;
                found.push((call, changes));
            }
        }
        found.reverse();
        found
    }

    /// The paths of its changed files and of its documents, each once.
    pub(super) fn changed_paths(&self) -> Vec<String> {
        let files = self.changed_files().into_iter();
        let from = |file: FileSum<'_>| [Some(file.path), file.from].into_iter().flatten();
        let mut paths: Vec<String> = files.flat_map(from).collect();
        paths.extend(self.state.results().documents.into_keys());
        paths.sort();
        paths.dedup();
        paths
    }

    /// Those changed files that act later and are not held back, by how they act, with the reason.
    pub(super) fn acting<'a>(&self, paths: &'a [String]) -> Listed<'a> {
        let held = &self.state.held;
        let is_held = |path: &str| held.iter().any(|held| held.path == path);
        let paths = paths.iter().map(String::as_str);
        listed(paths.filter(|path| !is_held(path)))
    }

    /// The commands that were run to see whether a phase's changes are good, oldest first.
    pub fn verified<'a>(&'a self, phase: PhaseView<'a>) -> impl Iterator<Item = &'a Verified> {
        let all = self.state.verified.iter();
        all.filter(move |one| &one.phase == phase.name())
    }

    /// Whether calls changed files that others had changed, so that the counts of their lines do not add up.
    pub fn overlaps(&self) -> bool {
        self.changed_files().iter().any(|file| file.by.len() > 1)
    }

    /// The files that the run changed, by path.
    pub fn changed_files(&self) -> Vec<FileSum<'_>> {
        let mut files = BTreeMap::new();
        for (call, changes) in self.contributions() {
            for change in &changes.files {
                take_in(&mut files, change, call);
            }
        }
        let mut files: Vec<FileSum<'_>> = files.into_values().collect();
        for file in &mut files {
            file.lines = *self.net.get(&file.path).unwrap_or(&file.lines);
        }
        files
    }
}

/// Takes a call's change of a file into the sum of the earlier ones.
fn take_in<'a>(
    files: &mut BTreeMap<String, FileSum<'a>>,
    change: &ChangedFile,
    call: &'a CallState,
) {
    let stood = match (change.kind, &change.from) {
        (ChangeKind::Renamed, Some(from)) => from,
        _ => &change.path,
    };
    let before = files.remove(stood);
    let (kind, from) = match (before.as_ref().map(|sum| sum.kind), change.kind) {
        // What the run itself had made and takes away again is no change at all.
        (Some(ChangeKind::Added), ChangeKind::Deleted) => return,
        (Some(ChangeKind::Added), _) => (ChangeKind::Added, None),
        (Some(ChangeKind::Deleted), ChangeKind::Added) => (ChangeKind::Modified, None),
        (Some(ChangeKind::Renamed), ChangeKind::Modified | ChangeKind::Renamed) => (
            ChangeKind::Renamed,
            before.as_ref().and_then(|sum| sum.from.clone()),
        ),
        (_, kind) => (kind, change.from.clone()),
    };
    let gone = match (kind, &before) {
        (ChangeKind::Deleted, Some(sum)) => sum.from.clone(),
        _ => None,
    };
    let path = gone.unwrap_or_else(|| change.path.clone());
    let lines = match &before {
        None => change.lines,
        Some(sum) => sum.lines.zip(change.lines).map(|(earlier, now)| {
            (
                earlier.0.saturating_add(now.0),
                earlier.1.saturating_add(now.1),
            )
        }),
    };
    let mut by = before.map(|sum| sum.by).unwrap_or_default();
    by.push(call);
    let sum = FileSum {
        path: path.clone(),
        kind,
        from,
        lines,
        by,
    };
    files.insert(path, sum);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample_build;

    fn change(kind: ChangeKind, path: &str, from: Option<&str>) -> ChangedFile {
        ChangedFile {
            path: path.to_owned(),
            kind,
            from: from.map(str::to_owned),
            lines: Some((3, 1)),
        }
    }

    fn sum(changes: &[ChangedFile]) -> Vec<(ChangeKind, String, Option<String>)> {
        let history = sample_build::build();
        let view = RunView::replay(&history.plan, &history.records);
        let mut files = BTreeMap::new();
        for one in changes {
            take_in(
                &mut files,
                one,
                view.state.calls().next().expect("there are calls"),
            );
        }
        files
            .into_values()
            .map(|sum| (sum.kind, sum.path, sum.from))
            .collect()
    }

    #[test]
    fn what_was_made_and_taken_away_again_is_no_change() {
        use ChangeKind::{Added, Deleted, Modified};
        assert_eq!(
            sum(&[change(Added, "a", None), change(Deleted, "a", None)]),
            []
        );
        assert_eq!(
            sum(&[change(Deleted, "a", None), change(Added, "a", None)]),
            [(Modified, "a".to_owned(), None)]
        );
    }

    #[test]
    fn a_renamed_file_is_known_by_where_it_stood_in_the_beginning() {
        use ChangeKind::{Deleted, Modified, Renamed};
        let moves = [
            change(Modified, "a", None),
            change(Renamed, "b", Some("a")),
            change(Renamed, "c", Some("b")),
            change(Modified, "c", None),
        ];
        assert_eq!(
            sum(&moves),
            [(Renamed, "c".to_owned(), Some("a".to_owned()))]
        );
        let mut taken_away = moves.to_vec();
        taken_away.push(change(Deleted, "c", None));
        assert_eq!(sum(&taken_away), [(Deleted, "a".to_owned(), None)]);
    }

    #[test]
    fn lines_are_summed_and_a_try_that_was_thrown_away_counts_for_nothing() {
        let history = sample_build::build();
        let view = RunView::replay(&history.plan, &history.records);
        let files = view.changed_files();
        let limit = files.iter().find(|file| file.path == "src/limit.js");
        let limit = limit.expect("it was added");
        assert_eq!(limit.kind, ChangeKind::Added);
        assert_eq!(limit.lines, Some((45, 3)));
        let names: Vec<&str> = limit.by.iter().map(|call| call.spec.id.as_str()).collect();
        assert_eq!(names, ["execute.task-T1", "execute.task-T1@2"]);
        let until = history.until("looped_back") - 1;
        let lost = RunView::replay(&history.plan, &history.records[..history.tasks_done(2)]);
        assert!(until > history.tasks_done(3));
        let paths: Vec<String> = lost
            .changed_files()
            .into_iter()
            .map(|one| one.path)
            .collect();
        assert_eq!(paths, ["public/app.js", "src/limit.js", "src/server.js"]);
    }
}
