//! A tree out of the store, back on disk.

use std::path::{Path, PathBuf};

use crate::model::TreeId;

use super::index::PrivateIndex;
use super::selection::Selection;
use super::tree::{self, Entries};
use super::{Doing, WorkspaceError};
use crate::files;

/// Writes the tree's files into the folder `into`, byte for byte, with exec bits and symlinks. The
/// folder is made if it is not there, and should be empty: what is in the way is overwritten.
///
/// # Errors
/// If the store lacks objects (the user's repository was cleaned up meanwhile), or writing fails.
pub fn materialize(store: &Path, tree: &TreeId, into: &Path) -> Result<(), WorkspaceError> {
    let into = made(into)?;
    PrivateIndex::new(store)?
        .git(&into)
        .args(["read-tree", "--reset", "-u", tree.as_str()])
        .done()
}

/// Writes only the `wanted` files (paths, folders or patterns) of the tree into the empty folder
/// `into` and returns which those are, sorted. A task names its files in text, so a file whose name
/// is not text is never among them.
pub fn materialize_only(
    store: &Path,
    tree: &TreeId,
    wanted: &[String],
    into: &Path,
) -> Result<Vec<String>, WorkspaceError> {
    let mut entries = tree::entries(store, tree)?;
    let selection = Selection::new(wanted, &entries)?;
    entries.retain(|path, _| path.to_str().is_some() && selection.has(path));
    write_entries(store, &entries, into)?;
    let names = entries.keys().filter_map(|path| path.to_str());
    Ok(names.map(str::to_owned).collect())
}

/// Makes a folder and those above it that are missing; where it really is.
pub(super) fn made(folder: &Path) -> Result<PathBuf, WorkspaceError> {
    files::make_folders(folder)
        .map(drop)
        .doing("create", folder)?;
    folder.canonicalize().doing("open", folder)
}

/// Writes these entries into the folder `into`, which is made if it is not there.
pub(super) fn write_entries(
    store: &Path,
    entries: &Entries,
    into: &Path,
) -> Result<(), WorkspaceError> {
    let into = made(into)?;
    let index = PrivateIndex::new(store)?;
    index.set(entries)?;
    index.write_files(&into)
}
