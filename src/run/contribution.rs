//! What tasks and phases added to a run's results, one after another.

use crate::model::{Artifact, CallId, PhaseName, Results, TaskId, Timestamp};

/// The results as one task, or the end of one phase, left them.
#[derive(Debug, Clone, PartialEq)]
pub struct Contribution {
    pub at: Timestamp,
    pub phase: PhaseName,
    pub task: Option<TaskId>,
    /// The call whose work it is, if one is known.
    pub call: Option<CallId>,
    /// What it says of itself.
    pub handoff: Option<Artifact>,
    pub results: Results,
}
