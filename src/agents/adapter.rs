//! What each adapter does, whichever the agent: build the command, read a line of its output.

use std::path::Path;

use crate::plan::AgentKind;

use super::{AgentError, Assignment, Environment, Launch, LaunchError, Signal, command, opencode};

/// Builds the command of an attempt.
///
/// # Errors
/// The agent's program is not there, or the model id is not one the agent can take.
pub fn launch(assignment: &Assignment<'_>) -> Result<Launch, LaunchError> {
    match assignment.agent.kind {
        AgentKind::Opencode => opencode::launch::launch(assignment),
        AgentKind::Command => command::launch(assignment),
    }
}

/// Builds the command that asks an OpenCode for its version, with `private` for its files.
pub fn version_probe(program: &Path, environment: &Environment, private: &Path) -> Launch {
    opencode::launch::version_probe(program, environment, private)
}

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
