//! Reading a journal that somebody else writes, as it grows.

use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::PathBuf;

use super::JournalError;
use crate::files;
use crate::run::Record;

/// A reader that stands behind the last record that it gave.
#[derive(Debug)]
pub struct Follow {
    path: PathBuf,
    at: u64,
}

impl Follow {
    /// From the beginning of this journal.
    pub fn new(path: PathBuf) -> Self {
        Self { path, at: 0 }
    }

    /// The records that were added since. What is no record is not passed over: it is not the run's.
    pub fn read_new(&mut self) -> Result<Vec<Record>, JournalError> {
        let failed = JournalError::io("read", &self.path);
        let mut records = Vec::new();
        let read = (|| {
            let mut file = files::open(&self.path)?;
            file.seek(SeekFrom::Start(self.at))?;
            let mut reader = BufReader::new(file);
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line)? > 0 {
                let whole = line.last() == Some(&b'\n');
                let Some(record) = serde_json::from_slice(&line).ok().filter(|_| whole) else {
                    break;
                };
                records.push(record);
                self.at += line.len() as u64;
                line.clear();
            }
            Ok(())
        })();
        read.map_err(failed).map(|()| records)
    }
}
