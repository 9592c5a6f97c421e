//! A tree out of the store, back on disk.

use std::fs;
use std::path::Path;

use super::git::Git;
use super::snapshot::PrivateIndex;
use super::{TreeId, WorkspaceError};

/// Writes the tree's files into the folder `into`, byte for byte, with exec bits and symlinks. The
/// folder is made if it is not there, and should be empty: what is in the way is overwritten.
///
/// # Errors
/// If the store lacks objects (the user's repository was cleaned up meanwhile), or writing fails.
pub fn materialize(store: &Path, tree: &TreeId, into: &Path) -> Result<(), WorkspaceError> {
    fs::create_dir_all(into).map_err(WorkspaceError::io("create", into))?;
    let into = into
        .canonicalize()
        .map_err(WorkspaceError::io("open", into))?;
    let store = store
        .canonicalize()
        .map_err(WorkspaceError::io("open", store))?;
    let index = PrivateIndex::new(&store);
    Git::on_store(&store, &into, index.path())
        .args(["read-tree", "--reset", "-u", tree.as_str()])
        .run()?;
    Ok(())
}
