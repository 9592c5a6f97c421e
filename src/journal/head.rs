//! How far a journal has come, told in a place that no project can write to.
//!
//! A run folder lies in the project: a clone may bring one along, and whoever writes to the project may
//! change one. What the journal held when this user's tipstaff last wrote to it is therefore known by length
//! and digest outside of the project. The digest runs on from record to record, so that each one costs the
//! hashing of its own bytes.
//!
//! A crash is told from a cut: the head names two states, the last one that is surely on disk, and the one
//! that is being written. A journal in neither of them was changed by somebody else.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::JournalError;
use crate::files;

/// Longest head in bytes.
const LONGEST: u64 = 1024;

/// The head of one journal, open for writing.
#[derive(Debug)]
pub(super) struct Head {
    file: File,
    path: PathBuf,
    hasher: blake3::Hasher,
    on_disk: State,
}

/// A length in bytes and the digest of as many.
#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    length: u64,
    digest: String,
}

impl State {
    fn of(length: u64, hasher: &blake3::Hasher) -> Self {
        Self {
            length,
            digest: hasher.finalize().to_hex().to_string(),
        }
    }
}

impl Head {
    /// Of a journal that has no record yet.
    pub(super) fn create(path: &Path) -> Result<Self, JournalError> {
        let hasher = blake3::Hasher::new();
        let mut head = Self {
            file: files::create(path, 0o600).map_err(JournalError::io("create", path))?,
            path: path.to_owned(),
            on_disk: State::of(0, &hasher),
            hasher,
        };
        head.announce(b"", 0, true)?;
        Ok(head)
    }

    /// The head of a journal that goes on, and how many of its bytes are as tipstaff wrote them.
    pub(super) fn verify(path: &Path, journal: &Path) -> Result<(Self, u64), JournalError> {
        let states = read(path)?;
        let reading = || JournalError::io("read", journal);
        let mut bytes = files::open(journal).map_err(reading())?;
        let mut hasher = blake3::Hasher::new();
        let (mut length, mut found) = (0, None);
        for state in &states {
            let more = state.length.saturating_sub(length);
            length += io::copy(&mut bytes.by_ref().take(more), &mut hasher).map_err(reading())?;
            if State::of(length, &hasher) == *state {
                found = Some((state.clone(), hasher.clone()));
            }
        }
        let Some((on_disk, hasher)) = found else {
            let lost = states.first().filter(|state| state.length > length);
            return Err(JournalError::NotAsWritten {
                path: journal.to_owned(),
                what: match lost {
                    Some(state) => format!("it has {length} bytes instead of {}", state.length),
                    None => "its records are not the ones that were written".to_owned(),
                },
            });
        };
        let length = on_disk.length;
        let head = Self {
            file: files::update(path).map_err(JournalError::io("write", path))?,
            path: path.to_owned(),
            hasher,
            on_disk,
        };
        Ok((head, length))
    }

    /// These bytes are about to be written behind the first `end` ones.
    pub(super) fn announce(
        &mut self,
        bytes: &[u8],
        end: u64,
        synced: bool,
    ) -> Result<(), JournalError> {
        let mut hasher = self.hasher.clone();
        hasher.update(bytes);
        let next = State::of(end + bytes.len() as u64, &hasher);
        let written = self.write(&self.on_disk, &next);
        let written = match synced {
            true => written.and_then(|()| self.file.sync_data()),
            false => written,
        };
        written.map_err(JournalError::io("write", &self.path))
    }

    /// They are written, up to `end`.
    pub(super) fn went(&mut self, bytes: &[u8], end: u64, synced: bool) {
        self.hasher.update(bytes);
        if synced {
            self.on_disk = State::of(end, &self.hasher);
            // Without them it is cut from now on. What is in the head already is true as well.
            let _ = self.write(&self.on_disk, &self.on_disk);
        }
    }

    fn write(&self, surely: &State, next: &State) -> io::Result<()> {
        let line = |State { length, digest }: &State| format!("{length:020} {digest}\n");
        let text = line(surely) + &line(next);
        self.file.write_all_at(text.as_bytes(), 0)
    }
}

/// The two states, the shorter one first.
fn read(path: &Path) -> Result<Vec<State>, JournalError> {
    let bytes = files::read(path, LONGEST).map_err(JournalError::io("read", path))?;
    let text = String::from_utf8_lossy(&bytes);
    let state = |line: &str| {
        let (length, digest) = line.split_once(' ')?;
        Some(State {
            length: length.parse().ok()?,
            digest: digest.to_owned(),
        })
    };
    Ok(text.lines().filter_map(state).collect())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::fs;

    use super::*;

    #[test]
    fn crash_is_told_from_a_cut_and_from_an_edit() {
        let temp = tempfile::tempdir().unwrap();
        let (path, journal) = (temp.path().join("head"), temp.path().join("journal"));
        let vouches = |text: &str| {
            fs::write(&journal, text).unwrap();
            Head::verify(&path, &journal).map(|(_, length)| length)
        };
        let mut head = Head::create(&path).unwrap();
        head.announce(b"one\n", 0, true).unwrap();
        head.went(b"one\n", 4, true);
        head.announce(b"two\n", 4, true).unwrap();
        for (text, length) in [("one\n", 4), ("one\ntw", 4), ("one\ntwo\n", 8)] {
            assert_eq!(vouches(text).unwrap(), length);
        }
        head.went(b"two\n", 8, true);
        assert_eq!(vouches("one\ntwo\n").unwrap(), 8);
        assert_eq!(vouches("one\ntwo\nand more").unwrap(), 8);
        for text in ["", "one\n", "one\ntwo", "one\nTwo\n", "two\none\n"] {
            let error = vouches(text).unwrap_err();
            assert!(matches!(error, JournalError::NotAsWritten { .. }), "{text}");
        }
    }

    #[test]
    fn progress_that_was_not_synced_may_be_lost() {
        let temp = tempfile::tempdir().unwrap();
        let (path, journal) = (temp.path().join("head"), temp.path().join("journal"));
        let mut head = Head::create(&path).unwrap();
        head.announce(b"one\n", 0, false).unwrap();
        head.went(b"one\n", 4, false);
        for (text, length) in [("", 0), ("one\n", 4)] {
            fs::write(&journal, text).unwrap();
            assert_eq!(Head::verify(&path, &journal).unwrap().1, length);
        }
    }
}
