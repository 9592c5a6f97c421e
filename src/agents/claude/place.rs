//! Where a model is asked: at Anthropic, or at a cloud that has its models.

use crate::agents::environment::value;
use crate::agents::providers::{key_names, takes};
use crate::agents::sign_in_file::SignInPlace;
use crate::agents::{Carried, Environment, SignIn, sign_in};

/// A provider of Claude's models.
pub(super) struct Place {
    /// As OpenCode names it.
    pub provider: &'static str,
    /// The variable that sends Claude Code there.
    pub switch: Option<&'static str>,
    /// Names of variables for it, beside those that every client of the provider takes; a trailing `*` stands for
    /// any rest.
    also: &'static [&'static str],
}

const ANTHROPIC: Place = Place {
    provider: "anthropic",
    switch: None,
    also: &[
        "ANTHROPIC_AUTH_TOKEN",
        "ANTHROPIC_CUSTOM_HEADERS",
        "CLAUDE_CODE_OAUTH_TOKEN",
    ],
};
const CLOUDS: &[Place] = &[
    Place {
        provider: "amazon-bedrock",
        switch: Some("CLAUDE_CODE_USE_BEDROCK"),
        also: &[
            "ANTHROPIC_BEDROCK_BASE_URL",
            "CLAUDE_CODE_SKIP_BEDROCK_AUTH",
        ],
    },
    Place {
        provider: "google-vertex-anthropic",
        switch: Some("CLAUDE_CODE_USE_VERTEX"),
        also: &[
            "ANTHROPIC_VERTEX_*",
            "CLAUDE_CODE_SKIP_VERTEX_AUTH",
            "CLOUD_ML_REGION",
            "VERTEX_REGION_*",
        ],
    },
];

/// What signs in to Anthropic besides a key.
const TOKENS: [&str; 2] = ["ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"];

/// Where Claude Code keeps the sign-in with a subscription.
pub(super) const OWN: SignInPlace = SignInPlace {
    at: &[
        ("CLAUDE_CONFIG_DIR", ".credentials.json"),
        ("HOME", ".claude/.credentials.json"),
    ],
    below: "config/.credentials.json",
    expiry: "/claudeAiOauth/expiresAt",
    later: 0,
};

/// The place of a model, and what it is called there. The id says it (`amazon-bedrock/…`), or the user's own switch.
pub(super) fn of<'a>(id: &'a str, environment: &Environment) -> (&'static Place, &'a str) {
    let named = |place: &&Place| id.strip_prefix(place.provider)?.strip_prefix('/');
    for place in CLOUDS.iter().chain([&ANTHROPIC]) {
        if let Some(model) = named(&place) {
            return (place, model);
        }
    }
    let chosen = |place: &&Place| {
        place
            .switch
            .is_some_and(|switch| value(environment, switch).is_some())
    };
    (CLOUDS.iter().find(chosen).unwrap_or(&ANTHROPIC), id)
}

impl Place {
    /// Whether a variable of the user's is for it.
    pub(super) fn takes(&self, variable: &str) -> bool {
        let also = self
            .also
            .iter()
            .any(|pattern| match pattern.strip_suffix('*') {
                Some(start) => variable.starts_with(start),
                None => *pattern == variable,
            });
        also || takes(self.provider, variable)
    }
}

pub(super) fn signed_in(model: &str, carried: &Carried, environment: &Environment) -> SignIn {
    let place = of(model, environment).0;
    let mut keys = key_names(place.provider);
    if place.switch.is_none() {
        keys.extend(TOKENS.map(str::to_owned));
    }
    match sign_in::by_key(keys, &OWN, (carried, environment)) {
        SignIn::Key(name) => SignIn::Key(name),
        _ if carried.ambient.contains(place.provider) => SignIn::Ambient,
        SignIn::Refreshed if place.switch.is_none() => SignIn::Refreshed,
        _ => SignIn::None,
    }
}
