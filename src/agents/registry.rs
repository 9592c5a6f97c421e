//! The only place that knows all adapters.

use crate::plan::AgentKind;

use super::{Adapter, acp, claude, codex, command, gemini, opencode, qwen};

/// The adapter of a kind.
pub fn of(kind: AgentKind) -> &'static Adapter {
    match kind {
        AgentKind::Opencode => &opencode::ADAPTER,
        AgentKind::Claude => &claude::ADAPTER,
        AgentKind::Codex => &codex::ADAPTER,
        AgentKind::Gemini => &gemini::ADAPTER,
        AgentKind::Qwen => &qwen::ADAPTER,
        AgentKind::Acp => &acp::ADAPTER,
        AgentKind::Command => &command::ADAPTER,
    }
}

/// The agent that runs the models of this provider and no others, if there is one.
pub fn runner_of(provider: &str) -> Option<AgentKind> {
    let mut kinds = AgentKind::WORDS
        .iter()
        .filter_map(|word| AgentKind::of(word));
    kinds.find(|kind| {
        let product = of(*kind).product;
        product.is_some_and(|product| product.provider == Some(provider))
    })
}
