//! What one side prints and the other one reads. Each file is opened anew each time: a shared file system shows one that
//! is held open as it was for a while.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::files::{self, if_there};

/// So much is read at once, in bytes.
const PORTION: u64 = 4 << 20;

/// A file that grows, and its copy.
#[derive(Debug)]
pub struct Stream {
    pub from: PathBuf,
    pub to: PathBuf,
    copied: u64,
}

impl Stream {
    pub fn new(from: PathBuf, to: PathBuf) -> Self {
        Self {
            from,
            to,
            copied: 0,
        }
    }

    /// Copies what is new.
    pub fn copy(&mut self) -> io::Result<()> {
        let new = read_from(&self.from, self.copied)?;
        if !new.is_empty() {
            files::append_whole(&self.to, &new)?;
            self.copied += new.len() as u64;
        }
        Ok(())
    }
}

/// What a file holds from there on, up to a limit; nothing while it is not there.
pub fn read_from(path: &Path, at: u64) -> io::Result<Vec<u8>> {
    let Some(mut file) = if_there(files::open(path))? else {
        return Ok(Vec::new());
    };
    file.seek(SeekFrom::Start(at))?;
    let mut new = Vec::new();
    file.take(PORTION).read_to_end(&mut new)?;
    Ok(new)
}
