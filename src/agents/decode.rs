//! Reading one output line, whichever the agent.

use crate::plan::AgentKind;

use super::{AgentError, Signal, command, opencode};

/// What a line of standard output says. `line` comes without its line break. Never fails: what is
/// not understood is [`Signal::Noise`].
pub fn decode(kind: AgentKind, line: &str) -> Vec<Signal> {
    match kind {
        AgentKind::Opencode => opencode::decode::decode(line),
        AgentKind::Command => command::decode(line),
    }
}

/// What a line of standard error says about troubles that standard output keeps silent about, above
/// all the agent's own retries of a failed model request.
pub fn decode_stderr(kind: AgentKind, line: &str) -> Option<AgentError> {
    match kind {
        AgentKind::Opencode => opencode::stderr::decode(line),
        AgentKind::Command => None,
    }
}
