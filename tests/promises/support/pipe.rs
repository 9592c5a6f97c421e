//! Named pipes in the place of files.

use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, mknodat};

/// Makes a named pipe: who opens it as a file waits for somebody at its other end.
pub fn pipe(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::from(0o600), 0).unwrap();
}
