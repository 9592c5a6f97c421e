//! One supervisor per run.

use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::time::Duration;

use super::{Holder, JournalError, RunFolder};
use crate::files::{self, if_there};

/// Somebody who only looks whether a run is worked on holds the lock for an instant; a supervisor
/// that comes just then tries again this often …
const TRIES: u32 = 5;

/// … with this pause.
const PAUSE: Duration = Duration::from_millis(10);

/// A process id and the name of a machine, in bytes.
const LONGEST_HOLDER: u64 = 4 << 10;

/// The right to work on a run. The operating system takes it back when the process ends, however it
/// ends; the file itself stays and means nothing.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

impl RunLock {
    /// Takes the lock of a run.
    ///
    /// # Errors
    /// [`JournalError::Locked`] if another supervisor works on it; [`JournalError::NotWritable`].
    pub fn acquire(folder: &RunFolder) -> Result<Self, JournalError> {
        let path = folder.path(RunFolder::LOCK);
        let mut file = files::append(&path).map_err(JournalError::io("write", &path))?;
        let mut tries = TRIES;
        loop {
            tries -= 1;
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if tries > 0 => std::thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => {
                    return Err(JournalError::Locked {
                        run: folder.id().clone(),
                        holder: read_holder(folder),
                    });
                }
                Err(TryLockError::Error(error)) => {
                    return Err(JournalError::io("lock", &path)(error));
                }
            }
        }
        // Only for the message above; a full disk is reported by the journal.
        let _ = write_holder(&mut file);
        Ok(Self { _file: file })
    }

    /// Who works on the run now, if anybody does.
    pub fn holder(folder: &RunFolder) -> Result<Option<Holder>, JournalError> {
        let path = folder.path(RunFolder::LOCK);
        let file = if_there(files::open(&path)).map_err(JournalError::io("read", &path))?;
        let Some(file) = file else {
            return Ok(None);
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => Ok(Some(read_holder(folder))),
            Err(TryLockError::Error(error)) => Err(JournalError::io("lock", &path)(error)),
        }
    }
}

fn write_holder(file: &mut File) -> io::Result<()> {
    let host = rustix::system::uname();
    let host = host.nodename().to_string_lossy();
    file.set_len(0)?;
    writeln!(file, "{} {host}", std::process::id())
}

fn read_holder(folder: &RunFolder) -> Holder {
    let text = files::read(&folder.path(RunFolder::LOCK), LONGEST_HOLDER).unwrap_or_default();
    let process = String::from_utf8_lossy(&text)
        .trim()
        .split_once(' ')
        .and_then(|(pid, host)| Some((pid.parse().ok()?, host.to_owned())));
    Holder { process }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::model::RunId;

    #[test]
    fn lets_one_in_and_names_it_to_the_next() {
        let temp = tempfile::tempdir().unwrap();
        let run = RunFolder::create(temp.path(), RunId::new("r1")).unwrap();
        assert_eq!(RunLock::holder(&run).unwrap(), None);
        let lock = RunLock::acquire(&run).unwrap();
        let error = RunLock::acquire(&run).unwrap_err().to_string();
        let me = format!(
            "run r1 is being worked on by process {} on ",
            std::process::id()
        );
        assert!(error.starts_with(&me), "{error}");
        let holder = RunLock::holder(&run).unwrap().unwrap();
        assert_eq!(holder.process.unwrap().0, std::process::id());
        drop(lock);
        assert_eq!(RunLock::holder(&run).unwrap(), None);
        RunLock::acquire(&run).unwrap();
    }
}
