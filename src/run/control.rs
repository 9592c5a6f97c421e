//! What a person wants of a run while a supervisor works on it.

use serde::{Deserialize, Serialize};

use crate::model::{CallId, PhaseName};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// What is under way ends as usual, and no further call starts.
    Pause,
    Continue,
    /// End what runs, so that the run can be resumed.
    Stop,
    /// End one call; it is not tried again.
    EndCall(CallId),
    /// Judge the proposals that are in.
    GoOn(PhaseName),
    /// A word for the calls to come, of a phase or of all.
    Note(Option<PhaseName>, String),
}

/// How a person said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// With a key at the terminal of the run.
    Keys,
    /// With a key in `tipstaff watch`.
    Watch,
    /// With a command of its own.
    Command,
}
