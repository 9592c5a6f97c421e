//! The private folders for a run's temporary files and keys, and the sweep of what dead runs left.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{IFlags, ioctl_getflags, ioctl_setflags};

use super::remove_tree::remove_tree;
use super::{Doing, WorkspaceError};
use crate::files;
use crate::model::RunId;

/// In the folder of temporary files: the link to the run's journal.
const JOURNAL: &str = "journal";
/// In the folder of temporary files, where there is no better place: the files that hold keys.
const KEYS: &str = "keys";
/// In an attempt's folder: the agent's home and state.
const PRIVATE: &str = "private";
/// A command sweeps so many folders of a place at the most.
const MOST_SWEPT: usize = 100;
/// A sweep holds a folder for a moment; who needs it just then tries again this often …
const TRIES: u32 = 100;
/// … with this pause.
const PAUSE: Duration = Duration::from_millis(10);

/// The folders of a run outside the project, which nobody else can open. As long as this lives they are
/// locked: a later command of the same user knows by that whether anybody still works with them.
#[derive(Debug)]
pub struct Scratch {
    root: Claimed,
    keys: Claimed,
}

impl Scratch {
    /// Makes, or finds, the folders of a run. The one for files that hold keys lies in `runtime`
    /// (`XDG_RUNTIME_DIR`) if that is the user's own: such a folder is in memory, and gone with the session.
    ///
    /// # Errors
    /// [`WorkspaceError::FolderTaken`] if somebody else could look into or owns what is there.
    pub fn claim(
        run: &RunId,
        journal: &Path,
        runtime: Option<&Path>,
    ) -> Result<Self, WorkspaceError> {
        let root = Claimed::at(&place(&std::env::temp_dir(), run))?;
        // By this link a later sweep sees that the run is gone, or never began.
        let link = root.path.join(JOURNAL);
        let _ = fs::remove_file(&link);
        symlink(journal, &link).doing("create", &link)?;
        let private = runtime.filter(|runtime| check_ours(runtime).is_ok());
        let keys = private.and_then(|runtime| Claimed::at(&place(runtime, run)).ok());
        Ok(Self {
            keys: match keys {
                Some(keys) => keys,
                None => Claimed::at(&root.path.join(KEYS))?,
            },
            root,
        })
    }

    pub fn root(&self) -> &Path {
        &self.root.path
    }

    /// For files that hold keys.
    pub fn keys(&self) -> &Path {
        &self.keys.path
    }

    /// Removes all of it.
    ///
    /// # Errors
    /// [`WorkspaceError::Io`] if something in it belongs to somebody else.
    pub fn remove(self) -> Result<(), WorkspaceError> {
        remove_tree(&self.keys.path)?;
        remove_tree(&self.root.path)
    }
}

/// Removes the keys and the private folders of runs of this user that nobody works on any more, and all else
/// of those that are gone or never began. What a resumed run can still use stays. Silent: it is done on the way.
/// `before` is told of each such folder while all of them are there still.
pub fn sweep(runtime: Option<&Path>, before: &dyn Fn(&Path)) {
    let temp = std::env::temp_dir();
    let private = runtime.filter(|runtime| check_ours(runtime).is_ok());
    let parents = [Some(&*temp), private];
    let each = |act| {
        parents
            .into_iter()
            .flatten()
            .map(move |parent| (act, parent))
    };
    for (act, parent) in each(before).chain(each(&sweep_one)) {
        let entries = fs::read_dir(parent).into_iter().flatten().flatten();
        let ours = entries.filter(|entry| {
            let name = entry.file_name();
            name.to_string_lossy().starts_with(&prefix())
        });
        for entry in ours.take(MOST_SWEPT) {
            unless_in_use(&entry.path(), act);
        }
    }
}

fn unless_in_use(path: &Path, act: &dyn Fn(&Path)) {
    // Who holds the lock now makes or sweeps it just like us, or works with it.
    if let Ok(Some(_held)) = lock(path) {
        act(path);
    }
}

fn sweep_one(path: &Path) {
    // Only the folder of temporary files has the link; one of keys alone is of no use to anybody.
    let journal = fs::metadata(path.join(JOURNAL));
    if !journal.is_ok_and(|journal| journal.len() > 0) {
        let _ = remove_tree(path);
        return;
    }
    let _ = remove_tree(&path.join(KEYS));
    for attempt in fs::read_dir(path).into_iter().flatten().flatten() {
        if attempt.file_type().is_ok_and(|kind| kind.is_dir()) {
            let _ = remove_tree(&attempt.path().join(PRIVATE));
        }
    }
}

/// Where the temporary files of a run are while somebody works on it, if its supervisor has the same folder for such.
pub fn scratch_place(run: &RunId) -> PathBuf {
    place(&std::env::temp_dir(), run)
}

/// A folder with its lock.
#[derive(Debug)]
struct Claimed {
    path: PathBuf,
    _lock: File,
}

