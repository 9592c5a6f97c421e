//! What can go wrong with trees and workspaces.

use std::io;
use std::path::{Path, PathBuf};

use crate::process::is_cancelled;

/// Why a tree could not be read, copied or written.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    #[error("failed to {action} `{path}`", path = path.display())]
    Io {
        /// What was attempted, as a verb: `read`, `create`, `copy` …
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// Whoever wanted it does not want it any more.
    #[error("interrupted")]
    Cancelled,
    /// The `git` program could not be started.
    #[error("failed to start `git`: it has to be installed and on PATH")]
    GitMissing { source: io::Error },
    #[error("`git {command}` failed in `{folder}`: {message}", folder = folder.display())]
    Git {
        /// The command without its configuration options.
        command: String,
        folder: PathBuf,
        /// What it wrote to standard error, trimmed.
        message: String,
    },
    #[error("`{folder}` is, or lies in, a git repository without a work tree: it has no files to work on", folder = folder.display())]
    InsideGit { folder: PathBuf },
    /// A path is not one that may be written or read inside the project.
    #[error("refused path `{path}`: {reason}")]
    RefusedPath { path: String, reason: &'static str },
    /// A `file:` pattern is not a valid glob.
    #[error("invalid file pattern `{pattern}`")]
    BadPattern {
        pattern: String,
        source: globset::Error,
    },
    /// A `file:` pattern matches more than may go into a prompt.
    #[error("file pattern `{pattern}` matches more than {limit}")]
    TooMuch {
        pattern: String,
        /// The limit with its unit.
        limit: String,
    },
    /// A private folder, of temporary files or the cache, is not ours alone.
    #[error("refused folder `{path}`: {reason}", path = path.display())]
    FolderTaken { path: PathBuf, reason: &'static str },
}

impl WorkspaceError {
    /// Gives up if the work of this thread was cancelled. Asked in every loop over files.
    pub(super) fn if_cancelled() -> Result<(), Self> {
        match is_cancelled() {
            true => Err(Self::Cancelled),
            false => Ok(()),
        }
    }

    /// Whether no space is left where it was to be written, or none of the user's share.
    pub fn is_full(&self) -> bool {
        let full = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded];
        matches!(self, Self::Io { source, .. } if full.contains(&source.kind()))
    }

    /// For `map_err`: adds the action and the path to what the operating system said.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            action,
            path: path.to_owned(),
            source,
        }
    }
}

/// Says of what the operating system refused what was attempted (a verb) and where.
pub(super) trait Doing<T> {
    fn doing(self, action: &'static str, path: &Path) -> Result<T, WorkspaceError>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, action: &'static str, path: &Path) -> Result<T, WorkspaceError> {
        self.map_err(WorkspaceError::io(action, path))
    }
}
