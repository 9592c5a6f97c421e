//! What can go wrong when something is shown.

use std::io;

/// A failure to show something.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("failed to write {what}")]
    Write {
        /// What was to be written, for example `progress`.
        what: &'static str,
        /// Why it could not be.
        source: io::Error,
    },
    /// An event could not be put into JSON.
    #[error("failed to put event {seq} into JSON")]
    Encode { seq: u64, source: serde_json::Error },
}

impl ReportError {
    /// Whether the reader went away (`tipstaff … --json | head`), which is no reason to stop a run.
    pub fn is_broken_pipe(&self) -> bool {
        match self {
            Self::Write { source, .. } => source.kind() == io::ErrorKind::BrokenPipe,
            Self::Encode { .. } => false,
        }
    }
}
