//! The private folder for a run's temporary files.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{IFlags, ioctl_getflags, ioctl_setflags};

use super::WorkspaceError;
use super::remove_tree::remove_tree;
use crate::files;
use crate::model::RunId;

/// Makes, or finds, the run's private folder for temporary files (mode 0700) in the system's
/// temporary folder. It stays until [`remove_stale`].
///
/// # Errors
/// [`WorkspaceError::ScratchTaken`] if somebody else could look into or owns what stands there.
pub fn scratch_root(run: &RunId) -> Result<PathBuf, WorkspaceError> {
    scratch_in(&std::env::temp_dir(), run)
}

/// Removes the run's folder for temporary files, for example what a killed supervisor left.
///
/// # Errors
/// [`WorkspaceError::Io`] if something in it belongs to somebody else.
pub fn remove_stale(run: &RunId) -> Result<(), WorkspaceError> {
    remove_tree(&place(&std::env::temp_dir(), run))
}

fn place(temp: &Path, run: &RunId) -> PathBuf {
    let user = rustix::process::geteuid().as_raw();
    let run = run.as_str().replace('/', "_");
    temp.join(format!("tipstaff-{user}-{run}"))
}

fn scratch_in(temp: &Path, run: &RunId) -> Result<PathBuf, WorkspaceError> {
    let path = place(temp, run);
    match DirBuilder::new().mode(0o700).create(&path) {
        Ok(()) => spread(&path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => check_ours(&path)?,
        Err(error) => return Err(WorkspaceError::io("create", &path)(error)),
    }
    path.canonicalize()
        .map_err(WorkspaceError::io("open", &path))
}

/// Asks the file system to keep the folders made in here far from each other. On ext4, making a file
/// passes over the inodes nearby that were freed lately, one by one; where workspaces come and go
/// side by side, copying one was seen to take twenty times as long. Where the file system knows
/// nothing of it, nothing is lost.
fn spread(folder: &Path) {
    let Ok(folder) = files::open_folder(folder) else {
        return;
    };
    if let Ok(flags) = ioctl_getflags(&folder) {
        let _ = ioctl_setflags(&folder, flags | IFlags::TOPDIR);
    }
}

/// The name can be foreseen, so somebody else may have been there first.
fn check_ours(path: &Path) -> Result<(), WorkspaceError> {
    let found = fs::symlink_metadata(path).map_err(WorkspaceError::io("open", path))?;
    let reason = if !found.is_dir() {
        "it is no folder"
    } else if found.uid() != rustix::process::geteuid().as_raw() {
        "it belongs to another user"
    } else if found.mode() & 0o077 != 0 {
        "other users may open it"
    } else {
        return Ok(());
    };
    Err(WorkspaceError::ScratchTaken {
        path: path.to_owned(),
        reason,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn is_private_and_found_again() {
        let temp = tempfile::tempdir().unwrap();
        let run = RunId::new("r1");
        let first = scratch_in(temp.path(), &run).unwrap();
        assert_eq!(first.metadata().unwrap().mode() & 0o777, 0o700);
        assert_eq!(scratch_in(temp.path(), &run).unwrap(), first);
    }

    #[test]
    fn refuses_what_others_may_open_or_redirect() {
        let temp = tempfile::tempdir().unwrap();
        let open = RunId::new("open");
        let path = place(temp.path(), &open);
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(scratch_in(temp.path(), &open).is_err());
        let linked = RunId::new("linked");
        symlink(temp.path(), place(temp.path(), &linked)).unwrap();
        assert!(scratch_in(temp.path(), &linked).is_err());
    }
}
