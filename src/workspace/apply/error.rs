//! Why changes were not applied or taken back.

use std::path::PathBuf;

use super::super::WorkspaceError;

/// Why changes were not applied. The user's tree is as it was, but for [`ApplyError::Unfinished`].
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The user edited the same places meanwhile; these paths do not merge.
    #[error("the project was edited meanwhile, and these files do not merge: {}", .0.join(", "))]
    Conflicts(Vec<String>),
    /// These paths are, or lie in, a submodule.
    #[error("these files stand where a submodule is, which is a repository of its own: {}", .0.join(", "))]
    InSubmodule(Vec<String>),
    /// The changes are in the user's tree already.
    #[error("the changes are applied already")]
    AlreadyApplied,
    /// An application or undo was cut off: [`recover_apply`](super::recover_apply) comes first.
    #[error("an earlier application was cut off and has to be finished first")]
    Unfinished,
    /// A branch was asked for and the folder is no git repository.
    #[error("the project is no git repository, so there is no branch to make")]
    NoRepository,
    /// The branch is there already.
    #[error("branch `{0}` exists already")]
    BranchExists(String),
    /// git does not allow the name.
    #[error("`{0}` is no name for a branch")]
    BadBranchName(String),
    /// Files or git failed.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
}

/// Why applied changes were not taken back. The user's tree is as it was.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    /// These files were edited since.
    #[error("these files were edited since the changes were applied: {}", .0.join(", "))]
    Edited(Vec<String>),
    /// There is nothing to take back.
    #[error("no applied changes are there to take back")]
    NotApplied,
    /// It was taken back already.
    #[error("the changes were taken back already")]
    AlreadyUndone,
    /// An application or undo was cut off: [`recover_apply`](super::recover_apply) comes first.
    #[error("an earlier application was cut off and has to be finished first")]
    Unfinished,
    /// Files failed.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
}

/// What may go wrong with one operation.
#[derive(Debug)]
pub(super) enum Trouble {
    /// What stands there is not what was found before.
    Edited(PathBuf),
    Workspace(WorkspaceError),
}

impl From<WorkspaceError> for Trouble {
    fn from(error: WorkspaceError) -> Self {
        Self::Workspace(error)
    }
}

impl From<Trouble> for ApplyError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Edited(path) => Self::Conflicts(vec![path.to_string_lossy().into_owned()]),
            Trouble::Workspace(error) => Self::Workspace(error),
        }
    }
}

impl From<Trouble> for UndoError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Edited(path) => Self::Edited(vec![path.to_string_lossy().into_owned()]),
            Trouble::Workspace(error) => Self::Workspace(error),
        }
    }
}
