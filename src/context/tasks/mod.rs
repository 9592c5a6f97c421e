//! Tasks: reading a decomposition, checking that it can be carried out, ordering and rendering it.
//! JSON is the truth; the Markdown is never parsed back.

mod check;
mod decode;
mod order;
mod paths;
mod render;

pub use decode::read;
pub use order::order;
pub use render::render;
pub(super) use render::render_task;

/// The form of `tasks.json`, by example; part of the output contract.
pub(super) const EXAMPLE: &str = r#"{"tasks": [{"id": "T1", "title": "a few words", "category": "CATEGORY",
 "instructions": "all that is to be done", "files": {"edit": ["src/a.rs"], "read": ["src/b.rs"]},
 "depends_on": [], "acceptance": ["what holds when it is done"], "verify": "command that shows it"}]}"#;
