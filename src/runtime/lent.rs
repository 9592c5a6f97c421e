//! Lending the user's own sign-in to an attempt, and carrying back what the agent made of it.
//!
//! Agents refresh their tokens, and a refreshed token replaces the one before it for good. So an attempt gets a copy;
//! what it changed there goes back to the user's file when its processes have ended, whole or not at all. Where a
//! refresh is to be expected, the attempt has the sign-in for itself until then: of two that refresh one token, the
//! second would have spent it twice. Nothing here knows of agents.

use std::fs::File;
use std::io::{
    self,
    ErrorKind::{PermissionDenied, ReadOnlyFilesystem},
};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::agents::SignInFile;
use crate::files;
use crate::model::Failure;

use super::blocking::blocking;
use super::cell::Inside;
use super::failure::at_path;
use super::scratch::Scratch;
use super::seeds;

/// Most bytes of such a file.
pub(super) const LARGEST: u64 = 1 << 20;
/// Names in the folder of keys.
const COPY: &str = "sign-in";
const NOTE: &str = "lent.json";
/// How often is looked whether another call has given the sign-in back.
const LOOK: Duration = Duration::from_millis(200);
/// How long giving back waits for someone else who does just that.
const PATIENCE: u32 = 50;

/// What is to be lent, as it is now.
#[derive(Debug)]
pub struct Held {
    file: SignInFile,
    content: Vec<u8>,
    /// While this is there, nobody else gets a sign-in that may be refreshed.
    lock: Option<File>,
}

/// A sign-in that an attempt has; it goes back when this is dropped, at the latest.
#[derive(Debug)]
pub struct Lent {
    note: Note,
    keys: PathBuf,
    lock: Option<File>,
    is_back: bool,
}

/// What is on disk of it, for whoever takes the run up again.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    file: SignInFile,
    before: String,
    /// The attempt's private folder.
    private: PathBuf,
}

/// Reads a sign-in for a call of at most this length. If it may be refreshed meanwhile, waits until nobody else
/// has it.
pub async fn hold(file: SignInFile, length: Duration) -> Result<Held, Failure> {
    loop {
        let whose = file.clone();
        let tried = blocking(move || {
            let at = whose.path.clone();
            try_hold(whose, length).map_err(|error| at_path(&at, &error))
        });
        match tried.await? {
            Some(held) => return Ok(held),
            None => tokio::time::sleep(LOOK).await,
        }
    }
}

fn try_hold(file: SignInFile, length: Duration) -> io::Result<Option<Held>> {
    let outlasts = |content: &[u8]| {
        let end = jiff::Timestamp::now().as_millisecond()
            + i64::try_from(length.as_millis()).unwrap_or(i64::MAX / 2);
        let expiry = file.expires(content);
        expiry.is_some_and(|expiry| expiry > end) || file.is_fixed(content)
    };
    let content = files::read(&file.path, LARGEST)?;
    if outlasts(&content) {
        return Ok(Some(Held {
            file,
            content,
            lock: None,
        }));
    }
    let lock = match lock_file(&file) {
        // Where nothing can be written no token comes back, whoever is alone with it.
        Err(error) if matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem) => {
            return Ok(Some(Held {
                file,
                content,
                lock: None,
            }));
        }
        lock => lock?,
    };
    if lock.try_lock().is_err() {
        return Ok(None);
    }
    // Who had it before may have refreshed it.
    let content = files::read(&file.path, LARGEST)?;
    let lock = (!outlasts(&content)).then_some(lock);
    Ok(Some(Held {
        file,
        content,
        lock,
    }))
}

/// Where an attempt's copy is: the folder, and its name there.
pub(super) fn copy(scratch: &Scratch) -> (PathBuf, PathBuf) {
    (scratch.keys(), COPY.into())
}

/// Beside the user's file.
fn lock_file(file: &SignInFile) -> io::Result<File> {
    let mut name = file.path.clone().into_os_string();
    name.push(".tipstaff-lock");
    files::append(Path::new(&name))
}

impl Held {
    /// Lays it out where the agent looks for it.
    pub fn lend(self, private: PathBuf, keys: PathBuf, inside: &Inside) -> Result<Lent, Failure> {
        let content = self.file.alone(&self.content);
        seeds::write(&keys.join(COPY), &content, 0o600)?;
        let before = String::from_utf8_lossy(&content).into_owned();
        let note = Note {
            file: self.file,
            before,
            private,
        };
        let text = serde_json::to_vec(&note).expect("plain data");
        seeds::write(&keys.join(NOTE), &text, 0o600)?;
        seeds::link(
            &inside.keys.join(COPY),
            &note.private.join(&note.file.below),
        )?;
        Ok(Lent {
            note,
            keys,
            lock: self.lock,
            is_back: false,
        })
    }
}

impl Lent {
    /// Carries back what the agent changed. No process of it may be left. Gives a remark if that failed.
    pub fn give_back(mut self) -> Option<String> {
        self.carry_back()
    }

    fn carry_back(&mut self) -> Option<String> {
        if std::mem::replace(&mut self.is_back, true) {
            return None;
        }
        let error = self.try_carry_back().err()?;
        let path = self.note.file.path.display();
        Some(format!(
            "the sign-in that its agent refreshed was not put into {path}: {error}"
        ))
    }

    fn try_carry_back(&mut self) -> io::Result<()> {
        let (file, before) = (&self.note.file, self.note.before.as_bytes());
        // Programs that save by a temporary file put one in the place of our link.
        let after = files::read_below(&self.note.private, &file.below, LARGEST);
        let after = after.or_else(|_| files::read_below(&self.keys, Path::new(COPY), LARGEST))?;
        if after == before {
            return Ok(());
        }
        // Half a file is what a killed program leaves; a sign-in without a time is none.
        let Some(expiry) = file.expires(&after) else {
            return Err(io::Error::other("what it left is no whole sign-in"));
        };
        let lock = match self.lock.take() {
            Some(lock) => lock,
            None => wait_for(lock_file(file)?)?,
        };
        // The user's own file may be a link to where it really is.
        let target = file.path.canonicalize()?;
        let now = files::read(&target, LARGEST)?;
        let is_ours = file.alone(&now) == before;
        if is_ours || file.expires(&now).is_none_or(|theirs| expiry > theirs) {
            files::replace(&target, &file.with(&now, &after))?;
        }
        drop(lock);
        Ok(())
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let _ = self.carry_back();
    }
}

fn wait_for(lock: File) -> io::Result<File> {
    for _ in 0..PATIENCE {
        if lock.try_lock().is_ok() {
            return Ok(lock);
        }
        std::thread::sleep(LOOK);
    }
    Err(io::Error::other("another call keeps it locked"))
}

/// Carries back what attempts were lent whose supervisor is gone, by a folder of a run that is about to be swept:
/// the one of its temporary files, or the one of its keys.
pub fn recover_lent(folder: &Path) {
    let keys = [folder.to_owned(), folder.join("keys")];
    let keys = keys.iter().flat_map(std::fs::read_dir).flatten().flatten();
    for keys in keys.map(|entry| entry.path()) {
        let note = files::read_below(&keys, Path::new(NOTE), 2 * LARGEST).ok();
        let Some(note) = note.and_then(|text| serde_json::from_slice(&text).ok()) else {
            continue;
        };
        // Once: what is in there is spent when it is refreshed again.
        let _ = std::fs::remove_file(keys.join(NOTE));
        drop(Lent {
            note,
            keys,
            lock: None,
            is_back: false,
        });
    }
}

#[cfg(test)]
#[path = "lent_tests.rs"]
mod tests;
