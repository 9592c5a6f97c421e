//! The isolated temporary folder in which a call runs.

use std::fs;
use std::path::{Path, PathBuf};

use super::carry_over::carry_over;
use super::copy_tree::{Copied, OWN, copy_tree};
use super::remove_tree::remove_tree;
use super::{ControlFiles, Doing, GitLayer, Stack, WorkspaceError};
use crate::files;

/// The isolated temporary folder in which a call runs. It stays on disk until it is removed with its attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    root: PathBuf,
    /// What it is mounted over, the topmost first: then `root` holds what is written. Of a copy nothing.
    layers: Vec<PathBuf>,
    /// What else has to be there for reading: where it is, and where it is expected.
    binds: Vec<(PathBuf, PathBuf)>,
    remarks: Vec<String>,
}

impl Workspace {
    /// Makes a writable copy of the materialized tree `base` at `at`, with the contract's folders
    /// and a git repository of its own that knows nothing of the user's. `at` must not exist yet.
    ///
    /// Symlinks that lead out of the tree are dropped and remarked upon.
    ///
    /// # Errors
    /// [`WorkspaceError::Io`] if `at` exists, the base cannot be read or the disk is full.
    pub fn create(
        base: &Path,
        at: &Path,
        control_files: ControlFiles,
    ) -> Result<Self, WorkspaceError> {
        let workspace = Self::create_empty(at)?;
        let copied = copy_tree(base, at, control_files)?;
        Ok(Self::copied(workspace.root, &copied))
    }

    /// Makes a workspace without a project at `at`, which must not exist yet.
    pub fn create_empty(at: &Path) -> Result<Self, WorkspaceError> {
        if let Some(parent) = at.parent() {
            fs::create_dir_all(parent).doing("create", parent)?;
        }
        fs::create_dir(at).doing("create", at)?;
        let workspace = Self::copied(at.to_owned(), &Copied::default());
        workspace.create_own_folders()?;
        Ok(workspace)
    }

    /// The folder `root`, into which that was copied.
    pub(super) fn copied(root: PathBuf, copied: &Copied) -> Self {
        Self {
            root,
            layers: Vec::new(),
            binds: Vec::new(),
            remarks: copied.remarks(),
        }
    }

    /// An empty one at `at`, which must not exist yet, to be mounted over the layers of a tree and its repository.
    pub fn create_over(stack: &Stack, git: &GitLayer, at: &Path) -> Result<Self, WorkspaceError> {
        let layers = stack.folders().chain([git.layer.as_path()]);
        let workspace = Self {
            layers: layers.map(Path::to_owned).collect(),
            binds: git.binds.clone(),
            remarks: stack.remarks.clone(),
            ..Self::copied(at.to_owned(), &Copied::default())
        };
        fs::create_dir_all(at).doing("create", at)?;
        workspace.create_exchange()?;
        Ok(workspace)
    }

    /// An empty one at `at`, to be mounted over another one.
    pub fn create_above(below: Self, at: &Path) -> Result<Self, WorkspaceError> {
        Ok(Self {
            layers: vec![below.root],
            remarks: below.remarks,
            ..Self::create_empty(at)?
        })
    }

    /// Its own folders, as they are at the beginning.
    pub(super) fn create_own_folders(&self) -> Result<(), WorkspaceError> {
        self.create_exchange()?;
        create_repository(&self.root.join(".git"))
    }

    /// Where supervisor and agent put things for each other.
    fn create_exchange(&self) -> Result<(), WorkspaceError> {
        let own = [
            self.root.join(".tipstaff"),
            self.input_dir(),
            self.output_dir(),
        ];
        for folder in own {
            fs::create_dir(&folder).doing("create", &folder)?;
        }
        Ok(())
    }

    /// Removes its own folders with all that its call left in them.
    pub(super) fn remove_own_folders(&self) -> Result<(), WorkspaceError> {
        OWN.iter()
            .try_for_each(|own| remove_tree(&self.root.join(own)))
    }

    /// The same workspace elsewhere: at `to`, which must not exist yet, or be an empty folder.
    pub(super) fn move_to(self, to: &Path) -> Result<Self, WorkspaceError> {
        fs::rename(&self.root, to).doing("create", to)?;
        Ok(Self {
            root: to.to_owned(),
            ..self
        })
    }

    /// Moves into it what only the workspace `before` has, whose place it takes: files and folders that the
    /// ignore rules leave out of its changes. Control files of agents stay behind. What cannot be moved is
    /// remarked upon: it can be made anew.
    pub fn take_over(&mut self, before: &Path, left_out: &[PathBuf]) {
        for path in left_out {
            if let Err(error) = carry_over(before, (&self.root, &self.layers), path) {
                self.remarks
                    .push(format!("`{}` was left behind: {error}", path.display()));
            }
        }
    }

