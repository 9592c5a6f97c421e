//! What came of a conversation, one JSON value a line.

use serde::{Deserialize, Serialize};

use crate::model::{FailureKind, Usage};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The agent has the prompt.
    Prompted,
    /// It said something that is of no use here: it thinks, or plans.
    Heard,
    /// A piece of a message; the pieces of one have its number.
    Text {
        message: u64,
        text: String,
    },
    /// A tool began to work.
    ToolStarted {
        name: String,
        detail: String,
    },
    ToolEnded {
        name: String,
        detail: String,
        failed: bool,
    },
    /// The turn is over. `message` is the last one.
    Ended {
        message: u64,
        /// `stop`, `length`, `content-filter`, or the protocol's own word.
        reason: String,
        usage: Usage,
    },
    Failed(Trouble),
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Trouble {
    /// Where the protocol says it; else status and words have to tell.
    pub kind: Option<FailureKind>,
    /// The agent's name for it, where it has one.
    pub name: String,
    pub message: String,
    /// Of the provider's answer, where the agent tells it.
    pub status: Option<u16>,
}

impl Trouble {
    pub(super) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind: Some(kind),
            message: message.into(),
            ..Self::default()
        }
    }
}
