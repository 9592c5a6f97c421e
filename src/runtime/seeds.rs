//! Laying out the files that an agent needs before it starts.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::agents::{Seed, SeedFile};
use crate::files;
use crate::model::Failure;

use super::cell::Inside;
use super::failure::{at_path, machine};

/// Lays out all of them, those that hold keys in the folder `keys`, which is made anew: what an earlier try
/// under another supervisor left there goes. Gives what of the user's home they lead to, and under which name: in a
/// cell with a root of its own (`binds`) that is mounted and not linked.
pub fn lay_out(
    files: &[SeedFile],
    keys: &Path,
    inside: &Inside,
    binds: bool,
) -> Result<Vec<(PathBuf, PathBuf)>, Failure> {
    if keys.exists() {
        crate::workspace::remove_tree(keys).map_err(machine)?;
    }
    fs::create_dir(keys).map_err(|error| at_path(keys, &error))?;
    let mut led = Vec::new();
    for (number, SeedFile { path, seed }) in files.iter().enumerate() {
        let (at, number) = (inside.on_machine(path), number.to_string());
        match seed {
            Seed::Folder => fs::create_dir_all(&at).map_err(|error| at_path(&at, &error))?,
            Seed::File { content, mode } => write(&at, content.as_bytes(), *mode)?,
            Seed::Secret { content } => {
                write(&keys.join(&number), content.as_bytes(), 0o600)?;
                link(&inside.keys.join(number), &at)?;
            }
            Seed::Link { target } => {
                if !binds {
                    link(target, &at)?;
                }
                led.push((target.clone(), path.clone()));
            }
        }
    }
    Ok(led)
}

pub(super) fn link(target: &Path, at: &Path) -> Result<(), Failure> {
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
