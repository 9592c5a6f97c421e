//! The base of a run: the user's tree as it is on disk, in one git tree.

use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::git::Git;
use super::listing::{self, Listing};
use super::{Project, WorkspaceError, store};

/// The id of a git tree in a run's store: 40 or 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TreeId(String);

impl TreeId {
    /// Takes an id as text; `None` unless it looks like one.
    pub fn parse(text: &str) -> Option<Self> {
        let is_id =
            matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_id.then(|| Self(text.to_owned()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TreeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The user's tree at one moment: uncommitted and untracked files in, ignored ones out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The tree in the store.
    pub tree: TreeId,
    /// How many files and symlinks it holds.
    pub files: usize,
    /// What was left out and why, one sentence each, for the user.
    pub remarks: Vec<String>,
}

impl Snapshot {
    /// Takes the snapshot into `store`, which is made if it is not there. Reads the user's tree and
    /// writes nothing but the store. Objects that the user's repository has are shared, not copied.
    ///
    /// # Errors
    /// If git is missing or refuses the repository, or a file cannot be read or stored.
    pub fn take(project: &Project, store: &Path) -> Result<Self, WorkspaceError> {
        store::prepare(project, store)?;
        // git runs in another folder, where a relative path would mean something else.
        let store = &store
            .canonicalize()
            .map_err(WorkspaceError::io("open", store))?;
        let Listing { paths, remarks } = listing::list(project)?;
        let index = PrivateIndex::new(store);
        let mut names = Vec::new();
        for path in &paths {
            names.extend_from_slice(path.as_os_str().as_bytes());
            names.push(0);
        }
        // `--remove`: what vanished since it was listed is left out rather than an error.
        Git::on_store(store, &project.root, index.path())
            .args(["update-index", "--add", "--remove", "--replace"])
            .args(["-z", "--stdin"])
            .stdin(names)
            .run()?;
        let said = Git::on_store(store, &project.root, index.path())
            .args(["write-tree"])
            .run()?;
        let text = String::from_utf8_lossy(&said);
        let tree = TreeId::parse(text.trim()).ok_or_else(|| WorkspaceError::Git {
            command: "write-tree".into(),
            folder: store.to_owned(),
            message: format!("unexpected answer `{}`", text.trim()),
        })?;
        Ok(Self {
            tree,
            files: paths.len(),
            remarks,
        })
    }
}

/// An index file of our own, gone when it goes out of scope.
pub(super) struct PrivateIndex(PathBuf);

impl PrivateIndex {
    pub(super) fn new(store: &Path) -> Self {
        use std::sync::atomic::{AtomicU64, Ordering};
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(store.join(format!("index-{}-{count}", std::process::id())))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for PrivateIndex {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
