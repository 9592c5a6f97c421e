//! How an attempt can fail. The kind decides what happens next (see `engine::policy`).

use serde::{Deserialize, Serialize};

use super::Millis;

/// What kind of failure an attempt ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The agent program is not there or cannot be started.
    AgentMissing,
    /// Not signed in, or the key was refused.
    Auth,
    /// The account has no credit or quota left.
    Quota,
    RateLimit,
    /// The provider or the agent does not know the model.
    UnknownModel,
    /// The prompt or the conversation does not fit the model's window.
    ContextOverflow,
    /// The provider answered with an error of its own (5xx, malformed streams).
    Provider,
    /// The provider could not be reached, or the connection broke.
    Network,
    /// The provider rejected the request (4xx that is none of the above) or filtered the content.
    Rejected,
    /// The agent asked for a permission that nobody can give, and stopped.
    PermissionRefused,
    /// The agent died, or ended without its final event.
    Crash,
    /// Nothing was heard from the agent for the idle limit.
    Hang,
    Timeout,
    /// What the agent started used more memory than its sandbox allows.
    OutOfMemory,
    /// It wrote more.
    OutOfDisk,
    /// It started more.
    TooManyProcesses,
    /// The agent went round in circles (endless empty steps or compactions).
    Loop,
    /// The agent ended without leaving what it was asked for.
    NoDeliverable,
    /// The answer was cut off by the model's output limit.
    Truncated,
    /// What was left is unusable (not UTF-8, too large, no valid data).
    BadOutput,
    /// The machine below failed: disk full, folder not writable, out of processes.
    Machine,
    /// A command of `setup` failed.
    Setup,
    /// Each candidate of an ensemble that edits fails what passed before.
    NonePassed,
    Refused,
    /// tipstaff ended the attempt itself (a straggler, or the user interrupted).
    Cancelled,
    /// The supervisor ended while the attempt ran; nothing is known of it.
    Lost,
}

/// A failed attempt's reason, for people and for the decision what to do next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub kind: FailureKind,
    pub message: String,
    /// What the user can do about it, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// How long the provider asked to wait, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<Millis>,
}

impl Failure {
    /// A failure without hint.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: None,
            retry_after: None,
        }
    }

    /// The same with a hint for the user.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
