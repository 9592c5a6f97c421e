//! Which of the user's accounts an attempt works for.

use crate::agents::environment::value;
use crate::agents::sign_in_file::SignInPlace;
use crate::agents::{Carried, Environment};

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Account {
    /// The variable or file that signs in.
    pub signed_in_by: &'static str,
    /// As Gemini's settings call it.
    pub kind: &'static str,
    /// What else it needs, the variable included.
    pub variables: &'static [&'static str],
}

/// Google AI Studio.
pub(super) static KEY: Account = Account {
    signed_in_by: "GEMINI_API_KEY",
    kind: "gemini-api-key",
    variables: &["GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL"],
};

/// Vertex AI by a key.
static EXPRESS: Account = Account {
    signed_in_by: "GOOGLE_API_KEY",
    kind: "vertex-ai",
    variables: &["GOOGLE_API_KEY", SWITCH, "GOOGLE_VERTEX_BASE_URL"],
};

/// Vertex AI by the credentials of its own tools.
pub(super) static VERTEX: Account = Account {
    signed_in_by: "GOOGLE_CLOUD_PROJECT",
    kind: "vertex-ai",
    variables: &[
        SWITCH,
        "GOOGLE_CLOUD_PROJECT",
        "GOOGLE_CLOUD_LOCATION",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "GOOGLE_VERTEX_BASE_URL",
    ],
};

/// Sends Gemini to Vertex AI.
const SWITCH: &str = "GOOGLE_GENAI_USE_VERTEXAI";

/// The sign-in with Google that Gemini keeps in a file. A paid account works for a project.
pub(super) static PERSONAL: Account = Account {
    signed_in_by: "oauth_creds.json",
    kind: "oauth-personal",
    variables: &["GOOGLE_CLOUD_PROJECT"],
};

impl Account {
    /// The first that is there.
    pub(super) fn of(environment: &Environment, carried: &Carried) -> Option<&'static Self> {
        let is_there = |account: &&Self| value(environment, account.signed_in_by).is_some();
        if value(environment, SWITCH).is_some_and(|word| word == "true") {
            return [&EXPRESS, &VERTEX].into_iter().find(is_there);
        }
        let personal = || carried.has(&OWN, environment).then_some(&PERSONAL);
        Some(&KEY).filter(is_there).or_else(personal)
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
