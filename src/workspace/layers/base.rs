//! Bases: trees checked out once, each in a folder of its name, shared by processes that hold a lock on it.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustix::fs::syncfs;

use super::super::index::PrivateIndex;
use super::super::materialize::made;
use super::super::{Doing, WorkspaceError, folder, remove_tree, tree};
use super::hidden::Marks;
use super::progress::Progress;
use crate::files;
use crate::model::TreeId;

/// What was begun so long ago and has no name yet goes.
const HALF_MADE: Duration = Duration::from_secs(60 * 60);
/// What nobody has used for so long goes.
const OLDEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A base that stays as long as this lives.
#[derive(Debug, Clone)]
pub(super) struct Base {
    pub tree: TreeId,
    root: PathBuf,
    number_of_files: usize,
    lock: Arc<File>,
}

impl Base {
    pub(super) fn files(&self) -> PathBuf {
        self.root.join("files")
    }

    /// A git index that knows its files.
    pub(super) fn index(&self) -> PathBuf {
        self.root.join("index")
    }

    /// What of it matters without looking at the files.
    pub(super) fn marks(&self) -> PathBuf {
        self.root.join("marks")
    }

    /// Notes that it is used now.
    pub(super) fn touch(&self) {
        let _ = self.lock.set_modified(SystemTime::now());
    }

    pub(super) fn number_of_files(&self) -> usize {
        self.number_of_files
    }
}

/// A folder of bases.
#[derive(Debug)]
pub(super) struct Bases {
    folder: PathBuf,
    /// So many that nobody uses are kept.
    most_unused: usize,
}

impl Bases {
    pub(super) fn at(folder: PathBuf) -> Self {
        Self {
            folder,
            most_unused: 2,
        }
    }

