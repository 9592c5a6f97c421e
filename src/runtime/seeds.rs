//! Laying out the files that an agent needs before it starts.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::agents::{Seed, SeedFile};
use crate::files;
use crate::model::{Failure, FailureKind};

use super::failure::machine;

/// Lays out all of them, those that hold keys in the folder `keys`, which is made anew: what an earlier try
/// under another supervisor left there goes.
pub fn lay_out(files: &[SeedFile], keys: &Path) -> Result<(), Failure> {
    if keys.exists() {
        crate::workspace::remove_tree(keys).map_err(machine)?;
    }
    fs::create_dir(keys).map_err(|error| at_path(keys, &error))?;
    for (number, file) in files.iter().enumerate() {
        seed(file, &keys.join(number.to_string()))?;
    }
    Ok(())
}

/// Lays out one thing. What holds a key is written at `key`.
fn seed(file: &SeedFile, key: &Path) -> Result<(), Failure> {
    match &file.seed {
        Seed::Folder => fs::create_dir_all(&file.path).map_err(|error| at_path(&file.path, &error)),
        Seed::File { content, mode } => write(&file.path, content.as_bytes(), *mode),
        Seed::Secret { content } => {
            write(key, content.as_bytes(), 0o600)?;
            link(key, &file.path)
        }
        Seed::Link { target } => link(target, &file.path),
    }
}

fn link(target: &Path, at: &Path) -> Result<(), Failure> {
    make_parent(at)?;
    symlink(target, at).map_err(|error| at_path(at, &error))
}

/// Writes a file of an attempt.
pub(super) fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Failure> {
    make_parent(path)?;
    // Whatever an earlier one left there is replaced, not written through.
    let _ = fs::remove_file(path);
    files::create(path, mode)
        .and_then(|mut file| file.write_all(bytes))
        .map_err(|error| at_path(path, &error))
}

fn make_parent(path: &Path) -> Result<(), Failure> {
    let parent = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
    fs::create_dir_all(&parent).map_err(|error| at_path(&parent, &error))
}

pub(super) fn at_path(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(
        FailureKind::Machine,
        format!("failed to write {}: {error}", path.display()),
    )
}
