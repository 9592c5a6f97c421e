//! Writes everything that a transition needs beside its place, without changing anything yet.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::super::{Doing, WorkspaceError, remove_tree};
use super::changes::Changes;
use super::error::TransitionError;
use super::file_state::{FileState, is_below_real_folders, is_real_folder};
use super::keep::{Keep, Slot, State};
use super::plan::{Conflicts, Plan, plan};
use super::raw_path::RawPath;
use super::transition::{Step, Transition};
use crate::files;

/// From this many files on, the whole file system is synced rather than each file.
const MANY: usize = 64;

/// Works out the transition and puts it on disk with the contents of both its sides; what is to be moved
/// into place lies beside it. On an error, what was written beside is removed.
pub(super) fn stage(
    root: &Path,
    keep: &Keep,
    slot: Slot,
    changes: Changes,
    conflicts: Conflicts,
) -> Result<Transition, TransitionError> {
    let Plan {
        mut transition,
        sources,
    } = plan(root, changes, conflicts, &keep.scratch())?;
    let mut contents = Vec::new();
    for (step, source) in transition.steps.iter().zip(&sources) {
        let path = step.path.path();
        for (file, side) in [(&root.join(path), &step.from), (source, &step.to)] {
            // Between being looked at and being copied, it may have been edited.
            if !keep.take_in(file, side)? {
                return Err(TransitionError::Edited(vec![path.to_owned()]));
            }
            contents.extend(keep.content(side));
        }
    }
    sync(contents)?;
    remove_tree(&keep.scratch())?;
    name_temporaries(root, &mut transition.steps);
    keep.write(slot, &transition)?;
    if let Slot::Of(way) = slot {
        keep.set_state(State::Staging(way))?;
    }
    if let Err(error) = write_temporaries(root, keep, &transition.steps) {
        remove_temporaries(root, &transition);
        return Err(error.into());
    }
    Ok(transition)
}

/// Gives every new content a place beside its own, in the nearest folder that is there.
fn name_temporaries(root: &Path, steps: &mut [Step]) {
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

/// Writes the new content to its temporary places.
fn write_temporaries(root: &Path, keep: &Keep, steps: &[Step]) -> Result<(), WorkspaceError> {
    let mut written = Vec::new();
    for step in steps {
        WorkspaceError::if_cancelled()?;
        let Some(temp) = step.temp.as_ref().map(|temp| root.join(temp.path())) else {
            continue;
        };
        match (&step.to, keep.content(&step.to)) {
            (FileState::Link { target }, _) => {
                symlink(target.path(), &temp).doing("create", &temp)?;
            }
            (_, Some(content)) => {
                write_temporary(step, &content, &temp)?;
                written.push(temp);
            }
            (_, None) => {}
        }
    }
    sync(written)
}

fn write_temporary(step: &Step, content: &Path, temp: &Path) -> Result<(), WorkspaceError> {
    let usual = match step.to.file() {
        Some((_, true)) => 0o777,
        _ => 0o666,
    };
    let mut source = files::open(content).doing("read", content)?;
    let failed = |error| WorkspaceError::io("write", temp)(error);
    // The process's umask takes from this what a new file is not to have.
    let mode = step.to_mode.map_or(usual, |_| 0o600);
    let mut file = files::create(temp, mode).map_err(failed)?;
    io::copy(&mut source, &mut file).map_err(failed)?;
    match step.to_mode {
        Some(mode) => file
            .set_permissions(Permissions::from_mode(mode))
            .map_err(failed),
        None => Ok(()),
    }
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

/// Waits until the names that a transition changed are on disk.
pub(super) fn sync_names(root: &Path, transition: &Transition) -> Result<(), WorkspaceError> {
    let files = transition.steps.iter().map(|step| step.path.path());
    let folders = transition.make.iter().chain(&transition.drop);
    let changed = files.chain(folders.map(|folder| folder.path.path()));
    let above = changed.filter_map(|path| path.parent().map(|folder| root.join(folder)));
    let there: BTreeSet<PathBuf> = above.filter(|folder| is_real_folder(folder)).collect();
    sync_all(there.into_iter().collect())
}

/// Waits until files and their names are on disk.
fn sync(mut files: Vec<PathBuf>) -> Result<(), WorkspaceError> {
    let folders: BTreeSet<PathBuf> = files
        .iter()
        .filter_map(|file| file.parent().map(Path::to_owned))
        .collect();
    files.extend(folders);
    sync_all(files)
}

fn sync_all(paths: Vec<PathBuf>) -> Result<(), WorkspaceError> {
    let is_many = paths.len() > MANY;
    let last = paths.len().saturating_sub(1);
    for (number, path) in paths.iter().enumerate() {
        if is_many && number != last {
            continue;
        }
        // A file that its owner may not read was written and closed; it is opened through its folder.
        let opened = files::open(path).or_else(|_| files::open_folder(path));
        let opened = opened.or_else(|_| files::open_folder(path.parent().unwrap_or(path)));
        let file = opened.doing("open", path)?;
        let synced = match is_many {
            true => rustix::fs::syncfs(&file).map_err(io::Error::from),
            false => file.sync_all(),
        };
        synced.doing("write", path)?;
    }
    Ok(())
}
