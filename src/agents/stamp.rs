//! When a line of an agent's output was printed, as far as it says so.

use serde_json::Value;

use crate::model::{Millis, Timestamp};

#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub struct Stamp {
    pub at: Option<Timestamp>,
    /// How long the tool worked whose end the line tells.
    pub took: Option<Millis>,
}

impl Stamp {
    /// OpenCode tells milliseconds, and how long a tool took; Claude Code and the Gemini CLI tell RFC 3339; the others
    /// say nothing.
    pub fn of(line: &str) -> Self {
        let line: Value = serde_json::from_str(line).unwrap_or_default();
        let number = |at: &str| line.pointer(at).and_then(Value::as_u64);
        let words = || {
            let at: jiff::Timestamp = line.pointer("/timestamp")?.as_str()?.parse().ok()?;
            u64::try_from(at.as_millisecond()).ok()
        };
        let time = number("/part/state/time/start").zip(number("/part/state/time/end"));
        Self {
            at: number("/timestamp").or_else(words).map(Timestamp),
            took: time.map(|(start, end)| Timestamp(end).since(Timestamp(start))),
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
