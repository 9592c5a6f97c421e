//! Three versions of a file into one.

use std::path::Path;

use super::super::WorkspaceError;
use super::super::git::Git;

/// The three versions, as files; `base` is what both sides started from.
pub(super) struct Versions<'a> {
    pub base: &'a Path,
    pub ours: &'a Path,
    pub theirs: &'a Path,
}

/// Merges by lines; `None` if both sides changed the same lines, or it is no text.
pub(super) fn merge(versions: &Versions<'_>) -> Result<Option<Vec<u8>>, WorkspaceError> {
    let folder = versions.base.parent().unwrap_or(Path::new("/"));
    let merged = Git::on_store(folder, folder, Path::new("/dev/null"))
        .args(["merge-file", "-p", "--"])
        .args([versions.ours, versions.base, versions.theirs])
        .run();
    match merged {
        Ok(bytes) => Ok(Some(bytes)),
        // The number of conflicts is its exit code.
        Err(WorkspaceError::Git { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
