//! What an agent says and does, as a person follows it.

use super::{Millis, Timestamp, Usage};

#[derive(Debug, Clone, PartialEq)]
pub struct Activity {
    /// When, if the agent's own events tell it.
    pub at: Option<Timestamp>,
    pub act: Act,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// A piece of a message; the pieces of one have its name.
    Said {
        message: String,
        text: String,
    },
    /// A tool began to work; its end may follow.
    Began {
        tool: String,
        detail: String,
    },
    Did {
        tool: String,
        /// On what, in a few words.
        detail: String,
        failed: bool,
        took: Option<Millis>,
    },
    /// A step of it is over.
    Used(Usage),
    Compacted,
    /// A request failed, and the agent tries it again by itself, or was refused a permission.
    Retried(String),
    Failed(String),
    /// A line too long to be read, of so many bytes: it carries an attachment.
    TooLong(u64),
}
