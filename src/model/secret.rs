//! Secrets: what names one, and values that no record can take up.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Words of a name that mark a secret.
const WORDS: [&str; 11] = [
    "KEY",
    "KEYS",
    "PAT",
    "AUTH",
    "AUTHORIZATION",
    "BEARER",
    "PASS",
    "PASSPHRASE",
    "CREDENTIAL",
    "CREDENTIALS",
    "COOKIE",
];

/// Endings of such words that mark a secret.
const ENDINGS: [&str; 8] = [
    "APIKEY",
    "TOKEN",
    "TOKENS",
    "SECRET",
    "SECRETS",
    "PASSWORD",
    "PASSWORDS",
    "PASSWD",
];

/// Last words of a name that say: the value is where the secret lies, not the secret.
const PLACES: [&str; 6] = ["FILE", "PATH", "DIR", "SOCK", "ID", "LIMIT"];

/// Whether the value of a variable or an option of that name is likely a secret. The one list of such names.
pub fn names_a_secret(name: &str) -> bool {
    let words = words(name);
    let is_place = words.last().is_some_and(|last| PLACES.contains(&&**last));
    !is_place
        && words.iter().any(|word| {
            WORDS.contains(&&**word) || ENDINGS.iter().any(|ending| word.ends_with(ending))
        })
}

/// `OPENAI_API_KEY`, `apiKey`, `X-Auth` in their words, in capitals.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = '_';
    for letter in name.chars() {
        let is_inside = letter.is_alphanumeric();
        if !is_inside || (before.is_lowercase() && letter.is_uppercase()) {
            words.push(String::new());
        }
        if let (true, Some(word)) = (is_inside, words.last_mut()) {
            word.extend(letter.to_uppercase());
        }
        before = letter;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A value that may be a secret. It cannot be serialized, and is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps the value from records.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value, for the environment of an agent and for what looks for it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// The variables that the configuration sets for an agent. Written down, they are their names: a run that
/// is taken up again gets the values from the configuration anew.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AgentEnv(BTreeMap<String, Option<Secret>>);

impl AgentEnv {
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), Some(Secret::new(value)));
    }

    /// Lays other variables over these.
    pub fn extend(&mut self, over: Self) {
        self.0.extend(over.0);
    }

    /// The variables whose values are known.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Secret)> {
        let values = self.0.iter();
        values.filter_map(|(name, value)| Some((name.as_str(), value.as_ref()?)))
    }

    /// Takes the values that are not known from there.
    ///
    /// # Errors
    /// The first name that has no value there either.
    pub fn complete(&mut self, from: &Self) -> Result<(), String> {
        for (name, value) in &mut self.0 {
            if value.is_none() {
                *value = from.0.get(name).cloned().flatten();
            }
            if value.is_none() {
                return Err(name.clone());
            }
        }
        Ok(())
    }
}

impl Serialize for AgentEnv {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.keys())
    }
}

impl<'de> Deserialize<'de> for AgentEnv {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(from)?;
        Ok(Self(names.into_iter().map(|name| (name, None)).collect()))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn secrets_are_known_by_names() {
        for name in [
            "OPENAI_API_KEY",
            "GITHUB_TOKEN",
            "DB_PASSWORD",
            "my_secret",
            "SOME_APIKEY",
            "NPM_AUTH",
            "apiKey",
            "secretAccessKey",
            "X-Auth",
            "Authorization",
            "AWS_BEARER_TOKEN_BEDROCK",
        ] {
            assert!(names_a_secret(name), "{name}");
        }
        for name in [
            "HOME",
            "KEYBOARD",
            "SSH_AUTH_SOCK",
            "AWS_ACCESS_KEY_ID",
            "TOKEN_FILE",
            "baseURL",
            "",
            "PATH",
        ] {
            assert!(!names_a_secret(name), "{name}");
        }
    }

    #[test]
    fn written_down_variables_are_names_alone() {
        let mut env = AgentEnv::default();
        env.set("MY_KEY", "sk-1234567890");
        let json = serde_json::to_string(&env).unwrap();
        assert_eq!(json, r#"["MY_KEY"]"#);
        assert!(!format!("{env:?}").contains("sk-"));
        let mut read: AgentEnv = serde_json::from_str(&json).unwrap();
        assert_eq!(read.iter().count(), 0);
        let missing = read.complete(&AgentEnv::default()).unwrap_err();
        assert_eq!(missing, "MY_KEY");
        read.complete(&env).unwrap();
        assert_eq!(read, env);
    }
}
