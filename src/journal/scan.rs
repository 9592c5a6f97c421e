//! Reads a journal's lines and tells a torn end from damage.

use std::io::{self, BufRead, Read, Seek};
use std::path::Path;

use serde_json::Value;

use super::JournalError;
use crate::model::{Event, FORMAT, Record};

/// What a journal holds.
#[derive(Debug)]
pub(super) struct Scan {
    /// The records, complete and in order.
    pub records: Vec<Record>,
    /// Length in bytes of the lines that hold them.
    pub complete: u64,
    /// Whether the last record's line lacks its line feed: the crash came between the two.
    pub is_open_ended: bool,
    /// What follows the last record: the beginning of a line that was never finished.
    pub torn: Vec<u8>,
}

/// Reads all records. `path` is for messages.
pub(super) fn scan(mut reader: impl BufRead, path: &Path) -> Result<Scan, JournalError> {
    let mut scan = Scan {
        records: Vec::new(),
        complete: 0,
        is_open_ended: false,
        torn: Vec::new(),
    };
    let mut line = Vec::new();
    loop {
        line.clear();
        let length = reader
            .read_until(b'\n', &mut line)
            .map_err(JournalError::io("read", path))?;
        if length == 0 {
            return Ok(scan);
        }
        let seq = scan.records.len() as u64 + 1;
        let is_open_ended = line.last() != Some(&b'\n');
        match read_line(&line, seq) {
            Ok(record) => {
                scan.records.push(record);
                scan.complete += length as u64;
                scan.is_open_ended = is_open_ended;
            }
            Err(Unreadable::Newer(format)) => {
                return Err(JournalError::Newer {
                    path: path.to_owned(),
                    format,
                });
            }
            Err(Unreadable::Damaged(_)) if is_open_ended => {
                scan.torn = line;
                return Ok(scan);
            }
            Err(Unreadable::Damaged(reason)) => {
                return Err(JournalError::Damaged {
                    path: path.to_owned(),
                    line: seq,
                    reason,
                });
            }
        }
    }
}

enum Unreadable {
    Newer(u64),
    Damaged(String),
}

/// Reads one line as the record number `seq`.
pub(super) fn read_first(line: &[u8]) -> Result<Record, String> {
    match read_line(line, 1) {
        Ok(record) => Ok(record),
        Err(Unreadable::Newer(format)) => {
            Err(format!("written by a newer tipstaff (format {format})"))
        }
        Err(Unreadable::Damaged(reason)) => Err(reason),
    }
}

fn read_line(line: &[u8], seq: u64) -> Result<Record, Unreadable> {
    // Before the types: a newer format may have other events and fields than these.
    if seq == 1
        && let Some(format) = format_of(line)
        && format > u64::from(FORMAT)
    {
        return Err(Unreadable::Newer(format));
    }
    let record: Record =
        serde_json::from_slice(line).map_err(|error| Unreadable::Damaged(error.to_string()))?;
    if record.seq != seq {
        let found = record.seq;
        return Err(Unreadable::Damaged(format!(
            "expected record {seq}, found {found}"
        )));
    }
    if seq == 1 && !matches!(record.event, Event::RunStarted { .. }) {
        return Err(Unreadable::Damaged(
            "a journal begins with `run_started`".to_owned(),
        ));
    }
    Ok(record)
}

fn format_of(line: &[u8]) -> Option<u64> {
    let value: Value = serde_json::from_slice(line).ok()?;
    value.pointer("/event/run_started/format")?.as_u64()
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
