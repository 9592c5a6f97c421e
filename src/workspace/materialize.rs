//! A tree out of the store, back on disk.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::model::TreeId;

use super::index::PrivateIndex;
use super::layers::Marks;
use super::selection::Selection;
use super::tree::{self, AT_ONCE, Entries};
use super::{ControlFiles, Doing, WorkspaceError};
use crate::files;

/// Files of a tree that a call gets to see.
#[derive(Debug, Clone, Copy)]
pub struct Files<'a> {
    pub store: &'a Path,
    pub tree: &'a TreeId,
    /// Paths, folders and patterns; without them all. A task names its files in text, so a file whose name is not
    /// text is never among them.
    pub wanted: Option<&'a [String]>,
    pub control: ControlFiles,
}

/// What was written.
#[derive(Debug)]
pub(super) struct Written {
    pub names: Vec<String>,
    /// What was left out and why.
    pub remarks: Vec<String>,
}

impl Files<'_> {
    /// Writes them into the folder `into`, byte for byte, with exec bits and symlinks. The folder is made if it is not
    /// there; what is in the way is overwritten.
    ///
    /// # Errors
    /// If the store lacks objects (somebody cleaned it up meanwhile), or writing fails.
    pub(super) fn write(&self, into: &Path) -> Result<Written, WorkspaceError> {
        let mut entries = match self.wanted {
            None => tree::entries(self.store, self.tree)?,
            Some(wanted) => {
                let mut entries = tree::entries_named(self.store, self.tree, wanted)?;
                let selection = Selection::new(wanted, &entries)?;
                entries.retain(|path, _| path.to_str().is_some() && selection.has(path));
                entries
            }
        };
        let hidden = Marks::of(&entries).hidden(self.store, self.control)?;
        let left_out: BTreeSet<&Path> = hidden.paths().map(PathBuf::as_path).collect();
        if !left_out.is_empty() {
            entries.retain(|path, _| !path.ancestors().any(|above| left_out.contains(above)));
        }
        write_entries(self.store, self.tree, &entries, into)?;
        let names = entries.keys().filter_map(|path| path.to_str());
        Ok(Written {
            names: names.map(str::to_owned).collect(),
            remarks: hidden.remarks(),
        })
    }
}

/// Makes a folder and those above it that are missing; where it really is.
pub(super) fn made(folder: &Path) -> Result<PathBuf, WorkspaceError> {
    files::make_folders(folder)
        .map(drop)
        .doing("create", folder)?;
    folder.canonicalize().doing("open", folder)
}

/// Writes these entries of a tree into the folder `into`, which is made if it is not there.
pub(super) fn write_entries(
    store: &Path,
    tree: &TreeId,
    entries: &Entries,
    into: &Path,
) -> Result<(), WorkspaceError> {
    let into = made(into)?;
    let index = PrivateIndex::new(store)?;
    match entries.len() {
        0 => Ok(()),
        1..=AT_ONCE => index.check_out_of(tree, &into, entries.keys()),
        _ => {
            index.set(entries)?;
            index.write_files(&into)
        }
    }
}
