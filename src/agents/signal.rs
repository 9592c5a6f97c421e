//! What an agent's output line says, in the words of this room.

use crate::model::Usage;

use super::Trouble;

/// One thing an agent said about its work.
#[derive(Debug, Clone, PartialEq)]
pub enum Signal {
    /// The agent has a session. May come more than once.
    SessionStarted {
        /// The agent's own name for it.
        id: String,
    },
    /// A model request began.
    StepStarted,
    /// A model request ended.
    StepEnded {
        /// The message it belongs to.
        message: String,
        /// Why it ended, in the agent's word (`stop`, `tool-calls`, `length` …).
        reason: String,
        /// What it used, `requests` included.
        usage: Usage,
    },
    /// A piece of text, complete.
    Text {
        /// The message it belongs to.
        message: String,
        /// The text.
        text: String,
    },
    /// A tool was used.
    Tool {
        /// Its name.
        name: String,
        /// On what, in a few words.
        detail: String,
        /// Whether the call was an error (which goes back to the model).
        failed: bool,
    },
    /// An error of the session.
    Trouble(Trouble),
    /// The agent compacted its conversation and asked itself to go on: the step before was a summary,
    /// and what follows is no answer to our prompt if one had been given already.
    Compacted,
    /// A line without meaning for us.
    Noise,
}
