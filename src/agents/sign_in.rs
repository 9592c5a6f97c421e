//! Whether a provider can be used at all, before time or money is spent on it.

use std::fmt;

use super::carried::AuthEntry;
use super::environment::value;
use super::providers::key_names;
use super::sign_in_file::SignInPlace;
use super::{Carried, Environment};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignIn {
    Key(String),
    /// By the user's own sign-in.
    Auth,
    /// By that alone, with a token that the agent refreshes and writes back.
    Refreshed,
    /// By the provider's settings: a key, or an own server that needs none.
    ProviderConfig,
    /// By the sign-in of the provider's own tools (`~/.aws`, gcloud).
    Ambient,
    Free,
    /// Not at all: a call would fail.
    None,
}

impl fmt::Display for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(name) => f.write_str(name),
            Self::Auth | Self::Refreshed => f.write_str("signed in"),
            Self::ProviderConfig => f.write_str("configured"),
            Self::Ambient => f.write_str("the provider's own tools"),
            Self::Free => f.write_str("no sign-in needed"),
            Self::None => f.write_str("not signed in"),
        }
    }
}

/// By the first of these keys that is set, else by the user's own sign-in.
pub(super) fn by_key(
    keys: impl IntoIterator<Item = impl Into<String>>,
    own: &SignInPlace,
    (carried, environment): (&Carried, &Environment),
) -> SignIn {
    let mut keys = keys.into_iter().map(Into::into);
    match keys.find(|name| value(environment, name).is_some()) {
        Some(name) => SignIn::Key(name),
        None if carried.has(own, environment) => SignIn::Refreshed,
        None => SignIn::None,
    }
}

/// How OpenCode signs in to a provider.
pub(super) fn signed_in(carried: &Carried, provider: &str, environment: &Environment) -> SignIn {
    let is_set = |name: &String| value(environment, name).is_some();
    let mut names = key_names(provider);
    names.extend(carried.key_variables(provider));
    for settings in carried.settings(provider) {
        let options = settings.get("options").or(settings.get("settings"));
        let option = |key: &str| {
            let text = options?.get(key)?.as_str()?;
            (!text.is_empty()).then_some(text)
        };
        let mentioned = carried.variables_of(provider);
        if option("apiKey").is_some() && mentioned.iter().all(is_set) {
            return SignIn::ProviderConfig;
        }
        if option("baseURL").is_some() && option("apiKey").is_none() {
            return SignIn::ProviderConfig;
        }
    }
    if let Some(AuthEntry::Key(_)) = carried.auth.get(provider) {
        return SignIn::Auth;
    }
    let key = names.into_iter().find(is_set).map(SignIn::Key);
    match (carried.auth.get(provider), key) {
        (Some(_), None) => return SignIn::Refreshed,
        (Some(_), Some(_)) => return SignIn::Auth,
        (None, Some(key)) => return key,
        (None, None) => {}
    }
    if carried.ambient.contains(provider) {
        return SignIn::Ambient;
    }
    if provider == "opencode" {
        return SignIn::Free;
    }
    SignIn::None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        pairs
            .iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect()
    }

    #[test]
    fn each_way_to_sign_in_is_seen() {
        let mut carried = Carried::default();
        carried.providers.insert(
            "local".into(),
            json!({ "options": { "baseURL": "http://127.0.0.1:1/v1" } }),
        );
        carried.providers.insert(
            "gate".into(),
            json!({ "options": { "apiKey": "{env:GATE}" } }),
        );
        carried.auth.insert("openai".into(), AuthEntry::Refreshed);
        let env = environment(&[("ANTHROPIC_API_KEY", "k"), ("GROQ_API_KEY", "")]);
        let ask = |provider: &str| signed_in(&carried, provider, &env);
        assert_eq!(ask("local"), SignIn::ProviderConfig);
        assert_eq!(ask("gate"), SignIn::None);
        assert_eq!(ask("openai"), SignIn::Refreshed);
        assert_eq!(ask("anthropic"), SignIn::Key("ANTHROPIC_API_KEY".into()));
        assert_eq!(ask("groq"), SignIn::None, "an empty variable is none");
        assert_eq!(ask("opencode"), SignIn::Free);
        let env = environment(&[("GATE", "k")]);
        assert_eq!(signed_in(&carried, "gate", &env), SignIn::ProviderConfig);
    }
}