impl Claimed {
    fn at(path: &Path) -> Result<Self, WorkspaceError> {
        for _ in 0..TRIES {
            match DirBuilder::new().mode(0o700).create(path) {
                Ok(()) => spread(path),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => check_ours(path)?,
                Err(error) => return Err(WorkspaceError::io("create", path)(error)),
            }
            if let Some(lock) = lock(path).doing("lock", path)? {
                let path = path.canonicalize().doing("open", path)?;
                return Ok(Self { path, _lock: lock });
            }
            std::thread::sleep(PAUSE);
        }
        Err(WorkspaceError::FolderTaken {
            path: path.to_owned(),
            reason: "another process works with it",
        })
    }
}

/// Locks a folder of ours; `None` if somebody else has it, or has removed it meanwhile.
fn lock(path: &Path) -> io::Result<Option<File>> {
    if check_ours(path).is_err() {
        return Ok(None);
    }
    let folder = files::open_folder(path)?;
    match folder.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let is_same = fs::symlink_metadata(path)
        .is_ok_and(|now| folder.metadata().is_ok_and(|held| held.ino() == now.ino()));
    Ok(is_same.then_some(folder))
}

fn prefix() -> String {
    format!("tipstaff-{}-", rustix::process::geteuid().as_raw())
}

fn place(parent: &Path, run: &RunId) -> PathBuf {
    parent.join(format!("{}{}", prefix(), run.as_str().replace('/', "_")))
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
///
/// # Errors
/// [`WorkspaceError::FolderTaken`] if somebody else could look into or owns what is there.
pub fn check_ours(path: &Path) -> Result<(), WorkspaceError> {
    let found = fs::symlink_metadata(path).doing("open", path)?;
    let reason = if !found.is_dir() {
        "it is no folder"
    } else if found.uid() != rustix::process::geteuid().as_raw() {
        "it belongs to another user"
    } else if found.mode() & 0o077 != 0 {
        "other users may open it"
    } else {
        return Ok(());
    };
    Err(WorkspaceError::FolderTaken {
        path: path.to_owned(),
        reason,
    })
}

/// A folder that somebody else may replace is nobody's own, whoever it belongs to now.
///
/// # Errors
/// [`WorkspaceError::FolderTaken`] if anybody may do so.
pub fn check_above(path: &Path) -> Result<(), WorkspaceError> {
    for folder in path.canonicalize().doing("open", path)?.ancestors().skip(1) {
        let found = folder.metadata().doing("open", folder)?;
        if found.mode() & 0o1002 == 0o002 {
            return Err(WorkspaceError::FolderTaken {
                path: folder.to_owned(),
                reason: "anybody may replace what is in it",
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn is_private_and_locked_until_it_is_dropped() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("r1");
        let first = Claimed::at(&path).unwrap();
        assert_eq!(first.path.metadata().unwrap().mode() & 0o777, 0o700);
        assert!(Claimed::at(&path).is_err());
        drop(first);
        Claimed::at(&path).unwrap();
    }

    #[test]
    fn refuses_what_others_may_open_or_redirect() {
        let temp = tempfile::tempdir().unwrap();
        let open = temp.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(Claimed::at(&open).is_err());
        let linked = temp.path().join("linked");
        symlink(temp.path(), &linked).unwrap();
        assert!(Claimed::at(&linked).is_err());
    }

    #[test]
    fn refuses_a_place_where_anybody_may_put_something_else() {
        let temp = tempfile::tempdir().unwrap();
        let above = temp.path().join("above");
        let path = above.join("between/ours");
        fs::create_dir_all(&path).unwrap();
        for (mode, is_fine) in [(0o775, true), (0o1777, true), (0o777, false)] {
            fs::set_permissions(&above, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(check_above(&path).is_ok(), is_fine, "{mode:o}");
        }
    }

    #[test]
    fn sweeping_spares_what_is_in_use_and_what_a_resumed_run_needs() {
        let temp = tempfile::tempdir().unwrap();
        let journal = temp.path().join("journal.jsonl");
        fs::write(&journal, "one").unwrap();
        let scratch = || {
            let root = Claimed::at(&temp.path().join("scratch")).unwrap();
            let _ = symlink(&journal, root.path.join(JOURNAL));
            for folder in ["keys", "a-1/private", "a-1/workspace"] {
                fs::create_dir_all(root.path.join(folder)).unwrap();
            }
            root
        };
        let root = scratch();
        let path = root.path.clone();
        unless_in_use(&path, &sweep_one);
        assert!(path.join("keys").exists() && path.join("a-1/private").exists());
        // A program that another test just starts holds all locks of this process for a moment.
        let sweep_until = |so: &dyn Fn() -> bool| {
            let since = std::time::Instant::now();
            while !so() && since.elapsed().as_secs() < 10 {
                unless_in_use(&path, &sweep_one);
            }
            assert!(so());
        };
        drop(root);
        sweep_until(&|| !path.join("keys").exists());
        assert!(!path.join("a-1/private").exists());
        assert!(path.join("a-1/workspace").exists());
        fs::write(&journal, "").unwrap();
        sweep_until(&|| !path.exists());
        drop(scratch());
        fs::remove_file(&journal).unwrap();
        sweep_until(&|| !path.exists());
    }
}
