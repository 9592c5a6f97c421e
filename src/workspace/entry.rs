//! The entries of a tree, as data.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::{Path, PathBuf};

use super::git::path_of;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryKind {
    File,
    Executable,
    Link,
    /// Another repository (a submodule); only the user's own commits have such entries.
    Repository,
}

impl EntryKind {
    /// The mode that git writes for it.
    pub(super) fn mode(self) -> &'static str {
        match self {
            Self::File => "100644",
            Self::Executable => "100755",
            Self::Link => "120000",
            Self::Repository => "160000",
        }
    }

    pub(super) fn parse(mode: &[u8]) -> Option<Self> {
        match mode {
            // git 1 wrote group-writable files so.
            b"100644" | b"100664" => Some(Self::File),
            b"100755" => Some(Self::Executable),
            b"120000" => Some(Self::Link),
            b"160000" => Some(Self::Repository),
            _ => None,
        }
    }
}

/// A file or symlink of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub kind: EntryKind,
    pub object: String,
}

impl Entry {
    pub(super) fn is_file(&self) -> bool {
        matches!(self.kind, EntryKind::File | EntryKind::Executable)
    }
}

/// The files and symlinks of a tree by their paths. Everything below a folder is next to it.
pub(super) type Entries = BTreeMap<PathBuf, Entry>;

/// Reads what `ls-tree` (mode, type, id) or `ls-files` (mode, id, stage) says.
pub(super) fn parse_entries(said: &[u8]) -> Entries {
    said.split(|byte| *byte == 0)
        .filter_map(|line| {
            let tab = line.iter().position(|byte| *byte == b'\t')?;
            let mut words = line[..tab].split(|byte| *byte == b' ');
            let kind = EntryKind::parse(words.next()?)?;
            let object = words.find(|word| word.len() >= 40)?;
            let entry = Entry {
                kind,
                object: String::from_utf8_lossy(object).into_owned(),
            };
            Some((path_of(&line[tab + 1..]), entry))
        })
        .collect()
}

/// Whether the tree has something below the folder `path`.
pub(super) fn has_below(entries: &Entries, path: &Path) -> bool {
    first_below(entries, path).is_some()
}

/// The first path below the folder `path`, if there is one.
pub(super) fn first_below<'a>(entries: &'a Entries, path: &Path) -> Option<&'a Path> {
    entries
        .range::<Path, _>((Bound::Excluded(path), Bound::Unbounded))
        .map(|(found, _)| found.as_path())
        .next()
        .filter(|found| found.starts_with(path))
}

/// The nearest file or symlink that is where `path` needs a folder.
pub(super) fn file_above<'a>(entries: &Entries, path: &'a Path) -> Option<&'a Path> {
    path.ancestors()
        .skip(1)
        .find(|above| entries.contains_key(*above))
}
