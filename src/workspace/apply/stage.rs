//! Writes everything that a transition needs beside its place, without changing anything yet.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::super::WorkspaceError;
use super::error::Trouble;
use super::keep::Keep;
use super::raw_path::RawPath;
use super::standing::{Standing, is_below_real_folders, is_real_folder, look, metadata};
use super::transition::{Step, Transition};
use crate::files;

/// From this many files on, the whole file system is synced rather than each file.
const MANY: usize = 64;

/// Gives every new content a place beside its own, in the nearest folder that is there.
pub(super) fn name_temporaries(root: &Path, steps: &mut [Step]) {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let token = format!("{}-{}", std::process::id(), now.as_nanos());
    for (number, step) in steps.iter_mut().enumerate() {
        if step.to.is_nothing() {
            continue;
        }
        let folder = step
            .path
            .path()
            .ancestors()
            .skip(1)
            .find(|above| is_below_real_folders(root, above) && is_real_folder(&root.join(above)))
            .unwrap_or(Path::new(""));
        step.temp = Some(RawPath(folder.join(format!(".tipstaff-{token}-{number}"))));
    }
}

/// Copies what stands at the steps' paths into `keep` and notes the modes.
pub(super) fn keep_before(root: &Path, keep: &Keep, steps: &mut [Step]) -> Result<(), Trouble> {
    let mut copies = Vec::new();
    for (number, step) in steps.iter_mut().enumerate() {
        let path = step.path.path();
        let whole = root.join(path);
        if let Standing::File { .. } = step.from {
            let Some(found) = metadata(&whole)? else {
                return Err(Trouble::Edited(path.to_owned()));
            };
            step.kept_mode = Some(found.permissions().mode() & 0o7777);
            let copy = keep.before(number);
            copy_bytes(&whole, &copy)?;
            copies.push(copy);
        }
        // Looked at after the copy: what was copied is what stands there still.
        if look(root, path)? != step.from {
            return Err(Trouble::Edited(path.to_owned()));
        }
    }
    Ok(sync(copies)?)
}

/// Writes the new content to its temporary places. `modes` are those of files that are restored;
/// without one, a file keeps the mode it has but for the exec bits, and a new one gets what the
/// source has.
pub(super) fn write_temporaries(
    root: &Path,
    steps: &[Step],
    sources: &[PathBuf],
    modes: &[Option<u32>],
) -> Result<(), WorkspaceError> {
    let mut written = Vec::new();
    for ((step, source), mode) in steps.iter().zip(sources).zip(modes) {
        let Some(temp) = step.temp.as_ref().map(|temp| root.join(temp.path())) else {
            continue;
        };
        match &step.to {
            Standing::Nothing | Standing::Special => {}
            Standing::Link { target } => {
                symlink(target.path(), &temp).map_err(WorkspaceError::io("create", &temp))?
            }
            Standing::File { executable, .. } => {
                copy_bytes(source, &temp)?;
                let mode = match (mode, step.kept_mode) {
                    (Some(mode), _) => *mode,
                    (None, Some(mode)) => with_exec(mode, *executable),
                    (None, None) => with_exec(mode_of(source)?, *executable),
                };
                fs::set_permissions(&temp, Permissions::from_mode(mode))
                    .map_err(WorkspaceError::io("write", &temp))?;
                written.push(temp);
            }
        }
    }
    sync(written)
}

/// Removes what lies at the temporary places.
pub(super) fn remove_temporaries(root: &Path, transition: &Transition) {
    for temp in transition
        .steps
        .iter()
        .filter_map(|step| step.temp.as_ref())
    {
        if is_below_real_folders(root, temp.path()) {
            let _ = fs::remove_file(root.join(temp.path()));
        }
    }
}

fn mode_of(path: &Path) -> Result<u32, WorkspaceError> {
    let found = fs::metadata(path).map_err(WorkspaceError::io("read", path))?;
    Ok(found.permissions().mode() & 0o777)
}

/// Whoever may read may execute, or nobody.
fn with_exec(mode: u32, executable: bool) -> u32 {
    let was = mode & 0o100 != 0;
    match (was, executable) {
        (true, true) | (false, false) => mode,
        (false, true) => mode | 0o100 | ((mode & 0o444) >> 2),
        (true, false) => mode & !0o111,
    }
}

/// Copies content only; the copy is new and its owner's alone until it gets its mode.
fn copy_bytes(from: &Path, to: &Path) -> Result<(), WorkspaceError> {
    let mut source = files::open(from).map_err(WorkspaceError::io("read", from))?;
    let mut target = files::create(to, 0o600).map_err(WorkspaceError::io("create", to))?;
    io::copy(&mut source, &mut target)
        .map(drop)
        .map_err(WorkspaceError::io("write", to))
}

fn sync(files: Vec<PathBuf>) -> Result<(), WorkspaceError> {
    let is_many = files.len() > MANY;
    let last = files.len().saturating_sub(1);
    for (number, path) in files.iter().enumerate() {
        if is_many && number != last {
            continue;
        }
        // A file that its owner may not read was written and closed; it is opened through its folder.
        let opened = files::open(path);
        let file = opened.or_else(|_| files::open_folder(path.parent().unwrap_or(path)));
        let file = file.map_err(WorkspaceError::io("open", path))?;
        let synced = match is_many {
            true => rustix::fs::syncfs(&file).map_err(io::Error::from),
            false => file.sync_all(),
        };
        synced.map_err(WorkspaceError::io("write", path))?;
    }
    Ok(())
}
