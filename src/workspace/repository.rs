//! What the user's git says of the repository that a project lies in. It is asked once.

use std::path::{Path, PathBuf};

use super::WorkspaceError;
use super::git::{Git, path_of};

/// A user's repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Repository {
    /// Not so of a bare one.
    pub has_work_tree: bool,
    pub is_sha256: bool,
    /// The absolute path of its objects.
    pub objects: PathBuf,
}

impl Repository {
    /// A file of the folder that all of its work trees share.
    pub(super) fn common(&self, name: &str) -> PathBuf {
        self.objects.with_file_name(name)
    }

    pub(super) fn of(root: &Path) -> Result<Self, WorkspaceError> {
        let said = Git::reading(root)
            .args(["rev-parse", "--is-inside-work-tree", "--show-object-format"])
            .args(["--path-format=absolute", "--git-path", "objects"])
            .run()?;
        // The path is the rest: there may be line breaks in it.
        let said = said.strip_suffix(b"\n").unwrap_or(&said);
        let mut lines = said.splitn(3, |byte| *byte == b'\n');
        let mut line = || lines.next().unwrap_or_default();
        Ok(Self {
            has_work_tree: line() == b"true",
            is_sha256: line() == b"sha256",
            objects: path_of(line()),
        })
    }
}
