//! Untouched workspaces go to the next call.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::copy_tree::compare_tree;
use super::remove_tree::remove_tree;
use super::{ControlFiles, Doing, Workspace, WorkspaceError};

/// Copies of a tree that their calls left as they were, byte for byte. Most calls only read, and making
/// and removing files is the dearest part of a workspace; on ext4 it is dearer still where others were
/// removed lately.
///
/// A workspace that was touched in any way is never handed on. Of several trees only the one given back
/// last is kept: a run that has gone on to another does not come back often.
#[derive(Debug)]
pub struct WorkspacePool {
    folder: PathBuf,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    base: PathBuf,
    copies: Vec<Workspace>,
}

impl WorkspacePool {
    /// None yet. They will be kept in `folder`, on the file system of the workspaces.
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            kept: Mutex::default(),
        }
    }

    /// A copy of the materialized tree `base` at `at`, which must not exist yet: a spare one, or else a
    /// new one (see [`Workspace::create`]).
    pub fn copy(&self, base: &Path, at: &Path) -> Result<Workspace, WorkspaceError> {
        match self.take(base) {
            Some(spare) => {
                let workspace = spare.move_to(at)?;
                workspace.create_own_folders()?;
                Ok(workspace)
            }
            None => Workspace::create(base, at, ControlFiles::Drop),
        }
    }

    /// Keeps the workspace at `at`, a copy of `base` that no process uses any more, if it is as it was
    /// at its beginning. Otherwise it stays where it is.
    ///
    /// # Errors
    /// [`WorkspaceError::Io`] if it cannot be moved, or an older spare cannot be removed.
    pub fn give_back(&self, base: &Path, at: &Path) -> Result<(), WorkspaceError> {
        let Some(copied) = compare_tree(base, at, ControlFiles::Drop) else {
            return Ok(());
        };
        let spare = Workspace::copied(at.to_owned(), &copied);
        spare.remove_own_folders()?;
        fs::create_dir_all(&self.folder).doing("create", &self.folder)?;
        let place = tempfile::Builder::new()
            .tempdir_in(&self.folder)
            .doing("create", &self.folder)?
            .keep();
        self.keep(base, spare.move_to(&place)?)
            .iter()
            .try_for_each(|old| remove_tree(old.root()))
    }

    fn take(&self, base: &Path) -> Option<Workspace> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.base == base {
            kept.copies.pop()
        } else {
            None
        }
    }

    /// Gives those of another tree.
    fn keep(&self, base: &Path, spare: Workspace) -> Vec<Workspace> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut old = Vec::new();
        if kept.base != base {
            base.clone_into(&mut kept.base);
            old = std::mem::take(&mut kept.copies);
        }
        kept.copies.push(spare);
        old
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    struct Bench {
        temp: tempfile::TempDir,
        pool: WorkspacePool,
    }

    impl Bench {
        fn new() -> Self {
            let temp = tempfile::tempdir().unwrap();
            for folder in ["base/src/.claude", "base/empty", "other"] {
                fs::create_dir_all(temp.path().join(folder)).unwrap();
            }
            fs::write(temp.path().join("base/src/a.rs"), "a").unwrap();
            fs::write(temp.path().join("base/big.bin"), vec![7; 300_000]).unwrap();
            fs::write(temp.path().join("base/src/.claude/hook"), "").unwrap();
            symlink("src/a.rs", temp.path().join("base/link")).unwrap();
            symlink("/etc/passwd", temp.path().join("base/out")).unwrap();
            let pool = WorkspacePool::new(temp.path().join("pool"));
            Self { temp, pool }
        }

        fn at(&self, name: &str) -> PathBuf {
            self.temp.path().join(name)
        }

        /// Whether a workspace that was used like this goes to the next call.
        fn is_handed_on(&self, use_it: impl FnOnce(&Path)) -> bool {
            let (base, at) = (self.at("base"), self.at("first"));
            let first = self.pool.copy(&base, &at).unwrap();
            let folder = at.metadata().unwrap().ino();
            use_it(first.root());
            self.pool.give_back(&base, &at).unwrap();
            let next = self.pool.copy(&base, &self.at("next")).unwrap();
            assert_eq!(next.remarks(), first.remarks());
            assert!(compare_tree(&base, next.root(), ControlFiles::Drop).is_some());
            let handed_on = next.root().metadata().unwrap().ino() == folder;
            assert_eq!(handed_on, !at.exists());
            handed_on
        }
    }

    #[test]
    fn an_untouched_workspace_goes_to_the_next_call_without_what_was_the_calls_own() {
        let bench = Bench::new();
        assert!(bench.is_handed_on(|root| {
            fs::write(root.join(".tipstaff/out/deliverable.md"), "done").unwrap();
            fs::write(root.join(".tipstaff/in/note"), "").unwrap();
            fs::write(root.join(".git/index"), "").unwrap();
        }));
        let next = bench.at("next");
        assert_eq!(fs::read_dir(next.join(".tipstaff/in")).unwrap().count(), 0);
        assert_eq!(fs::read_dir(next.join(".tipstaff/out")).unwrap().count(), 0);
        assert!(next.join(".git/HEAD").exists() && !next.join(".git/index").exists());
    }

    #[test]
    fn a_workspace_that_was_touched_in_any_way_does_not() {
        type Touch = fn(&Path);
        let touches: [(&str, Touch); 11] = [
            ("content", |root| {
                fs::write(root.join("src/a.rs"), "b").unwrap();
            }),
            ("length", |root| {
                fs::write(root.join("src/a.rs"), "aa").unwrap();
            }),
            ("the end of a large file", |root| {
                let mut bytes = vec![7; 300_000];
                bytes[299_999] = 8;
                fs::write(root.join("big.bin"), bytes).unwrap();
            }),
            ("mode", |root| {
                let mode = fs::Permissions::from_mode(0o755);
                fs::set_permissions(root.join("src/a.rs"), mode).unwrap();
            }),
            ("mode of a folder", |root| {
                fs::set_permissions(root, fs::Permissions::from_mode(0o711)).unwrap();
            }),
            ("a further name", |root| {
                fs::hard_link(root.join("src/a.rs"), root.join("../secret")).unwrap();
            }),
            ("a link", |root| {
                fs::remove_file(root.join("link")).unwrap();
                symlink("big.bin", root.join("link")).unwrap();
            }),
            ("a link for a file", |root| {
                fs::rename(root.join("src/a.rs"), root.join("../a.rs")).unwrap();
                symlink("../../a.rs", root.join("src/a.rs")).unwrap();
            }),
            ("a file more", |root| {
                fs::write(root.join("empty/more"), "").unwrap();
            }),
            ("a file less", |root| {
                fs::remove_file(root.join("src/a.rs")).unwrap();
            }),
            ("a control file", |root| {
                fs::create_dir(root.join("src/.claude")).unwrap();
            }),
        ];
        for (what, touch) in touches {
            assert!(!Bench::new().is_handed_on(touch), "{what}");
        }
    }

    #[test]
    fn a_copy_of_another_tree_is_none() {
        let bench = Bench::new();
        let (base, other) = (bench.at("base"), bench.at("other"));
        bench.pool.copy(&base, &bench.at("first")).unwrap();
        bench.pool.give_back(&base, &bench.at("first")).unwrap();
        let second = bench.pool.copy(&other, &bench.at("second")).unwrap();
        assert!(!second.root().join("src").exists());
        bench.pool.give_back(&other, &bench.at("second")).unwrap();
        let kept = fs::read_dir(bench.at("pool")).unwrap().count();
        assert_eq!(kept, 1, "those of the tree before are gone");
    }
}
