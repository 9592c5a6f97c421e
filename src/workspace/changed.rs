//! What a delivery changes, as far as the question goes whether it may.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::diff::changed_paths;
use super::git::Git;
use super::paths::resolve_with;
use super::tree::{self, Entries, EntryKind};
use super::{Project, ProjectKind, TreeId, WorkspaceError};
use crate::risk::{Changed, may_act_below};

/// The files that differ between two trees, also under the names by which symlinks show them, if those may act.
/// `hooks` are the folders in which git looks for hooks.
pub fn changed(
    store: &Path,
    (from, to): (&TreeId, &TreeId),
    hooks: &[PathBuf],
) -> Result<Vec<Changed>, WorkspaceError> {
    let entries = tree::entries(store, to.as_str())?;
    let shown = shown_by_links(store, &entries, hooks)?;
    let paths = changed_paths(store, from, to)?.into_iter();
    let changes = paths.map(|path| {
        let aliases = shown.iter().filter_map(|(link, real)| {
            let below = path.strip_prefix(real).ok()?;
            // Joining nothing would add a slash.
            let is_itself = below.as_os_str().is_empty();
            Some(if is_itself {
                link.clone()
            } else {
                link.join(below)
            })
        });
        Changed {
            aliases: aliases.collect(),
            object: entries.get(&path).map(|entry| entry.object.clone()),
            path,
        }
    });
    Ok(changes.collect())
}

/// So many contents are held in memory at one time.
const AT_ONCE: usize = 32;

/// Hands over the contents of the files that are new or changed: path, id and bytes.
pub fn each_new_content(
    store: &Path,
    (from, to): (&TreeId, &TreeId),
    mut each: impl FnMut(&Path, &str, &[u8]),
) -> Result<(), WorkspaceError> {
    let paths = changed_paths(store, from, to)?;
    if paths.is_empty() {
        return Ok(());
    }
    let entries = tree::entries(store, to.as_str())?;
    let new = paths
        .iter()
        .filter_map(|path| Some((path, entries.get(path)?)));
    let new: Vec<_> = new
        .filter(|(_, entry)| entry.kind != EntryKind::Repository)
        .collect();
    for some in new.chunks(AT_ONCE) {
        let objects = some.iter().map(|(_, entry)| entry.object.as_str());
        for ((path, entry), content) in some.iter().zip(tree::contents(store, objects)?) {
            each(path, &entry.object, &content);
        }
    }
    Ok(())
}

/// Symlinks under whose names files act, each with what it leads to; also those that lie in what another one leads
/// to, under the name that they have there.
fn shown_by_links(
    store: &Path,
    entries: &Entries,
    hooks: &[PathBuf],
) -> Result<Vec<(PathBuf, PathBuf)>, WorkspaceError> {
    let links = entries
        .iter()
        .filter(|(_, entry)| entry.kind == EntryKind::Link);
    let links: Vec<_> = links.collect();
    let objects = links.iter().map(|(_, entry)| entry.object.as_str());
    let targets = tree::contents(store, objects)?;
    let targets = targets
        .iter()
        .map(|target| PathBuf::from(OsStr::from_bytes(target)));
    let targets: std::collections::HashMap<&PathBuf, PathBuf> =
        links.iter().map(|(path, _)| *path).zip(targets).collect();
    let mut left: Vec<(&PathBuf, PathBuf)> = links
        .iter()
        .filter_map(|(path, _)| {
            let real = resolve_with(path, |at| targets.get(&at.to_owned()).cloned())?;
            Some((*path, real))
        })
        .collect();
    let is_hook = |path: &Path| {
        hooks
            .iter()
            .any(|hooks| hooks.starts_with(path) || path.starts_with(hooks))
    };
    let mut shown: Vec<(PathBuf, PathBuf)> = Vec::new();
    loop {
        let before = shown.len();
        left.retain(|(path, real)| {
            let mut above = shown.iter();
            let alias = above.find_map(|(link, to)| Some(link.join(path.strip_prefix(to).ok()?)));
            let alias = alias.or_else(|| {
                let acts = may_act_below(&path.to_string_lossy()) || is_hook(path);
                acts.then(|| path.to_path_buf())
            });
            shown.extend(alias.clone().map(|alias| (alias, real.clone())));
            alias.is_none()
        });
        if shown.len() == before {
            return Ok(shown);
        }
    }
}

/// The folders of the project in which the user's git looks for hooks: `core.hooksPath`, of whatever level.
pub fn hook_folders(project: &Project) -> Result<Vec<PathBuf>, WorkspaceError> {
    let ProjectKind::Git { top } = &project.kind else {
        return Ok(Vec::new());
    };
    // Our own setting, which is always there, is among them.
    let said = Git::reading(&project.root)
        .args(["config", "--null", "--path", "--get-all", "core.hooksPath"])
        .run()?;
    let folders = said
        .split(|byte| *byte == 0)
        .filter(|path| !path.is_empty());
    let folders = folders.filter_map(|path| {
        let folder = top.join(OsStr::from_bytes(path));
        let folder = folder.canonicalize().unwrap_or(folder);
        folder.strip_prefix(&project.root).map(Path::to_owned).ok()
    });
    Ok(folders.collect())
}

/// A tree with these paths as another tree has them.
pub fn with_paths_of<'a>(
    store: &Path,
    tree: &TreeId,
    other: &TreeId,
    paths: impl IntoIterator<Item = &'a PathBuf>,
) -> Result<TreeId, WorkspaceError> {
    let entries = tree::entries(store, other.as_str())?;
    let paths = paths.into_iter();
    tree::with(
        store,
        tree,
        paths.map(|path| (path.as_path(), entries.get(path))),
    )
}
