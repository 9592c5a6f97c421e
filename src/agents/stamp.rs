//! When a line of an agent's output was printed, as far as it says so.

use serde::Deserialize;

use crate::model::{Millis, Timestamp};

#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub struct Stamp {
    pub at: Option<Timestamp>,
    /// How long the tool worked whose end the line tells.
    pub took: Option<Millis>,
}

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    timestamp: serde_json::Value,
    #[serde(default)]
    part: Option<Part>,
}

#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    state: Option<State>,
}

#[derive(Deserialize)]
struct State {
    #[serde(default)]
    time: Option<Time>,
}

#[derive(Deserialize)]
struct Time {
    start: u64,
    end: u64,
}

impl Stamp {
    /// OpenCode tells milliseconds, and how long a tool took; Claude Code and the Gemini CLI tell RFC 3339; the others
    /// say nothing.
    pub fn of(line: &str) -> Self {
        let Ok(line) = serde_json::from_str::<Line>(line) else {
            return Self::default();
        };
        let in_words = |text: &str| {
            let at = text.parse::<jiff::Timestamp>().ok()?;
            u64::try_from(at.as_millisecond()).ok()
        };
        let at = line.timestamp.as_u64();
        let at = at.or_else(|| in_words(line.timestamp.as_str()?));
        let time = line.part.and_then(|part| part.state?.time);
        Self {
            at: at.map(Timestamp),
            took: time.map(|time| Timestamp(time.end).since(Timestamp(time.start))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_in_both_forms_and_never_invented() {
        let of = |at, took: Option<u64>| Stamp {
            at: Some(Timestamp(at)),
            took: took.map(Millis),
        };
        let tool =
            r#"{"timestamp":1795362351100,"part":{"state":{"time":{"start":5,"end":1205}}}}"#;
        assert_eq!(Stamp::of(tool), of(1_795_362_351_100, Some(1200)));
        let words = r#"{"type":"result","timestamp":"2026-11-22T15:45:51.100Z"}"#;
        assert_eq!(Stamp::of(words), of(1_795_362_351_100, None));
        for line in [
            r#"{"timestamp":"soon"}"#,
            "{}",
            "plain",
            "7",
            r#"{"timestamp":-1}"#,
        ] {
            assert_eq!(Stamp::of(line), Stamp::default(), "{line}");
        }
    }
}
