//! The `defaults` of calls, as far as a source names them.

use crate::model::Millis;

/// Defaults of calls in one layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DefaultsEntry {
    pub timeout: Option<Millis>,
    pub idle_timeout: Option<Millis>,
    pub retries: Option<u32>,
    /// How long stragglers of an ensemble get.
    pub straggler_timeout: Option<Millis>,
    /// Whether the project's instruction file is a part of prompts.
    pub project_instructions: Option<bool>,
}

impl DefaultsEntry {
    pub(super) fn under(self, over: Self) -> Self {
        Self {
            timeout: over.timeout.or(self.timeout),
            idle_timeout: over.idle_timeout.or(self.idle_timeout),
            retries: over.retries.or(self.retries),
            straggler_timeout: over.straggler_timeout.or(self.straggler_timeout),
            project_instructions: over.project_instructions.or(self.project_instructions),
        }
    }
}
