//! A submodule is a repository of its own, fetched or not: nothing of a run is put there.

use std::path::{Path, PathBuf};

use super::super::git::Git;
use super::super::tree::{Entries, EntryKind, parse_entries};
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
    let submodules: Vec<&Path> = entries
        .iter()
        .filter(|(_, entry)| entry.kind == EntryKind::Repository)
        .map(|(path, _)| path.as_path())
        .collect();
    let inside: Vec<&Path> = changed
        .iter()
        .map(PathBuf::as_path)
        .filter(|path| {
            submodules
                .iter()
                .any(|submodule| path.starts_with(submodule))
        })
        .collect();
    match inside.is_empty() {
        true => Ok(()),
        false => Err(ApplyError::InSubmodule(names(&inside))),
    }
}
