//! A model's answer as the wires write it.

use serde_json::Value;

use super::Finish;

/// A model's answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Completion {
    /// The text; may be empty.
    pub text: String,
    /// The tools called, in order.
    pub calls: Vec<ToolUse>,
    pub finish: Finish,
    pub usage: ClaimedUsage,
    /// What happens to it on the way.
    pub transmission: Transmission,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct ToolUse {
    pub name: String,
    /// By their names; a text for a tool that takes one.
    pub arguments: Value,
}

/// Token numbers as OpenAI's `usage` groups them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ClaimedUsage {
    /// Prompt tokens, cached ones included.
    pub prompt: u64,
    pub cached: u64,
    pub completion: u64,
    pub reasoning: u64,
}

/// What happens to a completion on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transmission {
    Arrives,
    /// The connection is dropped in the middle.
    Dropped,
    /// Nothing more comes after the middle.
    Stalled,
    /// What arrives is not JSON.
    Garbled,
}
