//! Work that is too long for one process: where it was stopped, and what the next process is told.

use serde::{Deserialize, Serialize};

use super::{Artifact, CallId, HandoffOrigin, RefusedChange};

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AttemptId {
    pub call: CallId,
    /// Which attempt of it, from 1.
    pub attempt: u32,
}

/// Where a call was when it was stopped at its checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// Tokens of its first request: what its prompt and its agent's own part take.
    pub began: u64,
    /// Tokens of its last request: what its context had grown to.
    pub context: u64,
    /// What it had to do, said, did and changed, bounded: what its state is distilled from.
    pub worklog: Artifact,
    /// Handoff words taken from that by rule, where no model distills any.
    pub extracted: Artifact,
}

/// The state of unfinished work, as the call gets it that goes on. The words are in an artifact of
/// their own, these are the facts taken by machine.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct WorkState {
    /// The call that was stopped last.
    pub of: CallId,
    pub origin: HandoffOrigin,
    /// The files changed so far, relative to the project, sorted.
    pub files: Vec<String>,
    /// The changes of the stopped call that were not taken over.
    pub refused: Vec<RefusedChange>,
}
