//! What an editing call's workspace was made from, as far as it matters for what it changed.

use std::fs::Metadata;
use std::path::{Path, PathBuf};

use super::super::outer_rules::MOST_RULES;
use super::super::overlay;
use super::super::tree::{Entries, has_below};
use crate::files;

/// The tree that the workspace was made from.
#[derive(Debug)]
pub(super) struct Origin<'a> {
    /// Its entries: all of them, or, of a tree with layers, those in whose places something changed.
    pub entries: Entries,
    /// The layers that make it up, the topmost first; none for a copy.
    layers: &'a [PathBuf],
}

impl<'a> Origin<'a> {
    pub(super) fn new(entries: Entries, layers: &'a [PathBuf]) -> Self {
        Self { entries, layers }
    }

    /// Whether it has a file or a symlink there.
    pub(super) fn has_file(&self, path: &Path) -> bool {
        self.entries.contains_key(path) || self.find(path).is_some_and(|(_, found)| !found.is_dir())
    }

    pub(super) fn has_folder(&self, path: &Path) -> bool {
        has_below(&self.entries, path) || self.find(path).is_some_and(|(_, found)| found.is_dir())
    }

    /// Where a symlink leads that nothing changed.
    pub(super) fn read_link(&self, path: &Path) -> Option<PathBuf> {
        let (at, found) = self.find(path)?;
        found.is_symlink().then(|| at.read_link().ok())?
    }

    /// The text of the ignore file in a folder, from the layers.
    pub(super) fn ignore_file(&self, folder: &Path) -> Option<Vec<u8>> {
        let (at, found) = self.find(&folder.join(".gitignore"))?;
        found.is_file().then(|| files::read(&at, MOST_RULES).ok())?
    }

    fn find(&self, path: &Path) -> Option<(PathBuf, Metadata)> {
        overlay::find(self.layers, path)
    }
}
