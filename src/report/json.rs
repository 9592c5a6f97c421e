//! `--json`: one event a line for programs (`docs/json-events.md`).
//!
//! A line is the journal's line. Contents of files are never here, only artifacts.

use std::io::Write;

use crate::run::Record;

use super::error::ReportError;

#[derive(Debug)]
pub struct JsonStream<W> {
    out: W,
}

impl<W: Write> JsonStream<W> {
    /// The events go to `out`, one a line.
    pub fn new(out: W) -> Self {
        Self { out }
    }

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
pub fn json_line(record: &Record) -> Result<String, ReportError> {
    serde_json::to_string(record).map_err(|source| ReportError::Encode {
        seq: record.seq,
        source,
    })
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
        for record in sample::every_event() {
            let line = json_line(&record).expect("plain data");
            let read: Record = serde_json::from_str(&line).expect("a record");
            assert_eq!(read, record);
        }
    }
}
