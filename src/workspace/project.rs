//! The user's project: which folder a run is about.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::repository::Repository;
use super::{Doing, WorkspaceError};

/// The folder a run is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// The absolute path of the folder, symlinks resolved.
    pub root: PathBuf,
    pub kind: ProjectKind,
    pub(super) repository: OnceLock<Repository>,
}

/// Whether git knows a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProjectKind {
    /// It is, or lies in, a git work tree.
    Git {
        /// The work tree's top folder: the root itself or one above it.
        top: PathBuf,
    },
    /// No git work tree around it.
    Plain,
}

impl Project {
    /// Finds the project that `start` lies in: the nearest folder upwards that holds a `.tipstaff`
    /// folder, but not beyond the top of the git work tree; else that top; else `start` itself.
    ///
    /// Above `start`, a `.tipstaff` counts only if it belongs to the owner of `start` or to the
    /// current user (its configuration names commands to run), and the home folder does not count.
    ///
    /// # Errors
    /// [`WorkspaceError::Io`] if `start` is not a folder that can be opened;
    /// [`WorkspaceError::InsideGit`] if it belongs to git itself.
    pub fn discover(start: &Path) -> Result<Self, WorkspaceError> {
        let start = start.canonicalize().doing("open", start)?;
        let owner = start.metadata().doing("open", &start)?.uid();
        let home = std::env::home_dir();
        let mut root = None;
        for folder in start.ancestors() {
            if is_gits_own(folder) {
                return Err(WorkspaceError::InsideGit { folder: start });
            }
            let counts = folder == start
                || (home.as_deref() != Some(folder)
                    && is_trusted(&folder.join(".tipstaff"), owner));
            if root.is_none() && counts && folder.join(".tipstaff").is_dir() {
                root = Some(folder.to_owned());
            }
            // `.git` is a file in linked work trees and submodules.
            if folder.join(".git").exists() {
                let top = folder.to_owned();
                return Ok(Self {
                    root: root.unwrap_or_else(|| top.clone()),
                    kind: ProjectKind::Git { top },
                    repository: OnceLock::new(),
                });
            }
        }
        Ok(Self {
            root: root.unwrap_or(start),
            kind: ProjectKind::Plain,
            repository: OnceLock::new(),
        })
    }

    /// This very folder, whatever is above it.
    ///
    /// # Errors
    /// [`WorkspaceError::Io`] if it cannot be opened.
    pub(super) fn alone(root: &Path) -> Result<Self, WorkspaceError> {
        Ok(Self {
            root: root.canonicalize().doing("open", root)?,
            kind: ProjectKind::Plain,
            repository: OnceLock::new(),
        })
    }

    /// The user's repository, if there is one.
    pub(super) fn repository(&self) -> Result<Option<&Repository>, WorkspaceError> {
        if self.kind == ProjectKind::Plain {
            return Ok(None);
        }
        if let Some(known) = self.repository.get() {
            return Ok(Some(known));
        }
        let asked = Repository::of(&self.root)?;
        Ok(Some(self.repository.get_or_init(|| asked)))
    }
}

/// Whether git itself would take the folder for a repository: a bare one, or some `.git`.
fn is_gits_own(folder: &Path) -> bool {
    folder.join("HEAD").exists()
        && ["objects", "refs"]
            .iter()
            .all(|part| folder.join(part).is_dir())
}

fn is_trusted(folder: &Path, owner: u32) -> bool {
    folder.symlink_metadata().is_ok_and(|found| {
        found.uid() == owner || found.uid() == rustix::process::geteuid().as_raw()
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::fs;

    use super::*;

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().canonicalize().unwrap();
        (temp, path)
    }

    #[test]
    fn takes_the_start_itself_where_nothing_is_found() {
        let (_temp, path) = folder();
        let found = Project::discover(&path).unwrap();
        assert_eq!(found.root, path);
        assert_eq!(found.kind, ProjectKind::Plain);
    }

    #[test]
    fn takes_the_top_of_the_work_tree_from_below() {
        let (_temp, path) = folder();
        fs::create_dir_all(path.join("a/b")).unwrap();
        fs::create_dir(path.join(".git")).unwrap();
        let found = Project::discover(&path.join("a/b")).unwrap();
        assert_eq!(found.root, path);
    }

    #[test]
    fn prefers_the_nearest_project_folder_below_the_top() {
        let (_temp, path) = folder();
        fs::create_dir_all(path.join("a/b")).unwrap();
        fs::create_dir(path.join("a/.tipstaff")).unwrap();
        fs::write(path.join(".git"), "gitdir: elsewhere").unwrap();
        let found = Project::discover(&path.join("a/b")).unwrap();
        assert_eq!(found.root, path.join("a"));
        assert_eq!(found.kind, ProjectKind::Git { top: path });
    }

    #[test]
    fn does_not_climb_beyond_the_top_of_the_work_tree() {
        let (_temp, path) = folder();
        fs::create_dir_all(path.join("repo/sub")).unwrap();
        fs::create_dir(path.join(".tipstaff")).unwrap();
        fs::create_dir(path.join("repo/.git")).unwrap();
        let found = Project::discover(&path.join("repo/sub")).unwrap();
        assert_eq!(found.root, path.join("repo"));
    }

    #[test]
    fn refuses_what_belongs_to_git_itself() {
        let (_temp, path) = folder();
        let run = |args: &[&str]| duct::cmd("git", args).dir(&path).run().unwrap();
        run(&["init", "-q", "--bare", "bare.git"]);
        run(&["init", "-q", "here"]);
        for inside in [
            "bare.git",
            "bare.git/refs",
            "here/.git",
            "here/.git/objects",
        ] {
            let error = Project::discover(&path.join(inside)).unwrap_err();
            assert!(
                matches!(error, WorkspaceError::InsideGit { .. }),
                "{inside}: {error}"
            );
        }
        // A work tree may lie in the folder of a bare repository.
        fs::create_dir(path.join("bare.git/tree")).unwrap();
        fs::write(path.join("bare.git/tree/.git"), "gitdir: elsewhere").unwrap();
        let found = Project::discover(&path.join("bare.git/tree")).unwrap();
        assert_eq!(found.root, path.join("bare.git/tree"));
    }

    #[test]
    fn says_which_folder_is_missing() {
        let (_temp, path) = folder();
        let error = Project::discover(&path.join("gone")).unwrap_err();
        assert!(error.to_string().contains("gone"), "{error}");
    }
}
