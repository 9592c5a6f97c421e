//! Which of the user's accounts an attempt works for.

use crate::agents::Environment;
use crate::agents::environment::value;

/// What signs in, in the words of Gemini's settings, the first that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Account {
    /// Google AI Studio.
    Key,
    /// Vertex AI by a key.
    Express,
    /// Vertex AI by the credentials of its own tools.
    Vertex,
}

impl Account {
    pub(super) fn of(environment: &Environment) -> Option<Self> {
        let wants_vertex =
            value(environment, "GOOGLE_GENAI_USE_VERTEXAI").is_some_and(|word| word == "true");
        let all = match wants_vertex {
            true => [Self::Express, Self::Vertex].as_slice(),
            false => &[Self::Key],
        };
        let is_there = |account: &&Self| value(environment, account.signed_in_by()).is_some();
        all.iter().find(is_there).copied()
    }

    pub(super) fn signed_in_by(self) -> &'static str {
        match self {
            Self::Key => "GEMINI_API_KEY",
            Self::Express => "GOOGLE_API_KEY",
            Self::Vertex => "GOOGLE_CLOUD_PROJECT",
        }
    }

    pub(super) fn selected_type(self) -> &'static str {
        match self {
            Self::Key => "gemini-api-key",
            Self::Express | Self::Vertex => "vertex-ai",
        }
    }

    pub(super) fn variables(self) -> &'static [&'static str] {
        match self {
            Self::Key => &["GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL"],
            Self::Express => &[
                "GOOGLE_API_KEY",
                "GOOGLE_GENAI_USE_VERTEXAI",
                "GOOGLE_VERTEX_BASE_URL",
            ],
            Self::Vertex => &[
                "GOOGLE_GENAI_USE_VERTEXAI",
                "GOOGLE_CLOUD_PROJECT",
                "GOOGLE_CLOUD_LOCATION",
                "GOOGLE_APPLICATION_CREDENTIALS",
                "GOOGLE_VERTEX_BASE_URL",
            ],
        }
    }
}
