//! The results of commands that tipstaff ran itself to see whether the changes are good.

use serde::{Deserialize, Serialize};

use super::{Artifact, Millis};

/// How a verifying command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerifyOutcome {
    /// It exited with 0.
    Passed,
    /// It exited with another code, which it did not before the changes.
    Failed,
    /// It fails, but it failed on the untouched tree too.
    AlreadyFailing,
    /// It did not end in time.
    TimedOut,
    /// It printed more than it may, and was ended for that.
    TooMuchOutput,
    /// It used more memory, disk or processes than it may, and was ended for that.
    TooMuchUsed,
    /// It passed once and failed once on the same tree: it tells nothing.
    Flaky,
}

/// One verifying command's result.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Verification {
    /// The command, as the workflow or the task gives it.
    pub command: String,
    pub outcome: VerifyOutcome,
    /// Its exit code; none if a signal ended it.
    pub exit: Option<i32>,
    pub wall: Millis,
    /// The end of what it printed, standard output and error together.
    pub output: Artifact,
}

impl Verification {
    /// Whether it speaks against the changes.
    pub fn is_bad(&self) -> bool {
        match self.outcome {
            VerifyOutcome::Failed
            | VerifyOutcome::TimedOut
            | VerifyOutcome::TooMuchOutput
            | VerifyOutcome::TooMuchUsed => true,
            VerifyOutcome::Passed | VerifyOutcome::AlreadyFailing | VerifyOutcome::Flaky => false,
        }
    }
}
