//! The base of a run: the user's tree as it is on disk, in one git tree.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::index::PrivateIndex;
use super::listing::{self, Listing};
use super::{Project, WorkspaceError, outer_rules, store};

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

    /// Takes an id out of a plan or a journal.
    ///
    /// # Errors
    /// [`WorkspaceError::NoTree`].
    pub fn of(text: &str) -> Result<Self, WorkspaceError> {
        Self::parse(text).ok_or_else(|| WorkspaceError::NoTree(text.to_owned()))
    }

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
    pub tree: TreeId,
    /// How many files and symlinks it holds.
    pub files: usize,
    /// What was left out and why, one sentence each, for the user.
    pub remarks: Vec<String>,
}

impl Snapshot {
    /// Takes the snapshot into `store`, which is made if it is not there. Reads the user's tree and
    /// writes nothing but the store, which needs nothing of the user's repository afterwards.
    ///
    /// # Errors
    /// If git is missing or refuses the repository, or a file cannot be read or stored.
    pub fn take(project: &Project, store: &Path) -> Result<Self, WorkspaceError> {
        store::prepare(project, store)?;
        outer_rules::record(project, store)?;
        let Listing { paths, remarks } = listing::list(project)?;
        let index = PrivateIndex::new(store)?;
        index.add_files(&project.root, paths.iter().map(AsRef::as_ref))?;
        let tree = index.write_tree()?;
        store::detach(project, store, &tree)?;
        Ok(Self {
            tree,
            files: paths.len(),
            remarks,
        })
    }
}
