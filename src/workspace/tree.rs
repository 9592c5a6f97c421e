//! What a tree in the store holds, as data.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

pub(super) use super::entry::{
    Entries, Entry, EntryKind, file_above, first_below, has_below, parse_entries,
};
use crate::model::TreeId;

use super::WorkspaceError;
use super::git::{Git, path_of};
use super::index;

pub(super) fn entries(store: &Path, tree: &TreeId) -> Result<Entries, WorkspaceError> {
    Ok(parse_entries(&ls_tree(store, tree, &["-r"])?.run()?))
}

/// Those of a tree's entries that are at or below these paths.
pub(super) fn entries_at<P: AsRef<Path>>(
    store: &Path,
    tree: &TreeId,
    paths: &[P],
) -> Result<Entries, WorkspaceError> {
    let said = list_some(store, tree, &["-r"], paths)?;
    Ok(parse_entries(&said))
}

/// At least those that these paths, folders and patterns name: no more than that where none is a pattern.
pub(super) fn entries_named(
    store: &Path,
    tree: &TreeId,
    wanted: &[String],
) -> Result<Entries, WorkspaceError> {
    // git takes others for something else, or not at all.
    let is_plain = |name: &String| {
        let mut parts = Path::new(name).components();
        !name.contains(['*', '?', '[', '{', '\\', '\0'])
            && (1..LONGEST_NAME).contains(&name.len())
            && parts.all(|part| matches!(part, Component::Normal(_)))
    };
    match wanted.iter().all(is_plain) {
        true => entries_at(store, tree, wanted),
        false => entries(store, tree),
    }
}

/// The sizes of a tree's files in bytes.
pub(super) fn sizes(store: &Path, tree: &TreeId) -> Result<HashMap<PathBuf, u64>, WorkspaceError> {
    sizes_at(store, tree, None)
}

/// The sizes of those at or below these paths, or of all.
pub(super) fn sizes_at(
    store: &Path,
    tree: &TreeId,
    paths: Option<&[PathBuf]>,
) -> Result<HashMap<PathBuf, u64>, WorkspaceError> {
    let said = match paths {
        Some(paths) => list_some(store, tree, &["-r", "-l"], paths)?,
        None => ls_tree(store, tree, &["-r", "-l"])?.run()?,
    };
    let lines = said.split(|byte| *byte == 0).filter_map(size);
    Ok(lines.collect())
}

fn ls_tree(store: &Path, tree: &TreeId, how: &[&str]) -> Result<Git, WorkspaceError> {
    Ok(index::git(store)?
        .env("GIT_LITERAL_PATHSPECS", "1")
        .args(["ls-tree", "-z", "--full-tree"])
        .args(how)
        .args(["--", tree.as_str()]))
}

/// What a name in a folder stands for: mode and id.
pub(super) type Node = (String, String);

/// What these folders hold, each with a slash at its end; mode and id are as git writes them.
pub(super) fn nodes_in(
    store: &Path,
    tree: &TreeId,
    folders: &[PathBuf],
) -> Result<Vec<(PathBuf, Node)>, WorkspaceError> {
    let said = list_some(store, tree, &["-t"], folders)?;
    let lines = said.split(|byte| *byte == 0).filter_map(|line| {
        let tab = line.iter().position(|byte| *byte == b'\t')?;
        let head = std::str::from_utf8(&line[..tab]).ok()?;
        let mut words = head.split(' ');
        let node = (words.next()?.to_owned(), words.nth(1)?.to_owned());
        Some((path_of(&line[tab + 1..]), node))
    });
    Ok(lines.collect())
}

/// No longer path leads to a file.
const LONGEST_NAME: usize = 4096;
/// git compares each entry with each path.
pub(super) const AT_ONCE: usize = 100;

/// What `ls-tree` says of these paths; of no paths, nothing.
fn list_some<P: AsRef<Path>>(
    store: &Path,
    tree: &TreeId,
    how: &[&str],
    paths: &[P],
) -> Result<Vec<u8>, WorkspaceError> {
    let mut said = Vec::new();
    for some in paths.chunks(AT_ONCE) {
        let git = ls_tree(store, tree, how)?.args(some.iter().map(|path| path.as_ref()));
        said.extend(git.run()?);
    }
    Ok(said)
}

/// The path and the size of one line of `ls-tree -l`: mode, type, id, size, a tab, the path.
fn size(line: &[u8]) -> Option<(PathBuf, u64)> {
    let tab = line.iter().position(|byte| *byte == b'\t')?;
    let size = line[..tab].rsplit(|byte| *byte == b' ').next()?;
    let size = std::str::from_utf8(size).ok()?.parse().ok()?;
    Some((path_of(&line[tab + 1..]), size))
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
