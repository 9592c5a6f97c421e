//! A submodule is a repository of its own, fetched or not: nothing of a run is put there.

use std::path::PathBuf;

use super::super::git::Git;
use super::super::tree::{Entries, Entry, EntryKind, parse_entries};
use super::super::{Project, ProjectKind, WorkspaceError};
use super::error::{ApplyError, names};

/// What the user's index holds of the project; empty where there is no git.
pub(super) fn index(project: &Project) -> Result<Entries, WorkspaceError> {
    match project.kind {
        ProjectKind::Plain => Ok(Entries::new()),
        ProjectKind::Git { .. } => {
            let said = Git::reading(&project.root)
                .args(["ls-files", "-s", "-z"])
                .run()?;
            Ok(parse_entries(&said))
        }
    }
}

/// Refuses changes of paths that are, or lie in, one of the submodules among these entries.
pub(super) fn keep_out(entries: &Entries, changed: &[PathBuf]) -> Result<(), ApplyError> {
    let is_submodule = |(_, entry): &(_, &Entry)| entry.kind == EntryKind::Repository;
    let submodules: Vec<_> = entries.iter().filter(is_submodule).collect();
    let is_inside = |path: &&PathBuf| submodules.iter().any(|(at, _)| path.starts_with(at));
    let inside: Vec<&PathBuf> = changed.iter().filter(is_inside).collect();
    match inside.is_empty() {
        true => Ok(()),
        false => Err(ApplyError::InSubmodule(names(&inside))),
    }
}
