//! Three versions of a file into one.

use std::fs;
use std::io;
use std::path::Path;

use super::super::WorkspaceError;
use super::super::git::Git;
use super::standing::digest;
use crate::files;

/// The three versions, as files; `base` is what both sides started from.
pub(super) struct Versions<'a> {
    pub base: &'a Path,
    pub ours: &'a Path,
    pub theirs: &'a Path,
}

/// What became of a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Merged {
    Clean,
    /// Both sides changed the same lines, which stand between conflict markers now.
    Marked,
    /// It is no text.
    Not,
}

/// Merges by lines into the file `into`.
pub(super) fn merge(versions: &Versions<'_>, into: &Path) -> Result<Merged, WorkspaceError> {
    let mut ours = files::open(versions.ours).map_err(WorkspaceError::io("read", versions.ours))?;
    // One of an earlier merge is of no use any more.
    let _ = fs::remove_file(into);
    files::create(into, 0o600)
        .and_then(|mut copy| io::copy(&mut ours, &mut copy))
        .map_err(WorkspaceError::io("write", into))?;
    let before = digest(into)?;
    let folder = into.parent().unwrap_or(Path::new("/"));
    let merged = Git::on_store(folder, folder, Path::new("/dev/null"))
        .args(["merge-file", "-q", "-L", "project", "-L", "before", "-L"])
        .args(["change", "--"])
        .args([into, versions.base, versions.theirs])
        .run();
    match merged {
        Ok(_) => Ok(Merged::Clean),
        Err(WorkspaceError::Git { .. }) => Ok(match digest(into)? == before {
            true => Merged::Not,
            false => Merged::Marked,
        }),
        Err(error) => Err(error),
    }
}
