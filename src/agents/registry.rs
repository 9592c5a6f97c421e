//! The only place that knows all adapters.

use crate::plan::AgentKind;

use super::{Adapter, acp, claude, codex, command, gemini, opencode, qwen};

/// The adapter of a kind.
pub fn of(kind: AgentKind) -> &'static dyn Adapter {
    match kind {
        AgentKind::Opencode => &opencode::Opencode,
        AgentKind::Claude => &claude::Claude,
        AgentKind::Codex => &codex::Codex,
        AgentKind::Gemini => &gemini::Gemini,
        AgentKind::Qwen => &qwen::Qwen,
        AgentKind::Acp => &acp::Acp,
        AgentKind::Command => &command::Command,
    }
}

/// The agent that runs the models of this provider and no others, if there is one.
pub fn runner_of(provider: &str) -> Option<AgentKind> {
    let mut kinds = AgentKind::WORDS
        .iter()
        .filter_map(|word| AgentKind::of(word));
    kinds.find(|kind| {
        let product = of(*kind).product();
        product.is_some_and(|product| product.provider == Some(provider))
    })
}
