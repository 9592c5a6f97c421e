//! Which of the user's accounts an attempt works for.

use crate::agents::environment::value;
use crate::agents::sign_in_file::SignInPlace;
use crate::agents::{Carried, Environment};

/// What signs in, in the words of Gemini's settings, the first that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Account {
    /// Google AI Studio.
    Key,
    /// Vertex AI by a key.
    Express,
    /// Vertex AI by the credentials of its own tools.
    Vertex,
    /// The sign-in with Google that Gemini keeps in a file.
    Personal,
}

impl Account {
    pub(super) fn of(environment: &Environment, carried: &Carried) -> Option<Self> {
        let wants_vertex =
            value(environment, "GOOGLE_GENAI_USE_VERTEXAI").is_some_and(|word| word == "true");
        let all = match wants_vertex {
            true => [Self::Express, Self::Vertex].as_slice(),
            false => &[Self::Key],
        };
        let is_there = |account: &&Self| value(environment, account.signed_in_by()).is_some();
        let named = all.iter().find(is_there).copied();
        named
            .or_else(|| (!wants_vertex && carried.has(&OWN, environment)).then_some(Self::Personal))
    }

    pub(super) fn signed_in_by(self) -> &'static str {
        match self {
            Self::Key => "GEMINI_API_KEY",
            Self::Express => "GOOGLE_API_KEY",
            Self::Vertex => "GOOGLE_CLOUD_PROJECT",
            Self::Personal => "oauth_creds.json",
        }
    }

    pub(super) fn selected_type(self) -> &'static str {
        match self {
            Self::Key => "gemini-api-key",
            Self::Express | Self::Vertex => "vertex-ai",
            Self::Personal => "oauth-personal",
        }
    }

    pub(super) fn variables(self) -> &'static [&'static str] {
        match self {
            // A paid account works for a project.
            Self::Personal => &["GOOGLE_CLOUD_PROJECT"],
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

/// What Gemini keeps of a sign-in with Google.
pub(super) static OWN: SignInPlace = SignInPlace {
    at: &[
        ("GEMINI_CLI_HOME", ".gemini/oauth_creds.json"),
        ("HOME", ".gemini/oauth_creds.json"),
    ],
    below: "home/.gemini/oauth_creds.json",
    expiry: "/expiry_date",
    later: 0,
};