    /// What commands of `setup` made, in the place of trees; several of them may belong to one state of a project.
    pub(super) fn of_setup(folder: PathBuf) -> Self {
        Self {
            folder,
            most_unused: 8,
        }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The one of that name, locked.
    pub(super) fn find(&self, name: &TreeId) -> Option<Base> {
        open(&self.folder.join(name.as_str()))
    }

    /// Those that are there, locked, the one that was used last first.
    pub(super) fn usable(&self) -> Vec<Base> {
        let entries = folder::entries(&self.folder)
            .into_iter()
            .flatten()
            .flatten();
        let bases = entries.filter(|entry| is_tree(&entry.file_name()));
        let mut found: Vec<Base> = bases.filter_map(|entry| open(&entry.path())).collect();
        found.sort_by_key(|base| std::cmp::Reverse(used(&base.root)));
        found.truncate(self.most_unused);
        found
    }

    /// Checks a tree out.
    pub(super) fn make(
        &self,
        store: &Path,
        tree: &TreeId,
        progress: &Progress,
    ) -> Result<Base, WorkspaceError> {
        self.add(tree, |making| {
            let entries = tree::entries(store, tree)?;
            let index = PrivateIndex::new(store)?;
            index.read_tree(tree.as_str())?;
            progress.begin(entries.len());
            let paths = entries.keys().inspect(|_| progress.one_more());
            index.check_out(&made(&making.join("files"))?, paths.map(PathBuf::as_path))?;
            let at = making.join("index");
            files::open(index.file())
                .and_then(|mut from| io::copy(&mut from, &mut files::create(&at, 0o600)?))
                .doing("copy", index.file())?;
            Marks::of(&entries).write(&making.join("marks"))?;
            Ok(entries.len())
        })
    }

    /// Puts one in its place that `make` lays out in a folder, and says how many files it has.
    pub(super) fn add(
        &self,
        name: &TreeId,
        make: impl FnOnce(&Path) -> Result<usize, WorkspaceError>,
    ) -> Result<Base, WorkspaceError> {
        let folder = made(&self.folder)?;
        let making = tempfile::Builder::new()
            .tempdir_in(&folder)
            .doing("create", &folder)?;
        // The lock goes with the folder to its place, and tells a sweep that somebody is at work.
        let lock = files::open_folder(making.path()).doing("open", making.path())?;
        lock.lock_shared().doing("lock", making.path())?;
        let number_of_files = make(making.path())?;
        let at = making.path().join("facts");
        let facts = format!("{number_of_files} {}", boot().unwrap_or_default());
        files::write(&at, facts).doing("write", &at)?;
        let root = folder.join(name.as_str());
        if root.exists() && open(&root).is_none() {
            remove(&root)?;
        }
        match fs::rename(making.path(), &root) {
            Ok(()) => drop(making.keep()),
            // Another run was faster.
            Err(_) if root.exists() => {}
            Err(error) => return Err(WorkspaceError::io("create", &root)(error)),
        }
        open(&root)
            .ok_or(io::ErrorKind::NotFound.into())
            .map_err(WorkspaceError::io("open", &root))
    }

    /// Removes what nobody needs: all but the last two that nobody uses, what is old, and what was left half made or not
    /// written to disk when the machine stopped. Sees to it that the others are on disk. Slow.
    pub(super) fn sweep(&self) -> Result<(), WorkspaceError> {
        let mut unused = Vec::new();
        let Ok(entries) = folder::entries(&self.folder) else {
            return Ok(());
        };
        for entry in entries {
            let path = entry?.path();
            let age = used(&path).elapsed().unwrap_or_default();
            let is_base = path.file_name().is_some_and(is_tree);
            if is_base && open(&path).is_some() {
                unused.extend(lock_alone(&path).map(|_| (age, path)));
            } else if is_base || age > HALF_MADE {
                remove(&path)?;
            }
        }
        unused.sort();
        for (number, (age, path)) in unused.iter().enumerate() {
            if *age > OLDEST || number >= self.most_unused {
                remove(path)?;
            } else {
                seal(path).doing("sync", path)?;
            }
        }
        Ok(())
    }
}

/// Locks a base that is there and whole.
fn open(root: &Path) -> Option<Base> {
    let lock = files::open_folder(root).ok()?;
    lock.lock_shared().ok()?;
    let is_same = fs::symlink_metadata(root).ok()?.ino() == lock.metadata().ok()?.ino();
    let facts = String::from_utf8(facts(root)).ok()?;
    (is_same && is_whole(root)).then_some(Base {
        tree: TreeId::parse(root.file_name()?.to_str()?)?,
        root: root.to_owned(),
        number_of_files: facts.split(' ').next()?.parse().ok()?,
        lock: Arc::new(lock),
    })
}

fn facts(root: &Path) -> Vec<u8> {
    files::read(&root.join("facts"), 1000).unwrap_or_default()
}

fn is_tree(name: &OsStr) -> bool {
    name.to_str()
        .is_some_and(|name| TreeId::parse(name).is_some())
}

/// Whether all of it is known to be there: it was made since the machine started, or has been on disk at one time.
fn is_whole(root: &Path) -> bool {
    let is_new = boot().is_some_and(|boot| facts(root).ends_with(boot.as_bytes()));
    is_new || root.join("sealed").exists()
}

/// Waits until all of it is on disk, and notes it.
fn seal(root: &Path) -> io::Result<()> {
    if !root.join("sealed").exists() {
        let (folder, used) = (files::open_folder(root)?, used(root));
        syncfs(&folder)?;
        files::write(&root.join("sealed"), "")?;
        folder.set_modified(used)?;
    }
    Ok(())
}

fn remove(root: &Path) -> Result<(), WorkspaceError> {
    let Some(lock) = lock_alone(root) else {
        return Ok(());
    };
    // Whoever looks for it does not find half of it.
    let gone = root.with_extension("gone");
    fs::rename(root, &gone).doing("remove", root)?;
    drop(lock);
    remove_tree(&gone)
}

fn used(root: &Path) -> SystemTime {
    let used = fs::symlink_metadata(root).and_then(|found| found.modified());
    used.unwrap_or(SystemTime::UNIX_EPOCH)
}

/// `None` if somebody uses it.
fn lock_alone(path: &Path) -> Option<File> {
    let folder = files::open_folder(path).ok()?;
    folder.try_lock().is_ok().then_some(folder)
}

/// Which start of the machine this is.
pub(super) fn boot() -> Option<String> {
    let id = files::read(Path::new("/proc/sys/kernel/random/boot_id"), 100).ok()?;
    let id = String::from_utf8(id).ok()?;
    Some(id.trim().to_owned()).filter(|id| !id.is_empty())
}
