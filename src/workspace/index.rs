//! Index files of our own, by which trees are read, built and written without touching the user's.

use std::fs;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::model::TreeId;

use super::entry::{Entries, Entry, parse_entries};
use super::git::Git;
use super::{Doing, WorkspaceError};

/// An index file in the store, gone when it goes out of scope.
pub(super) struct PrivateIndex {
    store: PathBuf,
    file: PathBuf,
}

/// A command on the store that needs neither files nor an index: no index is there.
pub(super) fn git(store: &Path) -> Result<Git, WorkspaceError> {
    Ok(PrivateIndex::new(store)?.git_alone())
}

impl PrivateIndex {
    /// A new, empty index.
    pub(super) fn new(store: &Path) -> Result<Self, WorkspaceError> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        // git runs in another folder, where a relative path would mean something else.
        let store = store.canonicalize().doing("open", store)?;
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let file = store.join(format!("index-{}-{count}", std::process::id()));
        Ok(Self { store, file })
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// A command on the store with this index, in and on the folder `work_tree`.
    pub(super) fn git(&self, work_tree: &Path) -> Git {
        Git::on_store(&self.store, work_tree, &self.file)
    }

    /// A command that needs no files: the store itself stands for the work tree, so that no
    /// attribute file of anybody counts.
    pub(super) fn git_alone(&self) -> Git {
        self.git(&self.store)
    }

    /// Puts the files and symlinks at these paths below `root` into store and index. What vanished
    /// since it was listed is left out.
    pub(super) fn add_files<'a>(
        &self,
        root: &Path,
        paths: impl IntoIterator<Item = &'a Path> + Send,
    ) -> Result<(), WorkspaceError> {
        self.git(root)
            .args(["update-index", "--add", "--remove", "--replace"])
            .args(["-z", "--stdin"])
            .fed(|git| name_all(git, paths))
    }

    /// The paths in the index whose files below `root` are not as they were, as far as size, times and the like tell, or
    /// are not there any more.
    pub(super) fn changed(&self, root: &Path) -> Result<Vec<PathBuf>, WorkspaceError> {
        self.git(root)
            .args(["diff-files", "--name-only", "-z"])
            .paths()
    }

    /// Takes paths out of the index.
    pub(super) fn remove<'a>(
        &self,
        root: &Path,
        paths: impl Iterator<Item = &'a Path> + Send,
    ) -> Result<(), WorkspaceError> {
        self.update(root, "--force-remove", paths)
    }

    /// The paths in the index.
    pub(super) fn paths(&self) -> Result<Vec<PathBuf>, WorkspaceError> {
        self.git_alone().args(["ls-files", "-z"]).paths()
    }

    /// Says of paths that their files are not to be looked for.
    pub(super) fn skip<'a>(
        &self,
        root: &Path,
        paths: impl Iterator<Item = &'a Path> + Send,
    ) -> Result<(), WorkspaceError> {
        self.update(root, "--skip-worktree", paths)
    }

    /// The index is written anew, and is later than all files then. What is as new as it was before has to be looked at
    /// first, below `root`: such a file may have changed since without looking otherwise.
    fn update<'a>(
        &self,
        root: &Path,
        how: &str,
        paths: impl Iterator<Item = &'a Path> + Send,
    ) -> Result<(), WorkspaceError> {
        let mut paths = paths.peekable();
        match paths.peek() {
            Some(_) => self
                .git(root)
                .args(["update-index", how, "-z", "--stdin"])
                .fed(|git| name_all(git, paths)),
            None => Ok(()),
        }
    }

    /// Fills the index with a tree's entries.
    pub(super) fn read_tree(&self, tree: &str) -> Result<(), WorkspaceError> {
        self.git_alone().args(["read-tree", tree]).done()
    }

    /// Adds entries.
    pub(super) fn set(&self, entries: &Entries) -> Result<(), WorkspaceError> {
        let mut lines = Vec::new();
        for (path, Entry { kind, object }) in entries {
            lines.extend(format!("{} {object}\t", kind.mode()).into_bytes());
            lines.extend(path.as_os_str().as_bytes());
            lines.push(0);
        }
        self.git_alone()
            .args(["update-index", "-z", "--index-info"])
            .stdin(lines)
            .done()
    }

    pub(super) fn entries(&self) -> Result<Entries, WorkspaceError> {
        let said = self.git_alone().args(["ls-files", "-s", "-z"]).run()?;
        Ok(parse_entries(&said))
    }

    /// Writes the index's files into the empty folder `into`.
    pub(super) fn write_files(&self, into: &Path) -> Result<(), WorkspaceError> {
        self.git(into)
            .args(["checkout-index", "--all", "--force"])
            .done()
    }

    /// Writes these files of the index into the empty folder `into`; the paths are asked for about as fast as git goes on.
    /// The index knows afterwards that the files are as they should be.
    pub(super) fn check_out<'a>(
        &self,
        into: &Path,
        paths: impl IntoIterator<Item = &'a Path> + Send,
    ) -> Result<(), WorkspaceError> {
        self.git(into)
            .args(["checkout-index", "--index", "--force", "-z", "--stdin"])
            .fed(|git| name_all(git, paths))
    }

    /// Writes these files of a tree into a folder. Not for many: git compares each entry with each path.
    pub(super) fn check_out_of<'a>(
        &self,
        tree: &TreeId,
        into: &Path,
        paths: impl Iterator<Item = &'a PathBuf> + Send,
    ) -> Result<(), WorkspaceError> {
        self.git(into)
            .env("GIT_LITERAL_PATHSPECS", "1")
            .args(["checkout", "--quiet", tree.as_str()])
            .args(["--pathspec-from-file=-", "--pathspec-file-nul"])
            .fed(|git| name_all(git, paths.map(PathBuf::as_path)))
    }

    pub(super) fn write_tree(&self) -> Result<TreeId, WorkspaceError> {
        self.git_alone().args(["write-tree"]).tree()
    }
}

fn name_all<'a>(git: &mut dyn Write, paths: impl IntoIterator<Item = &'a Path>) -> io::Result<()> {
    for path in paths {
        git.write_all(path.as_os_str().as_bytes())?;
        git.write_all(b"\0")?;
    }
    Ok(())
}

impl Drop for PrivateIndex {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.file);
    }
}
