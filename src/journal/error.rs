//! What can go wrong with a run's folder.

use crate::model::{FORMAT, RunId};
use std::io;
use std::path::{Path, PathBuf};

use super::{Foreign, Holder};

/// Why a run's folder, journal or artifact could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("failed to {action} `{path}`", path = path.display())]
    Io {
        /// What was attempted, as a verb: `read`, `write`, `create` …
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// The disk, or the user's share of it, is full.
    #[error(
        "no space left to write `{path}`: free some space there, then try again",
        path = path.display()
    )]
    NoSpace { path: PathBuf, source: io::Error },
    /// The project's folder may not be written.
    #[error(
        "`{path}` cannot be written: tipstaff keeps its runs in `.tipstaff/runs` of the project, \
         so the project has to be writable",
        path = path.display()
    )]
    NotWritable { path: PathBuf, source: io::Error },
    /// What keeps the runs leads elsewhere, or somebody else put it there.
    #[error("`{path}` is not used: {reason}; move it away, then try again", path = path.display())]
    NotOurs { path: PathBuf, reason: String },
    /// A record in the middle of the journal is not what was written there.
    #[error("the journal `{path}` is damaged: {what}", path = path.display())]
    Damaged {
        path: PathBuf,
        /// The line, and what is wrong with it.
        what: String,
    },
    /// The journal holds something else than this user's tipstaff wrote.
    #[error(
        "`{path}` was changed since tipstaff wrote it: {what}; start the run anew with `tipstaff run`",
        path = path.display()
    )]
    NotAsWritten { path: PathBuf, what: String },
    /// The journal was written by another version.
    #[error(
        "`{path}` was written by another tipstaff (format {format}; this one reads format {FORMAT})",
        path = path.display()
    )]
    OtherFormat { path: PathBuf, format: u64 },
    /// Somebody else wrote to the journal of a run under way.
    #[error(
        "`{path}` was changed by another program while the run worked: it has {found} bytes instead of \
         {expected}; nothing was written behind it, and `tipstaff resume` sets aside what was added",
        path = path.display()
    )]
    Changed {
        path: PathBuf,
        /// Its length in bytes as this process left it.
        expected: u64,
        found: u64,
    },
    #[error("run {run} is being worked on by {holder}")]
    Locked { run: RunId, holder: Holder },
    /// A new run's folder is there already.
    #[error("run {run} exists already")]
    RunExists { run: RunId },
    #[error("no run `{wanted}` in `{folder}`", folder = folder.display())]
    NoRun { wanted: String, folder: PathBuf },
    /// A part of a name fits several runs.
    #[error("`{wanted}` fits several runs: {fitting}")]
    Ambiguous {
        wanted: String,
        /// The runs that fit, comma-separated.
        fitting: String,
    },
    #[error("`{path}` is missing from the run folder", path = path.display())]
    ArtifactMissing { path: PathBuf },
    /// An artifact's file is not what the journal says it is.
    #[error(
        "`{path}` was changed after the run wrote it (its digest differs from the journal's)",
        path = path.display()
    )]
    ArtifactChanged { path: PathBuf },
    /// A path that does not stay in the run folder.
    #[error("refused path `{path}`: it leaves the run folder")]
    RefusedPath { path: String },
}

impl JournalError {
    pub(super) fn damaged(path: &Path, foreign: &Foreign) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            what: foreign.to_string(),
        }
    }

    /// For `map_err`: adds the action and the path to what the operating system said, and tells the
    /// failures that a user can mend from the rest.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| {
            let path = path.to_owned();
            let writes = matches!(action, "create" | "write");
            match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    Self::NoSpace { path, source }
                }
                io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied if writes => {
                    Self::NotWritable { path, source }
                }
                _ => Self::Io {
                    action,
                    path,
                    source,
                },
            }
        }
    }
}
