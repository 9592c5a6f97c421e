//! What can go wrong before an agent is started.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::model::{Failure, FailureKind};

/// A command that cannot be built, or a configuration of the user's OpenCode that cannot be read.
#[derive(Debug, Error)]
pub enum LaunchError {
    /// The agent's program was not found.
    #[error("`{command}` is not on PATH")]
    ProgramMissing {
        command: String,
        source: which::Error,
    },
    /// A model id that is not `provider/model`.
    #[error("model id `{id}` names no provider")]
    ModelId { id: String },
    /// A prompt that is no argument of a command.
    #[error("the prompt has {bytes} bytes: too many for an argument of a command")]
    PromptTooLong { bytes: usize },
    /// A sign-in that OpenCode 2 would use up.
    #[error(
        "the sign-in for provider `{provider}` is one that OpenCode 1 refreshes; OpenCode 2 would spend it"
    )]
    SpentSignIn { provider: String },
    /// A file of the user's OpenCode is there but cannot be read.
    #[error("failed to read {}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    /// A file (or variable) of the user's OpenCode is not valid JSON with comments.
    #[error("{place}:{line}:{column}: {message}")]
    Syntax {
        /// The file's path, or the variable's name.
        place: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        message: String,
    },
    /// A key of the user's OpenCode configuration has the wrong type.
    #[error("{place}: `{key}` is not {expected}")]
    Shape {
        /// The file's path, or the variable's name.
        place: String,
        key: String,
        /// What was expected there, for example "an object".
        expected: &'static str,
    },
}

impl LaunchError {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::ProgramMissing { .. } | Self::Unreadable { .. } => None,
            Self::ModelId { .. } => Some("write it as `provider/model`".to_owned()),
            Self::PromptTooLong { .. } => {
                Some("use `{prompt_file}` in the agent's `args`, or standard input".to_owned())
            }
            Self::SpentSignIn { .. } => Some("set the provider's key variable".to_owned()),
            Self::Syntax { .. } | Self::Shape { .. } => {
                Some("OpenCode itself would refuse this configuration, too".to_owned())
            }
        }
    }

    /// The same as the failure of an attempt.
    pub fn failure(&self) -> Failure {
        let kind = match self {
            Self::ProgramMissing { .. } => FailureKind::AgentMissing,
            Self::ModelId { .. } => FailureKind::UnknownModel,
            Self::PromptTooLong { .. } => FailureKind::ContextOverflow,
            Self::SpentSignIn { .. } => FailureKind::Auth,
            Self::Unreadable { .. } => FailureKind::Machine,
            Self::Syntax { .. } | Self::Shape { .. } => FailureKind::Rejected,
        };
        let failure = Failure::new(kind, self.to_string());
        match self.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}
