//! The append-only event log of a run: the only source of truth of what happened.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::head::Head;
use super::run_folder::Unsynced;
use super::scan::{Content, Scan, scan};
use super::{Foreign, JournalError, Redactor};
use crate::files;
use crate::model::Timestamp;
use crate::run::{CallEvent, Event, Record};

/// A run's journal, open for writing. One process at a time: hold the [`super::RunLock`].
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    next: u64,
    /// Length in bytes of the complete records.
    end: u64,
    /// Whether something half-written may be after `end`.
    is_dirty: bool,
    redactor: Redactor,
    unsynced: Unsynced,
    /// Tells outside of the project what is here.
    head: Option<Head>,
}

impl Journal {
    /// Makes an empty journal; it must not exist yet. Secrets are taken out of every text of an event before
    /// it is written.
    ///
    /// # Errors
    /// [`JournalError::NoSpace`], [`JournalError::NotWritable`], [`JournalError::Io`] if it exists.
    pub(super) fn create(path: &Path, redactor: Redactor) -> Result<Self, JournalError> {
        let file = files::create(path, 0o600)
            .and_then(|_| files::append(path))
            .map_err(JournalError::io("create", path))?;
        // The name of the file has to survive a crash of the machine just like its lines.
        if let Some(folder) = path.parent() {
            let _ = files::sync_folder(folder);
        }
        Ok(Self::new(file, path, 1, 0, redactor))
    }

    /// Opens a journal to go on with it, and reads what it holds, of which no more is taken than the first
    /// `vouched` bytes if somebody vouches for them. The beginning of a last line that
    /// was never finished, and what somebody else put there, is cut off and kept aside as `journal.torn`.
    pub(super) fn open(
        path: &Path,
        vouched: Option<u64>,
        redactor: Redactor,
    ) -> Result<(Self, Content), JournalError> {
        let mut found = scan_file(path, u64::MAX)?;
        if let Some(vouched) = vouched.filter(|vouched| *vouched < found.complete) {
            found = scan_file(path, vouched)?;
            let next = found.content.records.len() as u64 + 1;
            found.content.foreign = Some(Foreign::unknown(next));
        } else if let (Some(foreign), true) = (&found.content.foreign, found.goes_on) {
            return Err(JournalError::damaged(path, foreign));
        }
        let file = files::append(path).map_err(JournalError::io("write", path))?;
        let next = found.content.records.len() as u64 + 1;
        let mut journal = Self::new(file, path, next, found.complete, redactor);
        if vouched.is_some() {
            // What the head is to count on from now.
            let synced = journal.file.sync_data();
            synced.map_err(JournalError::io("write", path))?;
        }
        if journal.length()? > found.complete {
            journal.keep_torn()?;
            journal.is_dirty = true;
            journal.cut()?;
        }
        if found.is_open_ended {
            journal.write(b"\n", true)?;
        }
        Ok((journal, found.content))
    }

    /// Reads a journal without touching it; a supervisor may be writing it at the same time. An
    /// unfinished last line is passed over.
    pub fn read(path: &Path) -> Result<Content, JournalError> {
        Ok(scan_file(path, u64::MAX)?.content)
    }

    /// These folders are synced before anything is appended, and the head is told what is.
    pub(super) fn of_run(mut self, folders: Unsynced, head: Head) -> Self {
        self.unsynced = folders;
        self.head = Some(head);
        self
    }

    /// From here on, with a redactor that knows more.
    #[must_use]
    pub fn redacting(mut self, redactor: Redactor) -> Self {
        self.redactor = redactor;
        self
    }

    /// Appends events in one write and returns their records as they were written. When this
    /// returns, they are on disk (those that only tell of progress: handed to the system). When it
    /// fails, none of them is, and the journal is as it was.
    pub fn append(&mut self, at: Timestamp, events: &[Event]) -> Result<Vec<Record>, JournalError> {
        let numbered = (self.next..).zip(events.iter().cloned());
        self.add(numbered.map(|(seq, event)| Record { seq, at, event }))
    }

