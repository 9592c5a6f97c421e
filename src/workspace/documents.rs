//! Documents as part of what a run delivers.

use std::path::Path;

use super::WorkspaceError;
use super::tree::{Entry, EntryKind};
use super::{index, rewrite};
use crate::model::{Documents, TreeId};

/// Puts a document's content into the store; the id of its blob.
pub fn store_document(store: &Path, bytes: Vec<u8>) -> Result<String, WorkspaceError> {
    index::git(store)?
        .args(["hash-object", "-w", "--no-filters", "--stdin"])
        .stdin(bytes)
        .said()
}

/// The tree with these documents laid over it.
///
/// # Errors
/// If the tree has a file where a document needs a folder, or the store cannot be written.
pub fn with_documents(
    store: &Path,
    tree: &TreeId,
    documents: &Documents,
) -> Result<TreeId, WorkspaceError> {
    if documents.is_empty() {
        return Ok(tree.clone());
    }
    let entries = documents.iter().map(|(path, object)| {
        let (kind, object) = (EntryKind::File, object.clone());
        (path, Some(Entry { kind, object }))
    });
    rewrite::with(store, tree, entries)
}
