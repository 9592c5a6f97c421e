//! A mistake in what the user wrote, as data.

use std::fmt;

use serde::Serialize;

use super::{Place, Spot};

/// Whether a mistake forbids going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Error,
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    pub severity: Severity,
    /// A stable word for programs, for example `unknown-phase`.
    pub code: &'static str,
    /// What is wrong, as a fragment without a full stop.
    pub message: String,
    /// The name of the source it is about; a file's path, or the flag that was given.
    pub source: String,
    /// Where in the source; none if it is about all of it.
    pub place: Option<Place>,
    pub hint: Option<String>,
}

impl Diagnostic {
    /// An error about a source as a whole.
    pub fn error(
        code: &'static str,
        source: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            source: source.into(),
            place: None,
            hint: None,
        }
    }

    /// A warning about a source as a whole.
    pub fn warning(
        code: &'static str,
        source: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, source, message)
        }
    }

    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with a hint, if there is one.
    #[must_use]
    pub fn with_hint_opt(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }

    /// Whether it forbids going on.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl Spot {
    pub fn error(&self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        self.diagnostic(Severity::Error, code, message.into())
    }

    pub fn warning(&self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        self.diagnostic(Severity::Warning, code, message.into())
    }

    fn diagnostic(&self, severity: Severity, code: &'static str, message: String) -> Diagnostic {
        Diagnostic {
            severity,
            code,
            message,
            source: self.source.to_string(),
            place: Some(self.place),
            hint: None,
        }
    }
}

/// Whether any of them forbids going on.
pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(Diagnostic::is_error)
}

/// Puts diagnostics into reading order (errors first, then by place) and drops repetitions, which
/// arise where an alias brings the same lines in twice.
pub fn sort(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by(|a, b| {
        (a.severity, &a.source, a.place, a.code, &a.message)
            .cmp(&(b.severity, &b.source, b.place, b.code, &b.message))
    });
    diagnostics.dedup();
}
