//! What a tree in the store holds, as data.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

pub(super) use super::entry::{
    Entries, Entry, EntryKind, file_above, first_below, has_below, parse_entries,
};
use crate::model::TreeId;

use super::WorkspaceError;
use super::git::path_of;
use super::index::{self, PrivateIndex};

pub(super) fn entries(store: &Path, tree: &TreeId) -> Result<Entries, WorkspaceError> {
    let said = index::git(store)?
        .args(["ls-tree", "-r", "-z", "--full-tree", tree.as_str()])
        .run()?;
    Ok(parse_entries(&said))
}

/// The sizes of a tree's files in bytes.
pub(super) fn sizes(store: &Path, tree: &TreeId) -> Result<HashMap<PathBuf, u64>, WorkspaceError> {
    let said = index::git(store)?
        .args(["ls-tree", "-r", "-l", "-z", "--full-tree", tree.as_str()])
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
