//! The isolated temporary folder in which a call runs.

use std::fs;
use std::path::{Path, PathBuf};

use super::carry_over::{carry_over, copy_folder};
use super::materialize::Files;
use super::{Doing, GitLayer, Stack, WorkspaceError};
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
    /// Makes a workspace without a project at `at`, which must not exist yet, with the contract's folders and a git
    /// repository of its own that knows nothing of the user's.
    pub fn create_empty(at: &Path) -> Result<Self, WorkspaceError> {
        Self::create_on(at, &[])
    }

    /// The same with a copy of these files, and of what `setup` made, the topmost first, which covers none of them.
    ///
    /// # Errors
    /// [`WorkspaceError::Io`] if `at` exists or the disk is full.
    pub fn create_copy(
        files: &Files<'_>,
        installed: &[PathBuf],
        at: &Path,
    ) -> Result<Self, WorkspaceError> {
        Ok(Self::create_some(files, installed, at)?.0)
    }

    /// The same, and the names of the files that it holds.
    pub fn create_some(
        files: &Files<'_>,
        installed: &[PathBuf],
        at: &Path,
    ) -> Result<(Self, Vec<String>), WorkspaceError> {
        let mut workspace = Self::create_on(at, installed)?;
        let written = files.write(at)?;
        workspace.remarks = written.remarks;
        Ok((workspace, written.names))
    }

    /// An empty one at `at`, which must not exist yet, to be mounted over the layers of a tree and its repository.
    pub fn create_over(stack: &Stack, git: &GitLayer, at: &Path) -> Result<Self, WorkspaceError> {
        let layers = stack.folders().chain([git.layer.as_path()]);
        let workspace = Self {
            root: at.to_owned(),
            layers: layers.map(Path::to_owned).collect(),
            binds: git.binds.clone(),
            remarks: stack.remarks.clone(),
        };
        fs::create_dir_all(at).doing("create", at)?;
        workspace.create_exchange()?;
        Ok(workspace)
    }

    /// An empty one at `at`, to be mounted over a copy of these files at `below`, whose names it gives.
    pub fn create_above(
        files: &Files<'_>,
        below: &Path,
        at: &Path,
    ) -> Result<(Self, Vec<String>), WorkspaceError> {
        let written = files.write(below)?;
        let workspace = Self {
            layers: vec![below.to_owned()],
            remarks: written.remarks,
            ..Self::create_empty(at)?
        };
        Ok((workspace, written.names))
    }

    fn create_on(at: &Path, installed: &[PathBuf]) -> Result<Self, WorkspaceError> {
        if let Some(parent) = at.parent() {
            fs::create_dir_all(parent).doing("create", parent)?;
        }
        fs::create_dir(at).doing("create", at)?;
        for layer in installed.iter().rev() {
            copy_folder(layer, at)?;
        }
        let workspace = Self {
            root: at.to_owned(),
            layers: Vec::new(),
            binds: Vec::new(),
            remarks: Vec::new(),
        };
        workspace.create_exchange()?;
        create_repository(&at.join(".git"))?;
        Ok(workspace)
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

    /// One that is to be mounted, with further layers below all others, the topmost first: they cover nothing of the
    /// project.
    #[must_use]
    pub fn with_below(mut self, layers: &[PathBuf]) -> Self {
        self.layers.extend_from_slice(layers);
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

    /// What was left out and why, one sentence each, for the user.
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

    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::super::ControlFiles;
    use super::super::testing::{Repo, copy};
    use super::*;

    #[test]
    fn copy_lies_over_what_setup_made() {
        let repo = Repo::plain();
        repo.write("src/run.sh", "#!/bin/sh\n");
        repo.write("lib/own", "own");
        let run = repo.root.join("src/run.sh");
        fs::set_permissions(run, fs::Permissions::from_mode(0o755)).unwrap();
        symlink("src/run.sh", repo.root.join("link")).unwrap();
        let (snapshot, _) = repo.snapshot(&repo.root);
        let layers = ["one", "two"].map(|name| repo.base.with_file_name(name));
        for layer in &layers {
            fs::create_dir_all(layer.join("lib")).unwrap();
            fs::write(
                layer.join("lib/which"),
                layer.file_name().unwrap().as_bytes(),
            )
            .unwrap();
            fs::write(layer.join("lib/own"), "installed").unwrap();
        }
        let files = Files {
            store: &repo.store,
            tree: &snapshot.tree,
            wanted: None,
            control: ControlFiles::Drop,
        };
        let at = repo.base.with_file_name("space");
        let space = Workspace::create_copy(&files, &layers, &at).unwrap();
        let script = at.join("src/run.sh").metadata().unwrap();
        assert_eq!((script.mode() & 0o777, script.nlink()), (0o755, 1));
        assert_eq!(
            fs::read_link(at.join("link")).unwrap(),
            Path::new("src/run.sh")
        );
        assert_eq!(fs::read(at.join("lib/which")).unwrap(), b"one");
        assert_eq!(fs::read(at.join("lib/own")).unwrap(), b"own");
        fs::write(at.join("lib/which"), "changed").unwrap();
        assert_eq!(fs::read(layers[0].join("lib/which")).unwrap(), b"one");
        assert!(space.input_dir().is_dir() && space.output_dir().is_dir());
        assert!(space.remarks().is_empty());
    }

    #[test]
    fn leaves_out_what_leads_outside_or_configures_agents() {
        let repo = Repo::plain();
        repo.write(".claude/hooks/start", "");
        repo.write("CLAUDE.md", "");
        symlink("../secret", repo.root.join("out")).unwrap();
        let (snapshot, _) = repo.snapshot(&repo.root);
        let copied = |name: &str, control| {
            let at = repo.base.with_file_name(name);
            copy(&repo.store, &snapshot.tree, control, &at)
        };
        let dropped = copied("dropped", ControlFiles::Drop);
        assert!(dropped.root().join("CLAUDE.md").exists());
        assert!(!dropped.root().join(".claude").exists());
        assert!(dropped.root().join("out").symlink_metadata().is_err());
        assert_eq!(dropped.remarks().len(), 2, "{:?}", dropped.remarks());
        let kept = copied("kept", ControlFiles::Keep);
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
