//! Handoffs: reading the agent's words, holding them to their limit, extracting them by rule where
//! the agent left none, and rendering them. JSON is the truth; the Markdown is never parsed back.

mod contradictions;
mod extract;
mod limit;
mod parse;
mod render;

pub use contradictions::contradictions;
pub(super) use extract::clip;
pub use extract::extract;
pub use limit::{Limited, limit};
pub(super) use parse::is_plainly_handoff;
pub use parse::{ParsedWords, parse};
pub(super) use render::what_happened;
pub use render::{render, render_for_prompt, render_words};

use serde_json::Value;

/// The most tokens that a handoff's words may have.
pub const LIMIT: u64 = 1500;

/// A handoff's form, by example; part of the output contract.
pub(super) const EXAMPLE: &str = r#"{"summary": "two to five sentences", "decisions": ["…"], "constraints": ["…"], "risks": ["…"],
 "changes": [{"path": "src/a.rs", "what": "…", "why": "…"}], "gotchas": ["…"], "files": ["src/a.rs"],
 "open_questions": ["…"]}"#;

/// The JSON schema of `handoff.json` as an agent writes it.
pub fn schema() -> Value {
    schemars::schema_for!(crate::model::HandoffWords).to_value()
}
