//! Reads a journal's lines and tells a torn end, and what is not the run's, from damage.

use crate::run::{Event, Record, RunEvent};

use crate::model::FORMAT;

use std::io::{self, BufRead, Read, Seek};
use std::path::Path;

use serde_json::Value;

use super::{Foreign, JournalError};

/// What a journal holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    /// The records, complete and in order.
    pub records: Vec<Record>,
    /// What somebody else put behind them, if anybody did.
    pub foreign: Option<Foreign>,
}

/// A journal's content, and where it lies in the file.
#[derive(Debug)]
pub(super) struct Scan {
    pub content: Content,
    /// Length in bytes of the lines that hold the records. What follows is foreign, or torn: the beginning
    /// of a line that was never finished.
    pub complete: u64,
    /// Whether the last record's line lacks its line feed: the crash came between the two.
    pub is_open_ended: bool,
    /// Whether records of the run follow what is foreign. Nothing can be added to such a journal.
    pub goes_on: bool,
}

/// Reads all records up to what is none. `path` is for messages.
pub(super) fn scan(mut reader: impl BufRead, path: &Path) -> Result<Scan, JournalError> {
    let mut records = Vec::new();
    let (mut foreign, mut goes_on) = (None, false);
    let (mut complete, mut is_open_ended) = (0, false);
    let mut line = Vec::new();
    loop {
        line.clear();
        let length = reader
            .read_until(b'\n', &mut line)
            .map_err(JournalError::io("read", path))?;
        let seq = records.len() as u64 + 1;
        let is_last = line.last() != Some(&b'\n');
        if length == 0 {
            break;
        }
        if foreign.is_some() {
            goes_on = goes_on || is_record_from(&line, seq);
            continue;
        }
        match read_line(&line, seq) {
            Ok(record) => {
                records.push(record);
                complete += length as u64;
                is_open_ended = is_last;
            }
            Err(Unreadable::Format(format)) => {
                return Err(JournalError::OtherFormat {
                    path: path.to_owned(),
                    format,
                });
            }
            Err(Unreadable::Damaged(_)) if is_last => break,
            Err(Unreadable::Damaged(reason)) if seq > 1 => {
                goes_on = is_record_from(&line, seq);
                foreign = Some(Foreign { line: seq, reason });
            }
            Err(Unreadable::Damaged(reason)) => {
                let foreign = Foreign { line: seq, reason };
                return Err(JournalError::damaged(path, &foreign));
            }
        }
    }
    Ok(Scan {
        content: Content { records, foreign },
        complete,
        is_open_ended,
        goes_on,
    })
}

fn is_record_from(line: &[u8], seq: u64) -> bool {
    serde_json::from_slice(line).is_ok_and(|record: Record| record.seq >= seq)
}

enum Unreadable {
    Format(u64),
    Damaged(String),
}

pub(super) fn read_first(line: &[u8]) -> Result<Record, String> {
    match read_line(line, 1) {
        Ok(record) => Ok(record),
        Err(Unreadable::Format(format)) => {
            Err(format!("written by another tipstaff (format {format})"))
        }
        Err(Unreadable::Damaged(reason)) => Err(reason),
    }
}

fn read_line(line: &[u8], seq: u64) -> Result<Record, Unreadable> {
    // Before the types: another format may have other events and fields than these.
    if seq == 1
        && let Some(format) = format_of(line)
        && format != u64::from(FORMAT)
    {
        return Err(Unreadable::Format(format));
    }
    let record: Record =
        serde_json::from_slice(line).map_err(|error| Unreadable::Damaged(error.to_string()))?;
    if record.seq != seq {
        let found = record.seq;
        return Err(Unreadable::Damaged(format!(
            "expected record {seq}, found {found}"
        )));
    }
    if seq == 1 && !matches!(record.event, Event::Run(RunEvent::Started { .. })) {
        return Err(Unreadable::Damaged(
            "a journal begins with `run_started`".to_owned(),
        ));
    }
    Ok(record)
}

fn format_of(line: &[u8]) -> Option<u64> {
    let value: Value = serde_json::from_slice(line).ok()?;
    // Format 1 named the event outside.
    let event = &value["event"];
    let outside = event.get("run_started").unwrap_or(event);
    outside.get("format")?.as_u64()
}

/// The last complete line of a file, without reading what is before it.
pub(super) fn last_line<F: Read + Seek>(file: &mut F) -> io::Result<Vec<u8>> {
    let size = file.seek(io::SeekFrom::End(0))?;
    let mut window = 16 * 1024;
    loop {
        let start = size.saturating_sub(window);
        file.seek(io::SeekFrom::Start(start))?;
        let mut tail = Vec::new();
        file.by_ref().take(size - start).read_to_end(&mut tail)?;
        let complete = tail.iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
        let begin = tail[..complete].iter().rposition(|byte| *byte == b'\n');
        match begin {
            Some(begin) => return Ok(tail[begin + 1..complete].to_owned()),
            None if start == 0 => return Ok(tail[..complete].to_owned()),
            None => window *= 8,
        }
    }
}
