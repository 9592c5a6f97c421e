//! The base of a run: the user's tree as it is on disk, in one git tree.

use std::path::Path;

use crate::model::TreeId;

use super::index::PrivateIndex;
use super::listing::{self, Listing};
use super::{Project, WorkspaceError, outer_rules, store};

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
