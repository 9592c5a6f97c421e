//! Documents as part of what a run delivers.

use std::path::Path;

use super::index::PrivateIndex;
use super::tree::{self, Entry, EntryKind};
use super::{TreeId, WorkspaceError};
use crate::model::Documents;

/// Puts a document's content into the store; the id of its blob.
pub fn store_document(store: &Path, bytes: Vec<u8>) -> Result<String, WorkspaceError> {
    let said = PrivateIndex::new(store)?
        .git_alone()
        .args(["hash-object", "-w", "--no-filters", "--stdin"])
        .stdin(bytes)
        .run()?;
    Ok(String::from_utf8_lossy(&said).trim().to_owned())
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
    let entry = |object: &String| Entry {
        kind: EntryKind::File,
        object: object.clone(),
    };
    let entries: Vec<(&Path, Entry)> = documents
        .iter()
        .map(|(path, object)| (Path::new(path), entry(object)))
        .collect();
    tree::with(
        store,
        tree,
        entries.iter().map(|(path, entry)| (*path, Some(entry))),
    )
}