    /// The same with further layers below all others, the topmost first: they cover nothing of the project.
    #[must_use]
    pub fn with_below(mut self, layers: &[PathBuf]) -> Self {
        if !self.layers.is_empty() {
            self.layers.extend_from_slice(layers);
        }
        self
    }

    /// The folder the agent starts in.
    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn layers(&self) -> &[PathBuf] {
        &self.layers
    }

    pub fn binds(&self) -> &[(PathBuf, PathBuf)] {
        &self.binds
    }

    /// Where the supervisor puts inputs: `.tipstaff/in`.
    pub fn input_dir(&self) -> PathBuf {
        self.root.join(".tipstaff/in")
    }

    /// Where the agent leaves results: `.tipstaff/out`.
    pub fn output_dir(&self) -> PathBuf {
        self.root.join(".tipstaff/out")
    }

    /// What was left out of the copy and why, one sentence each, for the user.
    pub fn remarks(&self) -> &[String] {
        &self.remarks
    }
}

/// The least that git takes for a repository. Without it, agents climb to the parents of the
/// workspace and read configuration and instructions there.
pub(super) fn create_repository(at: &Path) -> Result<(), WorkspaceError> {
    for folder in [at.to_owned(), at.join("objects"), at.join("refs")] {
        fs::create_dir(&folder).doing("create", &folder)?;
    }
    let files = [
        ("HEAD", "ref: refs/heads/main\n"),
        (
            "config",
            "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n",
        ),
    ];
    for (name, text) in files {
        let path = at.join(name);
        files::write(&path, text).doing("write", &path)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    #[test]
    fn copies_files_modes_and_links_but_shares_nothing() {
        let temp = tempfile::tempdir().unwrap();
        let base = temp.path().join("base");
        fs::create_dir_all(base.join("src")).unwrap();
        fs::write(base.join("src/run.sh"), "#!/bin/sh\n").unwrap();
        fs::set_permissions(base.join("src/run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
        let big = vec![7_u8; 300_000];
        fs::write(base.join("big.bin"), &big).unwrap();
        symlink("src/run.sh", base.join("link")).unwrap();
        let space = Workspace::create(&base, &temp.path().join("a/b"), ControlFiles::Drop).unwrap();
        let copy = space.root().join("src/run.sh");
        assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o755);
        assert_eq!(copy.metadata().unwrap().nlink(), 1);
        assert_eq!(fs::read(space.root().join("big.bin")).unwrap(), big);
        assert_eq!(
            fs::read_link(space.root().join("link")).unwrap(),
            Path::new("src/run.sh")
        );
        fs::write(&copy, "changed").unwrap();
        assert_eq!(fs::read(base.join("src/run.sh")).unwrap(), b"#!/bin/sh\n");
        assert!(space.input_dir().is_dir() && space.output_dir().is_dir());
        assert!(space.remarks().is_empty());
    }

    #[test]
    fn leaves_out_what_leads_outside_or_configures_agents() {
        let temp = tempfile::tempdir().unwrap();
        let base = temp.path().join("base");
        fs::create_dir_all(base.join(".claude/hooks")).unwrap();
        fs::write(base.join(".claude/hooks/start"), "").unwrap();
        fs::write(base.join("CLAUDE.md"), "").unwrap();
        symlink("../secret", base.join("out")).unwrap();
        let dropped = Workspace::create(&base, &temp.path().join("a"), ControlFiles::Drop).unwrap();
        assert!(dropped.root().join("CLAUDE.md").exists());
        assert!(!dropped.root().join(".claude").exists());
        assert!(dropped.root().join("out").symlink_metadata().is_err());
        assert_eq!(dropped.remarks().len(), 2, "{:?}", dropped.remarks());
        let kept = Workspace::create(&base, &temp.path().join("b"), ControlFiles::Keep).unwrap();
        assert!(kept.root().join(".claude/hooks/start").exists());
    }

    #[test]
    fn is_a_repository_of_its_own() {
        let temp = tempfile::tempdir().unwrap();
        let space = Workspace::create_empty(&temp.path().join("a")).unwrap();
        let top = super::super::git::Git::reading(space.root())
            .args(["rev-parse", "--show-toplevel"])
            .run()
            .unwrap();
        let top = String::from_utf8(top).unwrap();
        assert_eq!(
            Path::new(top.trim_end()),
            space.root().canonicalize().unwrap()
        );
    }

    #[test]
    fn refuses_a_place_that_is_taken() {
        let temp = tempfile::tempdir().unwrap();
        assert!(Workspace::create_empty(temp.path()).is_err());
    }
}
