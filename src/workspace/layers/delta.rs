//! What leads from one tree to another, as a layer.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::super::git::path_of;
use super::super::materialize::write_entries;
use super::super::tree::{Entries, Entry, EntryKind};
use super::super::{WorkspaceError, index};
use super::hidden::Marks;
use super::whiteout::whiteout;
use crate::model::TreeId;

/// What a tree has that another one has not, and the other way round.
#[derive(Debug, Default)]
pub(super) struct Delta {
    /// Files that are new or differ.
    written: Entries,
    /// Files and whole folders that are gone.
    gone: Vec<PathBuf>,
}

impl Delta {
    pub(super) fn between(
        store: &Path,
        from: &TreeId,
        to: &TreeId,
    ) -> Result<Self, WorkspaceError> {
        let said = index::git(store)?
            .args(["diff-tree", "-r", "-t", "-z", "--raw", "--no-abbrev"])
            .args(["--no-renames", from.as_str(), to.as_str()])
            .run()?;
        Ok(Self::parse(&said))
    }

    /// Reads lines of `:MODE MODE ID ID STATUS`, each followed by its path.
    fn parse(said: &[u8]) -> Self {
        let mut delta = Self::default();
        let (mut gone, mut there) = (Vec::new(), HashSet::new());
        let mut fields = said.split(|byte| *byte == 0);
        while let (Some(facts), Some(path)) = (fields.next(), fields.next()) {
            let path = path_of(path);
            let words: Vec<&[u8]> = facts.split(|byte| *byte == b' ').collect();
            let [_, mode, _, object, _] = words[..] else {
                break;
            };
            if mode == b"000000" {
                gone.push(path);
                continue;
            }
            if let Some(kind) = EntryKind::parse(mode) {
                let object = String::from_utf8_lossy(object).into_owned();
                delta.written.insert(path.clone(), Entry { kind, object });
            }
            there.insert(path);
        }
        // What is above or in the place of something hides it by itself.
        let gone_too: HashSet<PathBuf> = gone.iter().cloned().collect();
        gone.retain(|path| {
            let mut above = path.ancestors().skip(1);
            !there.contains(path) && !above.any(|above| gone_too.contains(above))
        });
        delta.gone = gone;
        delta
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn len(&self) -> usize {
        self.written.len() + self.gone.len()
    }

    /// Files that are new or differ.
    pub(super) fn written(&self) -> impl Iterator<Item = &Path> + Send {
        self.written.keys().map(PathBuf::as_path)
    }

    /// Files and whole folders that are gone.
    pub(super) fn gone(&self) -> &[PathBuf] {
        &self.gone
    }

    /// Makes what holds of the one tree hold of the other.
    pub(super) fn update(&self, marks: &mut Marks) {
        marks.remove(|path| {
            path.ancestors().any(|above| {
                self.written.contains_key(above) || self.gone.iter().any(|gone| gone == above)
            })
        });
        marks.add(&self.written);
    }

    /// The layer that leads to the tree `to`.
    pub(super) fn make(&self, store: &Path, to: &TreeId, at: &Path) -> Result<(), WorkspaceError> {
        write_entries(store, to, &self.written, at)?;
        self.gone.iter().try_for_each(|path| whiteout(at, path))
    }
}
