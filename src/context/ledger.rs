//! The context ledger: what exactly a call saw, and why (`context.json`).

use serde::{Deserialize, Serialize};

use super::neighbours::Neighbours;
use super::part::{Part, PartKind};
use super::tokens;
use crate::model::{CallId, Digest, ModelName, PhaseName, Purpose};
use crate::plan::Strategy;

/// How large a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Size {
    /// In bytes.
    pub bytes: u64,
    pub tokens: u64,
}

impl Size {
    pub(super) fn of(text: &str) -> Self {
        Self {
            bytes: text.len() as u64,
            tokens: tokens(text),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerPart {
    pub name: String,
    pub kind: PartKind,
    /// Where it comes from: `phase plan, handoff`, `request`, `AGENTS.md`, `built-in template plan`.
    pub source: String,
    pub why: String,
    /// Digest of the file it was read from, if there is one. A handoff is rendered from that file,
    /// so its bytes here differ from the file's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Size in bytes, as it stands in the prompt.
    pub bytes: u64,
    pub tokens: u64,
    /// Whether the tokens are an estimate rather than counted by the model's own tokenizer.
    pub tokens_estimated: bool,
}

/// What a call saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    pub call: CallId,
    pub phase: PhaseName,
    pub purpose: Purpose,
    pub strategy: Strategy,
    pub model: ModelName,
    /// Size of the model's window in tokens, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<u64>,
    /// The parts, in their order in the prompt.
    pub parts: Vec<LedgerPart>,
    /// The lines between the parts, put there by tipstaff.
    pub frame: Size,
    /// The whole prompt: parts and frame. The agent adds its own part to it.
    pub total: Size,
    /// Files that are in the workspace because of others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neighbours: Option<Neighbours>,
}

impl LedgerPart {
    pub(super) fn of(part: &Part) -> Self {
        let size = Size::of(&part.text);
        Self {
            name: part.name.clone(),
            kind: part.kind,
            source: part.source.clone(),
            why: part.why.clone(),
            digest: part.digest.clone(),
            bytes: size.bytes,
            tokens: size.tokens,
            tokens_estimated: true,
        }
    }
}

/// A strategy's name as it stands in a workflow.
pub(super) fn strategy_name(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Full => "full",
        Strategy::Scoped => "scoped",
        Strategy::Distilled => "distilled",
        Strategy::Fresh => "fresh",
    }
}
