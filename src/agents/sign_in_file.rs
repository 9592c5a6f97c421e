//! The file of the user's own sign-in with an agent's program, which that program refreshes and writes back.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::environment::{Environment, value};
use crate::model::names_a_secret;

/// Where an agent keeps it, whoever the user is.
pub struct SignInPlace {
    /// Variables that name a folder, each with the file below it; the first that is set counts.
    pub at: &'static [(&'static str, &'static str)],
    /// As in [`SignInFile`].
    pub below: &'static str,
    pub expiry: &'static str,
    pub later: i64,
}

impl SignInPlace {
    pub fn file(&self, environment: &Environment) -> Option<SignInFile> {
        let mut places = self.at.iter();
        let path =
            places.find_map(|(name, at)| Some(Path::new(value(environment, name)?).join(at)))?;
        Some(SignInFile {
            path,
            below: self.below.into(),
            expiry: self.expiry.to_owned(),
            later: self.later,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInFile {
    /// The user's own: absolute.
    pub path: PathBuf,
    /// Where the agent looks for it, below the private folder of an attempt.
    pub below: PathBuf,
    /// Where in its JSON the time is at which the token has to be refreshed, as a JSON pointer to milliseconds of
    /// the epoch or to a timestamp.
    pub expiry: String,
    /// How many hours later it has to be, where that time is the one of the last refresh.
    pub later: i64,
}

impl SignInFile {
    /// When a content of it has to be refreshed, in milliseconds of the epoch; `None` if it does not say so, or is
    /// not whole.
    pub fn expires(&self, content: &[u8]) -> Option<i64> {
        let content: Value = serde_json::from_slice(content).ok()?;
        let at = content.pointer(&self.expiry)?;
        let said = || at.as_str()?.parse::<jiff::Timestamp>().ok();
        let millis = at.as_i64().or_else(|| Some(said()?.as_millisecond()))?;
        Some(millis.saturating_add(self.later * 3_600_000))
    }

    /// Whether a content of it signs in.
    pub fn is_whole(&self, content: &[u8]) -> bool {
        self.holds(content, &names_a_secret)
    }

    /// Whether a content of it stays as it is: it holds a key, and nothing that gets a new one.
    pub fn is_fixed(&self, content: &[u8]) -> bool {
        let is_refreshed = self.holds(content, &|name| name.starts_with("refresh"));
        self.expires(content).is_none() && self.is_whole(content) && !is_refreshed
    }

    /// A content without what is beside the sign-in: tokens of MCP servers are none of a call's.
    pub fn alone(&self, content: &[u8]) -> Vec<u8> {
        let alone = self.key().and_then(|key| {
            let mut map: Map<String, Value> = serde_json::from_slice(content).ok()?;
            map.retain(|name, _| name == key);
            serde_json::to_vec(&map).ok()
        });
        alone.unwrap_or_else(|| content.to_vec())
    }

    /// A content with the sign-in of another one in the place of its own.
    pub fn with(&self, content: &[u8], other: &[u8]) -> Vec<u8> {
        let merged = self.key().and_then(|key| {
            let mut map: Map<String, Value> = serde_json::from_slice(content).ok()?;
            let mut other: Map<String, Value> = serde_json::from_slice(other).ok()?;
            map.insert(key.to_owned(), other.remove(key)?);
            serde_json::to_vec(&map).ok()
        });
        merged.unwrap_or_else(|| other.to_vec())
    }

    /// The part of the JSON that is the sign-in, as a pointer.
    fn part(&self) -> &str {
        self.expiry.rsplit_once('/').map_or("", |(part, _)| part)
    }

    /// Its key, where there is more in the file.
    fn key(&self) -> Option<&str> {
        self.part().split('/').nth(1)
    }

    fn holds(&self, content: &[u8], is_it: &dyn Fn(&str) -> bool) -> bool {
        let content: Value = serde_json::from_slice(content).unwrap_or_default();
        let part = content.pointer(self.part());
        part.is_some_and(|part| has_text(part, is_it))
    }
}

/// Whether there is a text under such a name, however deep.
fn has_text(content: &Value, is_it: &dyn Fn(&str) -> bool) -> bool {
    match content {
        Value::Object(map) => map.iter().any(|(name, value)| {
            let is_set = value.as_str().is_some_and(|text| !text.is_empty());
            (is_set && is_it(name)) || has_text(value, is_it)
        }),
        Value::Array(items) => items.iter().any(|item| has_text(item, is_it)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::testing::Bench;
    use crate::agents::{Carried, SignIn, of};
    use crate::plan::AgentKind;

    #[test]
    fn own_sign_in_of_each_agent_is_found_and_a_secret() {
        for kind in [
            AgentKind::Claude,
            AgentKind::Codex,
            AgentKind::Gemini,
            AgentKind::Qwen,
        ] {
            let home = tempfile::tempdir().expect("a folder");
            let mut bench = Bench::new(kind).signed_in(home.path());
            let ask = |bench: &Bench| (of(kind).signed_in)("m", &bench.carried, &bench.environment);
            assert_eq!(ask(&bench), SignIn::Refreshed, "{kind:?}");
            let secrets = bench.carried.secrets(&bench.environment);
            let secrets: Vec<&str> = secrets.iter().map(|(_, secret)| secret.as_str()).collect();
            assert!(secrets.contains(&"access-1"), "{kind:?}");
            bench.carried = Carried::default();
            assert_eq!(ask(&bench), SignIn::None, "{kind:?}");
        }
    }

    #[test]
    fn a_refresh_is_due_at_a_time_or_some_time_after_the_last() {
        let due = |expiry: &str, later, content: &str| {
            let (path, below) = ("/a".into(), "a".into());
            let expiry = expiry.to_owned();
            let file = SignInFile {
                path,
                below,
                expiry,
                later,
            };
            file.expires(content.as_bytes())
        };
        assert_eq!(due("/a/at", 0, r#"{"a":{"at":7}}"#), Some(7));
        let last = r#"{"last":"1970-01-01T00:00:01Z"}"#;
        assert_eq!(due("/last", 2, last), Some(7_201_000));
        for content in ["{}", r#"{"last":null}"#, r#"{"last":"soon"}"#, "{"] {
            assert_eq!(due("/last", 0, content), None, "{content}");
        }
    }

    #[test]
    fn key_without_a_refresh_token_stays_as_it_is() {
        let file = SignInFile {
            path: "/a".into(),
            below: "a".into(),
            expiry: "/at".to_owned(),
            later: 0,
        };
        for (content, is_fixed) in [
            (r#"{"OPENAI_API_KEY":"sk-0123456789","tokens":null}"#, true),
            (
                r#"{"tokens":{"access_token":"at-0123456789","refresh_token":"rt-0123456789"}}"#,
                false,
            ),
            (
                r#"{"claudeAiOauth":{"accessToken":"at-0123456789","refreshToken":""}}"#,
                true,
            ),
            (r#"{"OPENAI_API_KEY":"sk-0123"#, false),
            ("{}", false),
            (r#"{"at":7,"token":"t-0123456789"}"#, false),
        ] {
            assert_eq!(file.is_fixed(content.as_bytes()), is_fixed, "{content}");
        }
    }

    #[test]
    fn what_is_beside_a_sign_in_is_neither_lent_nor_changed() {
        let file = SignInFile {
            path: "/a".into(),
            below: "a".into(),
            expiry: "/own/at".to_owned(),
            later: 0,
        };
        let content = br#"{"mcp":{"token":"t-of-another"},"own":{"token":"old","at":1}}"#;
        let lent = file.alone(content);
        assert_eq!(lent, br#"{"own":{"token":"old","at":1}}"#);
        let refreshed = br#"{"own":{"token":"new","at":2},"planted":1}"#;
        let back = r#"{"mcp":{"token":"t-of-another"},"own":{"token":"new","at":2}}"#;
        assert_eq!(file.with(content, refreshed), back.as_bytes());
        let others = br#"{"mcp":{"token":"t-of-another"}}"#;
        assert!(file.is_whole(content) && !file.is_whole(others));
        assert_eq!(file.with(b"{", &lent), lent);
    }
}
