//! Why changes were not applied or taken back.

use std::path::{Path, PathBuf};

use super::super::WorkspaceError;
use crate::model::Direction;

/// Why changes were not applied, or not taken back. The user's tree is as it was, but for
/// [`ApplyError::Unfinished`].
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// These files of the project do not merge with the changes.
    #[error("the run's changes do not merge with what is in the project now: {}", .0.join(", "))]
    Conflicts(Vec<String>),
    /// These files of the last commit do not merge with the changes.
    #[error("the run's changes do not merge with the last commit: {}", .0.join(", "))]
    NotOnCommit(Vec<String>),
    /// These files were edited after the changes had been applied.
    #[error("these files were edited after the run's changes came in, in the same places: {}", .0.join(", "))]
    Edited(Vec<String>),
    /// These paths are, or lie in, a submodule.
    #[error("these files are where a submodule is, which is a repository of its own: {}", .0.join(", "))]
    InSubmodule(Vec<String>),
    /// The changes are in the user's tree already.
    #[error("the changes are applied already")]
    AlreadyApplied,
    #[error("no changes of this run are in your project")]
    NotApplied,
    #[error("the changes were undone already")]
    AlreadyUndone,
    /// An application or undo was cut off: `recover` comes first.
    #[error("an earlier application was cut off and has to be finished first")]
    Unfinished,
    /// The folder has a repository that is bare.
    #[error("`{folder}` is a bare git repository: it has no files to work on", folder = .0.display())]
    Bare(PathBuf),
    /// A branch was asked for and the folder is no git repository.
    #[error("the project is no git repository, so there is no branch to make")]
    NoRepository,
    /// The branch, or one in the way of its name, is there already.
    #[error("branch `{0}` exists already")]
    BranchExists(String),
    /// git does not allow the name.
    #[error("`{0}` is no name for a branch")]
    BadBranchName(String),
    #[error("no branch is checked out to commit on")]
    Detached,
    #[error("a hook changed the files of a commit")]
    ChangedByHook,
    #[error("the repository has no commit yet")]
    NoCommit,
    /// These files have changes that are not committed.
    #[error("these files have changes that are not committed: {}", .0.join(", "))]
    NotClean(Vec<String>),
    #[error("the branch that is checked out is not where it was when the run began")]
    Moved,
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
}

/// What may go wrong with one operation.
#[derive(Debug)]
pub(super) enum TransitionError {
    /// What is there is not what was found before, or does not merge.
    Edited(Vec<PathBuf>),
    Workspace(WorkspaceError),
}

impl From<WorkspaceError> for TransitionError {
    fn from(error: WorkspaceError) -> Self {
        Self::Workspace(error)
    }
}

impl TransitionError {
    pub(super) fn on(self, way: Direction) -> ApplyError {
        let paths = match self {
            Self::Edited(paths) => names(&paths),
            Self::Workspace(error) => return ApplyError::Workspace(error),
        };
        match way {
            Direction::Apply => ApplyError::Conflicts(paths),
            Direction::Undo => ApplyError::Edited(paths),
        }
    }

    pub(super) fn while_taking_back(self) -> WorkspaceError {
        match self {
            Self::Edited(paths) => WorkspaceError::RefusedPath {
                path: names(&paths).join(", "),
                reason: "it is being edited while the changes are undone",
            },
            Self::Workspace(error) => error,
        }
    }
}

/// Paths as text for people.
pub(super) fn names(paths: impl IntoIterator<Item = impl AsRef<Path>>) -> Vec<String> {
    paths
        .into_iter()
        .map(|path| path.as_ref().to_string_lossy().into_owned())
        .collect()
}
