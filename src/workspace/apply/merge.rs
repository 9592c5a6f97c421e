//! Three versions of a file into one.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use super::super::git::Git;
use super::super::{Doing, WorkspaceError};
use super::file_state::digest;
use crate::files;

/// How the line begins that opens a conflict.
const MARKER: &str = "<<<<<<< project";

/// The three versions, as files; `base` is what both sides started from.
pub(super) struct Versions<'a> {
    pub base: &'a Path,
    pub ours: &'a Path,
    pub theirs: &'a Path,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Merged {
    Clean,
    /// Both sides changed the same lines, which are between conflict markers now.
    Marked,
    Not,
}

/// Whether the file has conflict markers of an earlier merge of ours that nobody has resolved yet.
pub fn has_markers(file: &Path) -> io::Result<bool> {
    let mut lines = BufReader::new(files::open(file)?).split(b'\n');
    lines.try_fold(false, |found, line| {
        Ok(found || line?.starts_with(MARKER.as_bytes()))
    })
}

/// Merges by lines into the file `into`. Markers are never put among markers: such a file does not merge.
pub(super) fn merge(versions: &Versions<'_>, into: &Path) -> Result<Merged, WorkspaceError> {
    let failed = || WorkspaceError::io("read", versions.ours);
    let mut ours = files::open(versions.ours).map_err(failed())?;
    // One of an earlier merge is of no use any more.
    let _ = fs::remove_file(into);
    files::create(into, 0o600)
        .and_then(|mut copy| io::copy(&mut ours, &mut copy))
        .doing("write", into)?;
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
            false if !has_markers(versions.ours).map_err(failed())? => Merged::Marked,
            true | false => Merged::Not,
        }),
        Err(error) => Err(error),
    }
}
