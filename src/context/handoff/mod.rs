//! Handoffs: reading the agent's words, holding them to their limit, extracting them by rule where
//! the agent left none, and rendering them. JSON is the truth; the Markdown is never parsed back.

mod contradictions;
mod edited;
mod extract;
mod limit;
mod parse;
mod render;

pub use contradictions::{contradictions, passed_over};
pub use edited::edited;
pub(super) use extract::clip;
pub use extract::extract;
pub use limit::limit;
pub(super) use parse::is_plainly_handoff;
pub use parse::parse;
pub(super) use render::what_happened;
pub use render::{render, render_facts, render_words};

use crate::model::{Section, Sections};

/// The most tokens that a handoff's words may have.
pub const LIMIT: u64 = 1500;

/// The longest line of an example, in characters.
const LINE: usize = 100;

/// A handoff's form, by example; part of the output contract.
pub(super) fn example(sections: &Sections) -> String {
    let mut example = String::from(r#"{"summary": "two to five sentences""#);
    let mut line = example.chars().count();
    for section in sections.iter() {
        let entry = match section {
            Section::Changes => r#"{"path": "src/a.rs", "what": "…", "why": "…"}"#,
            Section::Files => r#""src/a.rs""#,
            Section::Decisions
            | Section::Constraints
            | Section::Risks
            | Section::Gotchas
            | Section::OpenQuestions => r#""…""#,
        };
        let member = format!(r#" "{}": [{entry}]"#, section.name());
        let length = member.chars().count() + 1;
        example.push(',');
        if line + length > LINE {
            example.push('\n');
            line = 0;
        }
        example.push_str(&member);
        line += length;
    }
    example.push('}');
    example
}
