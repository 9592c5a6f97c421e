//! The only place that knows all adapters.

use crate::plan::AgentKind;

use super::{Adapter, command, opencode};

/// The adapter of a kind.
pub fn of(kind: AgentKind) -> &'static dyn Adapter {
    match kind {
        AgentKind::Opencode => &opencode::Opencode,
        AgentKind::Command => &command::Command,
    }
}
