//! A text with the name under which the user knows it.

use std::sync::Arc;

/// Largest text that is read, in bytes. Workflows are a few kilobytes.
pub const MAX_BYTES: usize = 1024 * 1024;

/// A text to be parsed. Whoever reads the file refuses what is not UTF-8; here it is text already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// How messages call it: the path as the user would write it, or `built-in configuration`.
    pub name: Arc<str>,
    pub text: String,
}

impl Source {
    /// A text under a name.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
        }
    }
}
