//! What can go wrong when a prompt is assembled.

/// Why a prompt cannot be assembled. Each of these means that the run folder is damaged: a call is
/// never started with less than it was meant to see.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContextError {
    /// An input's content was not among the loaded texts.
    #[error("{name}: the content of `{path}` is not there")]
    MissingContent {
        /// The input, as its part of the prompt is named.
        name: String,
        /// Its file, relative to the run folder.
        path: String,
    },
    /// An input that must have a file has none.
    #[error("{name}: no file is recorded for it")]
    MissingArtifact {
        /// The input, as its part of the prompt is named.
        name: String,
    },
    /// A handoff in the run folder is not valid.
    #[error("failed to read handoff `{path}`")]
    BadHandoff {
        /// Its file, relative to the run folder.
        path: String,
        source: serde_json::Error,
    },
    /// The findings in the run folder are not valid.
    #[error("failed to read findings `{path}`: {}", errors)]
    BadFindings {
        /// Their file, relative to the run folder.
        path: String,
        errors: crate::model::Faults,
    },
    /// A call that carries out a task names none.
    #[error("call `{call}` carries out a task, but names none")]
    MissingTask { call: String },
    /// The phase has no lens at the call's position.
    #[error("phase `{phase}` has no lens number {slot}")]
    UnknownLens {
        phase: String,
        /// The position, from 1.
        slot: u32,
    },
    /// The call belongs to a phase that the plan does not have.
    #[error("phase `{phase}` is not part of the plan")]
    UnknownPhase { phase: String },
}
