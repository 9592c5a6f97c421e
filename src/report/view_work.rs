//! What the work changed: which calls' changes are in the run's tree, which files they touch
//! together, where the changes stand, and what tipstaff ran to see whether they are good.

use std::collections::BTreeMap;

use crate::model::{
    ChangeKind, ChangedFile, Changes, Closing, Destination, Documents, PhaseName, Results, TaskId,
    Timestamp, Verification,
};

use super::fold::RunView;
use super::view::CallView;
use crate::risk::{Listed, listed};

/// A command that was run to see whether the changes are good.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// The task, if the command is a task's own.
    pub task: Option<TaskId>,
    /// The git tree it ran on.
    pub tree: String,
    /// In which round of its phase, from 1.
    pub round: u32,
    /// How it went.
    pub verification: Verification,
}

/// A command that is run now to see whether the changes are good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifying {
    /// The task, if the command is a task's own.
    pub task: Option<TaskId>,
    /// The command.
    pub command: String,
    /// Since when.
    pub since: Timestamp,
}

/// One time that an audit sent the run back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoopView {
    /// The phase that found something.
    pub from: PhaseName,
    /// The phase that mends it.
    pub to: PhaseName,
    /// Which time, from 1.
    pub round: u32,
    /// When.
    pub at: Timestamp,
}

/// Where the run's changes stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The run changed nothing so far.
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
        /// Where.
        to: Destination,
        /// How many files changed.
        files: u64,
    },
    /// In the run's own tree, where they were to be kept.
    Kept {
        /// Why.
        reason: String,
    },
    /// In the run's own tree: they were to be applied and could not be.
    Blocked {
        /// Why.
        reason: String,
    },
}

/// What became of a file over the whole run.
#[derive(Debug, Clone, PartialEq)]
pub struct FileSum<'a> {
    /// Its path now (of a deleted file: where it stood), relative to the project.
    pub path: String,
    /// What happened to it, from the beginning to the end of the run.
    pub kind: ChangeKind,
    /// Where it stood before, if it was renamed.
    pub from: Option<String>,
    /// Lines added and removed, summed over the calls; none for a binary file.
    pub lines: Option<(u64, u64)>,
    /// The calls that touched it, oldest first.
    pub by: Vec<&'a CallView>,
}

impl RunView {
    /// Where the run's results stand.
    pub fn standing(&self) -> Standing {
        let results = self.results();
        let (there, files) = &self.in_project;
        match &self.decided {
            Some((of, standing)) if *of == results => standing.clone(),
            _ if results == *there => Standing::Nothing,
            _ if there.tree == self.before().tree => Standing::Pending,
            _ => Standing::Partly { files: *files },
        }
    }

    /// Where a phase's document is in the user's project, if it is there.
    pub fn published<'a>(&self, closing: &'a Closing) -> Option<&'a str> {
        let document = closing.document.as_ref()?;
        let there = self.in_project.0.documents.get(&document.path);
        (there == Some(&document.object)).then_some(document.path.as_str())
    }

    pub(super) fn results(&self) -> Results {
        Results {
            tree: self.tree.clone().unwrap_or_default(),
            documents: self.documents.clone(),
        }
    }

    pub(super) fn before(&self) -> Results {
        Results {
            tree: self.base.clone().unwrap_or_default(),
            documents: Documents::new(),
        }
    }

    /// What is true of the user's project as long as the changes are kept by the run.
    pub(super) fn of_project(&self) -> &'static str {
        match self.in_project.0.documents.is_empty() {
            _ if !self.unmerged.marked.is_empty() => "only conflict markers are in your project",
            _ if !self.unmerged.left.is_empty() => "nothing of it is in your project",
            true => "your project is untouched",
            false => "only documents are in your project",
        }
    }

    /// The calls whose changes are in the run's tree, oldest first: the way back from the tree as it
    /// is, from result to start. Tries that were thrown away are not on it. Edits are serial, so one
    /// pass over the calls finds it.
    pub fn contributions(&self) -> Vec<(&CallView, &Changes)> {
        let mut tree = self.tree.as_deref();
        let mut found = Vec::new();
        for call in self.calls.iter().rev() {
            let Some(changes) = self.result(call).and_then(|result| result.changes.as_ref()) else {
                continue;
            };
            if Some(changes.tree.as_str()) == tree && changes.base != changes.tree {
                tree = Some(&changes.base);
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
        paths.extend(self.documents.keys().cloned());
        paths.sort();
        paths.dedup();
        paths
    }

    /// Those changed files that act later and are not held back, by how they act, with the reason.
    pub(super) fn acting<'a>(&self, paths: &'a [String]) -> Listed<'a> {
        let is_held = |path: &str| self.held.iter().any(|held| held.path == path);
        let paths = paths.iter().map(String::as_str);
        listed(paths.filter(|path| !is_held(path)))
    }

    /// The files that the run changed, by path.
    pub fn changed_files(&self) -> Vec<FileSum<'_>> {
        let mut files = BTreeMap::new();
        for (call, changes) in self.contributions() {
            for change in &changes.files {
                take_in(&mut files, change, call);
            }
        }
        files.into_values().collect()
    }
}

/// Takes a call's change of a file into the sum of the earlier ones.
fn take_in<'a>(
    files: &mut BTreeMap<String, FileSum<'a>>,
    change: &ChangedFile,
    call: &'a CallView,
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
            take_in(&mut files, one, &view.calls[0]);
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
        let names: Vec<&str> = limit.by.iter().map(|call| call.id.as_str()).collect();
        assert_eq!(names, ["execute.task-T1", "execute.task-T1@2"]);
        let until = history.until("LoopedBack") - 1;
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
