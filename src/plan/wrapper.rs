//! What a configuration says of a program that nobody wrote an adapter for.

use serde::{Deserialize, Serialize};

use crate::model::FailureKind;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wrapper {
    /// How its output is read; without it all of it is the answer.
    pub output: Option<OutputPaths>,
    pub failures: Vec<FailureSign>,
    /// Whether it lives in the user's own home, where its sign-in is.
    pub shares_home: bool,
}

/// Where in a line of JSON something is: keys and numbers of items, with dots between.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputPaths {
    /// Pieces of the answer.
    pub text: String,
    #[serde(default)]
    pub input_tokens: Option<String>,
    #[serde(default)]
    pub output_tokens: Option<String>,
    /// In US dollars.
    #[serde(default)]
    pub cost: Option<String>,
    /// What went wrong, in words.
    #[serde(default)]
    pub error: Option<String>,
}

/// How a kind of failure is recognized.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureSign {
    pub kind: FailureKind,
    pub exit: Vec<i32>,
    /// What a line of standard error holds, or a line of standard output begins with; case does not matter.
    pub says: Vec<String>,
}

impl Wrapper {
    /// The failures that a program can tell.
    pub const KINDS: [FailureKind; 15] = [
        FailureKind::Auth,
        FailureKind::SignInExpired,
        FailureKind::Quota,
        FailureKind::RateLimit,
        FailureKind::Overloaded,
        FailureKind::UnknownModel,
        FailureKind::ContextOverflow,
        FailureKind::Provider,
        FailureKind::Network,
        FailureKind::Rejected,
        FailureKind::ContentRefused,
        FailureKind::PermissionRefused,
        FailureKind::SandboxRefused,
        FailureKind::Truncated,
        FailureKind::Loop,
    ];

    /// This with the stronger `over` on it.
    #[must_use]
    pub fn under(self, over: Self) -> Self {
        Self {
            output: over.output.or(self.output),
            failures: match over.failures.is_empty() {
                true => self.failures,
                false => over.failures,
            },
            shares_home: self.shares_home || over.shares_home,
        }
    }
}

impl FailureSign {
    pub fn is_in_line(&self, line: &str) -> bool {
        let line = line.to_lowercase();
        self.says
            .iter()
            .any(|said| line.contains(&said.to_lowercase()))
    }

    pub fn begins_line(&self, line: &str) -> bool {
        let line = line.trim_start().to_lowercase();
        self.says
            .iter()
            .any(|said| line.starts_with(&said.to_lowercase()))
    }
}
