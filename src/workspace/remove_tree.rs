//! Removes a folder whatever an agent left in it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::files::{self, if_there};

use super::folder::open_up;
use super::{Doing, WorkspaceError, folder};

/// Removes a file or a folder with everything in it; nothing there is fine. Folders without
/// permissions are opened first, symlinks are never followed, and the depth of the tree does not
/// matter: deeper folders are moved up into `root` before they are emptied, so that neither paths
/// nor the stack grow. A removal that was killed can simply be repeated.
///
/// # Errors
/// [`WorkspaceError::Io`] if something in it belongs to somebody else.
pub fn remove_tree(root: &Path) -> Result<(), WorkspaceError> {
    let Some(found) = if_there(root.symlink_metadata()).doing("remove", root)? else {
        return Ok(());
    };
    if !found.is_dir() {
        return fs::remove_file(root).doing("remove", root);
    }
    let mut folders = remove_files(root)?;
    let mut moved = Moved::into(root);
    while let Some(folder) = folders.pop() {
        for inner in remove_files(&folder)? {
            folders.push(moved.take(&inner)?);
        }
        remove_folder(&folder)?;
    }
    remove_folder(root)
}

/// Removes what is no folder and returns the folders.
fn remove_files(at: &Path) -> Result<Vec<PathBuf>, WorkspaceError> {
    open_up(at, 0o700);
    let mut folders = Vec::new();
    let entries = match folder::entries(at) {
        // An empty one left by a killed removal was replaced by one that is gone by now.
        Err(WorkspaceError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            return Ok(folders);
        }
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            folders.push(path);
        } else {
            fs::remove_file(&path).doing("remove", &path)?;
        }
    }
    Ok(folders)
}

fn remove_folder(folder: &Path) -> Result<(), WorkspaceError> {
    // Likewise, it may be gone.
    if_there(fs::remove_dir(folder))
        .map(drop)
        .doing("remove", folder)
}

/// Where deeper folders wait for their removal: directly in the folder that is removed.
struct Moved {
    root: PathBuf,
    count: u64,
}

impl Moved {
    fn into(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            count: 0,
        }
    }

    fn take(&mut self, folder: &Path) -> Result<PathBuf, WorkspaceError> {
        // Moving a folder rewrites its `..`, which needs the right to write in it.
        open_up(folder, 0o700);
        loop {
            self.count += 1;
            let target = self.root.join(format!(".removing-{}", self.count));
            match fs::rename(folder, &target) {
                Ok(()) => return Ok(target),
                // Left by a removal that was killed, and about to be removed itself.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::DirectoryNotEmpty
                            | io::ErrorKind::AlreadyExists
                            | io::ErrorKind::NotADirectory
                    ) => {}
                Err(error) => return Err(WorkspaceError::io("remove", folder)(error)),
            }
        }
    }
}

/// Notes that a folder is in use, for [`remove_old`].
///
/// # Errors
/// It is not there, or belongs to somebody else.
pub fn keep(folder: &Path) -> io::Result<()> {
    files::open_folder(folder)?.set_modified(SystemTime::now())
}

/// What nobody used for so long is of no use any more.
const KEPT: Duration = Duration::from_secs(14 * 24 * 3600);

/// Removes what lies so deep in a folder and was not written to for two weeks.
///
/// # Errors
/// The folder cannot be read; what cannot be removed stays.
pub fn remove_old(at: &Path, depth: usize) -> Result<(), WorkspaceError> {
    for entry in folder::entries(at)? {
        let path = entry?.path();
        let changed = fs::symlink_metadata(&path).and_then(|found| found.modified());
        let age = changed
            .ok()
            .and_then(|at| SystemTime::now().duration_since(at).ok());
        match depth {
            0 | 1 if age.is_some_and(|age| age > KEPT) => drop(remove_tree(&path)),
            0 | 1 => {}
            _ => drop(remove_old(&path, depth - 1)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn removes_closed_folders_and_leaves_what_links_lead_to() {
        let temp = tempfile::tempdir().unwrap();
        let kept = temp.path().join("kept");
        fs::create_dir(&kept).unwrap();
        fs::write(kept.join("file"), "").unwrap();
        let root = temp.path().join("root");
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/b/file"), "").unwrap();
        symlink(&kept, root.join("a/link")).unwrap();
        fs::set_permissions(root.join("a/b"), fs::Permissions::from_mode(0o000)).unwrap();
        fs::set_permissions(root.join("a"), fs::Permissions::from_mode(0o500)).unwrap();
        remove_tree(&root).unwrap();
        assert!(!root.exists());
        assert!(kept.join("file").exists());
        assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 1);
    }

    #[test]
    fn removes_trees_deeper_than_any_path() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().join("root");
        // Built from the inside out, because no path reaches the bottom.
        let name = "n".repeat(200);
        let inner = temp.path().join("inner");
        fs::create_dir(&inner).unwrap();
        for _ in 0..100 {
            fs::create_dir(&root).unwrap();
            fs::rename(&inner, root.join(&name)).unwrap();
            fs::rename(&root, &inner).unwrap();
        }
        fs::rename(&inner, &root).unwrap();
        remove_tree(&root).unwrap();
        assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 0);
    }

    #[test]
    fn goes_on_after_a_removal_that_was_killed() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().join("root");
        for number in 1..20 {
            fs::create_dir_all(root.join(format!(".removing-{number}"))).unwrap();
            fs::create_dir_all(root.join(format!("a/{number}/b"))).unwrap();
        }
        remove_tree(&root).unwrap();
        assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 0);
    }

    #[test]
    fn takes_a_missing_folder_for_removed() {
        let temp = tempfile::tempdir().unwrap();
        remove_tree(&temp.path().join("gone")).unwrap();
    }

    #[test]
    fn what_was_used_of_late_is_kept() {
        let temp = tempfile::tempdir().unwrap();
        let [old, used] = ["old", "used"].map(|name| temp.path().join(name));
        let long_ago = SystemTime::now() - 2 * KEPT;
        for folder in [&old, &used] {
            fs::create_dir_all(folder.join("below")).unwrap();
            let folder = files::open_folder(folder).unwrap();
            folder.set_modified(long_ago).unwrap();
        }
        keep(&used).unwrap();
        remove_old(temp.path(), 1).unwrap();
        assert!(!old.exists() && used.exists());
    }
}
