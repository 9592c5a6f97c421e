//! `--json`: one event a line for programs (`docs/json-events.md`).
//!
//! The journal's form of an event (`{"run_started": {…}}`) is turned into one with a `type` field;
//! everything else stays as the journal has it. Contents of files never stand here, only artifacts.

use std::io::Write;

use serde_json::{Map, Value};

use crate::model::{Event, Record, Timestamp};

use super::error::ReportError;

/// Writes the JSON stream.
#[derive(Debug)]
pub struct JsonStream<W> {
    out: W,
}

impl<W: Write> JsonStream<W> {
    /// The events go to `out`, one a line.
    pub fn new(out: W) -> Self {
        Self { out }
    }

    /// Writes a record.
    ///
    /// # Errors
    ///
    /// When the writer refuses, or the event cannot be put into JSON.
    pub fn apply(&mut self, record: &Record) -> Result<(), ReportError> {
        let line = json_line(record)? + "\n";
        self.out
            .write_all(line.as_bytes())
            .and_then(|()| self.out.flush())
            .map_err(|source| ReportError::Write {
                what: "the JSON stream",
                source,
            })
    }
}

/// One line of the stream, without its line feed: `{"seq":…,"at":…,"event":{"type":…,…}}`.
///
/// # Errors
///
/// When the event cannot be put into JSON.
pub fn json_line(record: &Record) -> Result<String, ReportError> {
    let encode = |source| ReportError::Encode {
        seq: record.seq,
        source,
    };
    let mut line = Map::new();
    line.insert("seq".to_owned(), record.seq.into());
    line.insert("at".to_owned(), rfc3339(record.at).into());
    line.insert("event".to_owned(), typed(&record.event).map_err(encode)?);
    serde_json::to_string(&Value::Object(line)).map_err(encode)
}

/// A point in time as RFC 3339, UTC, with milliseconds; the greatest one when it is out of range.
pub(super) fn rfc3339(at: Timestamp) -> String {
    format!("{:.3}", instant(at))
}

/// A point in time for calendar purposes; the greatest one when it is out of range.
pub(super) fn instant(at: Timestamp) -> jiff::Timestamp {
    i64::try_from(at.0)
        .ok()
        .and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok())
        .unwrap_or(jiff::Timestamp::MAX)
}

fn typed(event: &Event) -> Result<Value, serde_json::Error> {
    let mut typed = Map::new();
    // serde puts an enum's variant outside: one key, whose value holds the fields.
    if let Value::Object(outer) = serde_json::to_value(event)? {
        for (kind, fields) in outer {
            typed.insert("type".to_owned(), kind.into());
            if let Value::Object(fields) = fields {
                typed.extend(fields);
            }
        }
    }
    Ok(Value::Object(typed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    const DOCS: &str = include_str!("../../docs/json-events.md");

    #[test]
    fn the_documentation_shows_every_event_as_it_is() {
        for record in sample::every_event() {
            let line = json_line(&record).expect("events are plain data");
            assert!(
                DOCS.lines().any(|documented| documented == line),
                "docs/json-events.md lacks this example:\n{line}"
            );
        }
    }

    #[test]
    fn every_documented_line_is_an_event() {
        let documented = DOCS.lines().filter(|line| line.starts_with("{\"seq\""));
        assert_eq!(documented.count(), sample::every_event().len());
    }

    #[test]
    fn a_line_turns_back_into_the_record() {
        for record in sample::ensemble().records {
            let line: Value =
                serde_json::from_str(&json_line(&record).expect("plain data")).expect("JSON");
            let mut fields = line["event"].as_object().expect("an object").clone();
            let kind = fields.remove("type").expect("a type");
            let kind = kind.as_str().expect("a text").to_owned();
            let event: Event =
                serde_json::from_value(Value::Object(Map::from_iter([(kind, fields.into())])))
                    .expect("the journal's form");
            assert_eq!(event, record.event);
        }
    }

    #[test]
    fn times_are_utc_with_milliseconds() {
        assert_eq!(
            rfc3339(Timestamp(1_795_362_301_007)),
            "2026-11-22T15:45:01.007Z"
        );
        assert_eq!(rfc3339(Timestamp(0)), "1970-01-01T00:00:00.000Z");
        assert!(rfc3339(Timestamp(u64::MAX)).starts_with("9999-12-30"));
    }
}
