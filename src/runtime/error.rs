//! What can go wrong with a whole run. What goes wrong with an attempt is a `model::Failure`.

use crate::journal::JournalError;
use crate::workspace::WorkspaceError;

use super::deliver::DeliverError;

/// Why a run cannot be worked on.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// A document that was changed by hand cannot be taken into the results.
    #[error(transparent)]
    Deliver(#[from] DeliverError),
    #[error("failed to listen for signals")]
    Signals(#[source] std::io::Error),
    /// Whoever watches the run cannot go on.
    #[error("failed to show progress")]
    Display(#[source] std::io::Error),
}
