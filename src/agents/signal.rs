//! What an agent's output line says, in the words of this module.

use crate::model::Usage;

use super::AgentError;

/// One thing an agent said about its work.
#[derive(Debug, Clone, PartialEq)]
pub enum Signal {
    StepStarted,
    StepEnded {
        message: String,
        /// Why it ended, in the agent's word (`stop`, `tool-calls`, `length` …).
        reason: String,
        /// What it used, `requests` included.
        usage: Usage,
    },
    /// A piece of text, complete.
    Text {
        message: String,
        text: String,
    },
    /// A tool began to work; its end is a signal of its own.
    ToolStarted {
        name: String,
        detail: String,
    },
    Tool {
        name: String,
        /// On what, in a few words.
        detail: String,
        /// Whether the call was an error (which goes back to the model).
        failed: bool,
    },
    AgentError(AgentError),
    /// A model request failed, and the agent tries it again by itself.
    Retried(AgentError),
    /// What it used from its beginning, where it tells that: in the place of the sum of its steps.
    UsedInAll(Usage),
    /// The agent compacted its conversation and asked itself to go on: the step before was a summary,
    /// and what follows is no answer to our prompt if one had been given already.
    Compacted,
    /// A line without meaning for us.
    Noise,
}
