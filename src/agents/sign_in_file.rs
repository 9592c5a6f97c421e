//! The file of the user's own sign-in with an agent's program, which that program refreshes and writes back.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

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
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