    /// The same for records of another journal, which keep their times; their numbers go on from what is here.
    pub fn add(
        &mut self,
        new: impl IntoIterator<Item = Record>,
    ) -> Result<Vec<Record>, JournalError> {
        let (mut records, mut lines) = (Vec::new(), Vec::new());
        for record in new {
            let record = self.redactor.redact_data(record);
            serde_json::to_writer(&mut lines, &record)
                .map_err(io::Error::from)
                .map_err(JournalError::io("write", &self.path))?;
            lines.push(b'\n');
            records.push(record);
        }
        let decides = records.iter().any(|record| is_decisive(&record.event));
        self.write(&lines, decides)?;
        self.next += records.len() as u64;
        Ok(records)
    }

    fn new(file: File, path: &Path, next: u64, end: u64, redactor: Redactor) -> Self {
        Self {
            file,
            path: path.to_owned(),
            next,
            end,
            is_dirty: false,
            redactor,
            unsynced: Unsynced::default(),
            head: None,
        }
    }

    /// For tests: a journal on a file that behaves badly.
    #[cfg(test)]
    pub(super) fn on(file: File, path: &Path) -> Self {
        Self::new(file, path, 1, 0, Redactor::default())
    }

    /// For tests: as if a write had failed and its remains could not be cut off.
    #[cfg(test)]
    pub(super) fn mark_dirty(&mut self) {
        self.is_dirty = true;
    }

    /// Writes lines, which are on disk when this returns if they are to be `synced`.
    fn write(&mut self, bytes: &[u8], synced: bool) -> Result<(), JournalError> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.cut()?;
        // A record behind somebody else's line would be lost to every reader.
        let found = self.length()?;
        if found != self.end {
            return Err(JournalError::Changed {
                path: self.path.clone(),
                expected: self.end,
                found,
            });
        }
        // What the lines name must not be gone after a crash that they survive.
        self.unsynced.sync();
        if let Some(head) = &mut self.head {
            head.announce(bytes, self.end, synced)?;
        }
        self.is_dirty = true;
        if let Err(error) = write_lines(&mut self.file, bytes, synced) {
            // If even this fails, the next append tries again, and `open` knows a torn line.
            let _ = self.cut();
            return Err(JournalError::io("write", &self.path)(error));
        }
        self.is_dirty = false;
        self.end += bytes.len() as u64;
        if let Some(head) = &mut self.head {
            head.went(bytes, self.end, synced);
        }
        Ok(())
    }

    fn length(&self) -> Result<u64, JournalError> {
        let metadata = self.file.metadata();
        let length = metadata.map(|metadata| metadata.len());
        length.map_err(JournalError::io("read", &self.path))
    }

    /// Keeps aside what is after the complete records.
    fn keep_torn(&mut self) -> Result<(), JournalError> {
        let path = self.path.with_extension("torn");
        let mut kept = files::append(&path).map_err(JournalError::io("write", &path))?;
        self.file
            .seek(io::SeekFrom::Start(self.end))
            .and_then(|_| io::copy(&mut self.file, &mut kept))
            .and_then(|_| kept.write_all(b"\n"))
            .map_err(JournalError::io("write", &path))
    }

    /// Cuts off what is after the complete records.
    fn cut(&mut self) -> Result<(), JournalError> {
        if self.is_dirty {
            self.file
                .set_len(self.end)
                .and_then(|()| self.file.sync_data())
                .map_err(JournalError::io("write", &self.path))?;
            self.is_dirty = false;
        }
        Ok(())
    }
}

fn write_lines(file: &mut File, bytes: &[u8], synced: bool) -> io::Result<()> {
    file.write_all(bytes)?;
    match synced {
        true => file.sync_data(),
        false => Ok(()),
    }
}

fn scan_file(path: &Path, most: u64) -> Result<Scan, JournalError> {
    let file = files::open(path).map_err(JournalError::io("read", path))?;
    scan(BufReader::new(file.take(most)), path)
}

/// Whether something is lost if the machine crashes right after the event: progress and process ids
/// mean nothing after a restart.
fn is_decisive(event: &Event) -> bool {
    let Event::Call { event, .. } = event else {
        return true;
    };
    !matches!(
        event,
        CallEvent::AttemptProgressed { .. } | CallEvent::AttemptSpawned { .. }
    )
}
