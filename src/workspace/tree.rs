//! What a tree in the store holds, as data.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::path::{Path, PathBuf};

use super::git::path_of;
use super::index::{self, PrivateIndex};
use super::{TreeId, WorkspaceError};

/// What kind of file an entry is.
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

    fn parse(mode: &[u8]) -> Option<Self> {
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

pub(super) fn entries(store: &Path, tree: &str) -> Result<Entries, WorkspaceError> {
    let said = index::git(store)?
        .args(["ls-tree", "-r", "-z", "--full-tree", tree])
        .run()?;
    Ok(parse_entries(&said))
}

/// The sizes of a tree's files in bytes.
pub(super) fn sizes(store: &Path, tree: &str) -> Result<HashMap<PathBuf, u64>, WorkspaceError> {
    let said = index::git(store)?
        .args(["ls-tree", "-r", "-l", "-z", "--full-tree", tree])
        .run()?;
    let lines = said.split(|byte| *byte == 0).filter_map(size);
    Ok(lines.collect())
}

/// The path and the size of one line of `ls-tree -l`: mode, type, id, size, a tab, the path.
fn size(line: &[u8]) -> Option<(PathBuf, u64)> {
    let tab = line.iter().position(|byte| *byte == b'\t')?;
    let size = line[..tab].rsplit(|byte| *byte == b' ').next()?;
    let size = std::str::from_utf8(size).ok()?.parse().ok()?;
    Some((path_of(&line[tab + 1..]), size))
}

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

/// The nearest file or symlink that stands where `path` needs a folder.
pub(super) fn file_above<'a>(entries: &Entries, path: &'a Path) -> Option<&'a Path> {
    path.ancestors()
        .skip(1)
        .find(|above| entries.contains_key(*above))
}

/// The tree `from` with these entries set, or with `None` removed.
pub(super) fn with<P: AsRef<Path>, E: Borrow<Entry>>(
    store: &Path,
    from: &TreeId,
    changes: impl IntoIterator<Item = (P, Option<E>)>,
) -> Result<TreeId, WorkspaceError> {
    let index = PrivateIndex::new(store)?;
    index.read_tree(from.as_str())?;
    index.set(changes)?;
    index.write_tree()
}

/// The contents of objects, in the order asked for. Missing ones are an error.
pub(super) fn contents<'a>(
    store: &Path,
    objects: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<Vec<u8>>, WorkspaceError> {
    let mut asked = Vec::new();
    let mut count = 0;
    for object in objects {
        asked.extend_from_slice(object.as_bytes());
        asked.push(b'\n');
        count += 1;
    }
    if count == 0 {
        return Ok(Vec::new());
    }
    let said = index::git(store)?
        .args(["cat-file", "--batch"])
        .stdin(asked)
        .run()?;
    let mut rest = said.as_slice();
    let mut found = Vec::with_capacity(count);
    while let Some((content, after)) = next_content(rest) {
        found.push(content.to_vec());
        rest = after;
    }
    if found.len() == count {
        return Ok(found);
    }
    Err(WorkspaceError::Git {
        command: "cat-file --batch".into(),
        folder: store.to_owned(),
        message: String::from_utf8_lossy(rest)
            .lines()
            .next()
            .unwrap_or("")
            .to_owned(),
    })
}

/// One answer of `cat-file --batch`: `ID TYPE SIZE`, a line break, the content, a line break.
fn next_content(said: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = said.iter().position(|byte| *byte == b'\n')?;
    let size = said[..line].rsplit(|byte| *byte == b' ').next()?;
    let size: usize = std::str::from_utf8(size).ok()?.parse().ok()?;
    let rest = &said[line + 1..];
    Some((rest.get(..size)?, rest.get(size + 1..)?))
}
