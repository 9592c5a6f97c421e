//! A tree with some entries changed. Only the folders that lead to them are read and written.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, BufRead, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::WorkspaceError;
use super::index;
use super::tree::{self, Entry, Node};
use crate::model::TreeId;

/// A folder of a tree by its names.
type Folder = BTreeMap<OsString, Node>;

const TREE: &str = "040000";

/// The tree `from` with these entries set, or with `None` removed.
pub(super) fn with<P: AsRef<Path>, E: Borrow<Entry>>(
    store: &Path,
    from: &TreeId,
    changes: impl IntoIterator<Item = (P, Option<E>)>,
) -> Result<TreeId, WorkspaceError> {
    build(store, Some(from), changes)
}

/// The same; without a tree to begin with, from nothing.
pub(super) fn build<P: AsRef<Path>, E: Borrow<Entry>>(
    store: &Path,
    from: Option<&TreeId>,
    changes: impl IntoIterator<Item = (P, Option<E>)>,
) -> Result<TreeId, WorkspaceError> {
    let changes: Vec<(P, Option<E>)> = changes.into_iter().collect();
    let mut folders: BTreeMap<PathBuf, Folder> = BTreeMap::new();
    for (path, _) in &changes {
        let above = path.as_ref().ancestors().skip(1);
        folders.extend(above.map(|folder| (folder.to_owned(), Folder::new())));
    }
    match from {
        Some(from) if folders.is_empty() => return Ok(from.clone()),
        Some(from) => read(store, from, &mut folders)?,
        None => {}
    }
    // A folder can only be where a file was before if that is gone.
    for is_removal in [true, false] {
        for (path, entry) in changes
            .iter()
            .filter(|(_, entry)| entry.is_none() == is_removal)
        {
            let path = path.as_ref();
            let (Some(name), Some(folder)) = (path.file_name(), path.parent()) else {
                continue;
            };
            let folder = folders.entry(folder.to_owned()).or_default();
            match entry.as_ref().map(Borrow::borrow) {
                Some(Entry { kind, object }) => {
                    folder.insert(name.to_owned(), (kind.mode().to_owned(), object.clone()));
                }
                None if folder.get(name).is_some_and(|(mode, _)| mode != TREE) => {
                    folder.remove(name);
                }
                None => {}
            }
        }
    }
    write(store, folders)
}

/// Reads what is in these folders.
fn read(
    store: &Path,
    from: &TreeId,
    folders: &mut BTreeMap<PathBuf, Folder>,
) -> Result<(), WorkspaceError> {
    // The slash asks for what is in a folder; the point is the top.
    let names = folders
        .keys()
        .map(|folder| match folder.as_os_str().is_empty() {
            true => PathBuf::from("."),
            false => folder.join(""),
        });
    let names: Vec<PathBuf> = names.collect();
    for (path, node) in tree::nodes_in(store, from, &names)? {
        if let (Some(name), Some(folder)) = (path.file_name(), path.parent())
            && let Some(folder) = folders.get_mut(folder)
        {
            folder.insert(name.to_owned(), node);
        }
    }
    Ok(())
}

/// Writes the folders, those below before those above, which name them.
fn write(store: &Path, mut folders: BTreeMap<PathBuf, Folder>) -> Result<TreeId, WorkspaceError> {
    let git = index::git(store)?.args(["mktree", "-z", "--batch"]);
    git.converse(|to, from| {
        while let Some((path, folder)) = folders.pop_last() {
            if path.as_os_str().is_empty() {
                return make_tree(&folder, to, from);
            }
            let tree = match folder.is_empty() {
                true => None,
                false => Some(make_tree(&folder, to, from)?),
            };
            set(&mut folders, &path, tree);
        }
        make_tree(&Folder::new(), to, from)
    })
}

/// Sets a folder in the one above it, or takes it out.
fn set(folders: &mut BTreeMap<PathBuf, Folder>, path: &Path, tree: Option<TreeId>) {
    let (Some(name), Some(above)) = (path.file_name(), path.parent()) else {
        return;
    };
    let above = folders.entry(above.to_owned()).or_default();
    match tree {
        Some(tree) => {
            above.insert(name.to_owned(), (TREE.to_owned(), tree.to_string()));
        }
        None if above.get(name).is_some_and(|(mode, _)| mode == TREE) => {
            above.remove(name);
        }
        None => {}
    }
}

fn make_tree(folder: &Folder, to: &mut dyn Write, from: &mut dyn BufRead) -> io::Result<TreeId> {
    for (name, (mode, object)) in folder {
        let kind = match mode.as_str() {
            TREE => "tree",
            "160000" => "commit",
            _ => "blob",
        };
        write!(to, "{mode} {kind} {object}\t")?;
        to.write_all(name.as_bytes())?;
        to.write_all(b"\0")?;
    }
    to.write_all(b"\0")?;
    to.flush()?;
    let mut said = String::new();
    from.read_line(&mut said)?;
    TreeId::parse(said.trim_end()).ok_or(io::ErrorKind::InvalidData.into())
}
