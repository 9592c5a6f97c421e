//! Where a model is asked: at Anthropic, or at a cloud that has its models.

use std::path::{Path, PathBuf};

use crate::agents::environment::value;
use crate::agents::providers::{key_names, takes};
use crate::agents::{Carried, Environment, SignIn, SignInFile};

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
pub(super) fn sign_in_file(environment: &Environment) -> Option<SignInFile> {
    let folder = value(environment, "CLAUDE_CONFIG_DIR").map(PathBuf::from);
    let folder = folder.or_else(|| Some(Path::new(value(environment, "HOME")?).join(".claude")));
    Some(SignInFile {
        path: folder?.join(".credentials.json"),
        below: "config/.credentials.json".into(),
        expiry: "/claudeAiOauth/expiresAt".to_owned(),
        later: 0,
    })
}

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

    pub(super) fn signed_in(&self, carried: &Carried, environment: &Environment) -> SignIn {
        let mut keys = key_names(self.provider);
        if self.switch.is_none() {
            keys.extend(TOKENS.map(str::to_owned));
        }
        let is_there = |file| self.switch.is_none() && carried.has(&file);
        match keys
            .into_iter()
            .find(|name| value(environment, name).is_some())
        {
            Some(name) => SignIn::Key(name),
            None if carried.ambient.contains(self.provider) => SignIn::Ambient,
            None if sign_in_file(environment).is_some_and(is_there) => SignIn::Refreshed,
            None => SignIn::None,
        }
    }
}
