//! What a delivery changes, as far as the question goes whether it may.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::model::TreeId;

use super::diff::changed_paths;
use super::folder;
use super::git::{Git, path_of};
use super::paths::resolve_with;
use super::tree::{self, Entries, EntryKind};
use super::{Project, ProjectKind, WorkspaceError, rewrite};
use crate::risk::{Changed, is_name, may_act_below};

/// What of the user's disk makes files act whatever their names.
#[derive(Debug, Default)]
pub struct OnDisk {
    /// The folders in which git looks for hooks; absolute where they lie outside of the project.
    pub hooks: Vec<PathBuf>,
    /// Symlinks that no tree holds (git's own hooks, ignored files), each with what of the project it leads to.
    links: Vec<(PathBuf, PathBuf)>,
}

/// The files that differ between two trees, also under the names by which symlinks show them, if those may act,
/// and below `.git` where git takes a folder for a repository.
pub fn changed(
    store: &Path,
    (from, to): (&TreeId, &TreeId),
    disk: &OnDisk,
) -> Result<Vec<Changed>, WorkspaceError> {
    let entries = tree::entries(store, to)?;
    let mut shown = shown_by_links(store, &entries, &disk.hooks)?;
    shown.extend(disk.links.iter().cloned());
    let repositories = repositories(&entries).into_iter();
    shown.extend(repositories.map(|folder| (folder.join(".git"), folder.to_owned())));
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

/// Hands over contents: path, id and bytes.
pub fn each_content(
    store: &Path,
    contents: &[(PathBuf, String)],
    mut each: impl FnMut(&Path, &str, &[u8]),
) -> Result<(), WorkspaceError> {
    for some in contents.chunks(AT_ONCE) {
        let objects = some.iter().map(|(_, object)| object.as_str());
        for ((path, object), content) in some.iter().zip(tree::contents(store, objects)?) {
            each(path, object, &content);
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
    let targets = targets.iter().map(|target| path_of(target));
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

/// Folders that git takes for repositories where somebody is in them: their settings name programs.
fn repositories(entries: &Entries) -> BTreeSet<&Path> {
    let is = |part: &Path, name: &str| is_name(&part.to_string_lossy(), &[name]);
    let heads = entries.keys().filter(|path| {
        path.file_name()
            .is_some_and(|name| is(name.as_ref(), "head"))
    });
    let mut folders: BTreeSet<&Path> = heads.filter_map(|head| head.parent()).collect();
    folders.retain(|folder| {
        let below = entries
            .keys()
            .filter_map(|path| path.strip_prefix(folder).ok());
        let parts: BTreeSet<&Path> = below
            .filter_map(|path| path.iter().next().map(Path::new))
            .collect();
        let has = |name: &str| parts.iter().any(|part| is(part, name));
        has("commondir") || (has("objects") && has("refs"))
    });
    folders
}

/// What of the project's disk makes files act: where the user's git looks for hooks (`core.hooksPath`, of whatever
/// level, and its own folder), and symlinks in these places and at the project's top.
pub fn on_disk(project: &Project) -> Result<OnDisk, WorkspaceError> {
    let inside = |path: &Path| path.strip_prefix(&project.root).map(Path::to_owned);
    let is_acting =
        |path: &PathBuf| inside(path).is_ok_and(|name| may_act_below(&name.to_string_lossy()));
    let mut links = entries_of(&project.root)?;
    links.retain(is_acting);
    let mut hooks = Vec::new();
    if let (ProjectKind::Git { top }, Some(repository)) = (&project.kind, project.repository()?) {
        // Our own setting, which is always there, is among them.
        let set = Git::reading(&project.root)
            .args(["config", "--null", "--path", "--get-all", "core.hooksPath"])
            .paths()?;
        let own = repository.common("hooks");
        for folder in set.iter().map(|path| top.join(path)).chain([own]) {
            let folder = folder.canonicalize().unwrap_or(folder);
            links.extend(entries_of(&folder)?);
            hooks.push(inside(&folder).unwrap_or(folder));
        }
    }
    let links = links
        .iter()
        .filter(|path| path.is_symlink())
        .filter_map(|path| {
            let real = inside(&path.canonicalize().ok()?).ok()?;
            Some((inside(path).unwrap_or_else(|_| path.clone()), real))
        });
    Ok(OnDisk {
        links: links.collect(),
        hooks,
    })
}

/// None where the folder is not there.
fn entries_of(at: &Path) -> Result<Vec<PathBuf>, WorkspaceError> {
    let Ok(entries) = folder::entries(at) else {
        return Ok(Vec::new());
    };
    entries.map(|entry| Ok(entry?.path())).collect()
}

/// A tree with all files of a kind as another tree has them.
pub fn with_those_of(
    store: &Path,
    tree: &TreeId,
    other: &TreeId,
    is_one: impl Fn(&Path) -> bool,
) -> Result<TreeId, WorkspaceError> {
    let mut paths = changed_paths(store, tree, other)?;
    paths.retain(|path| is_one(path));
    with_paths_of(store, tree, other, &paths)
}

/// A tree with these paths as another tree has them.
pub fn with_paths_of<'a>(
    store: &Path,
    tree: &TreeId,
    other: &TreeId,
    paths: impl IntoIterator<Item = &'a PathBuf>,
) -> Result<TreeId, WorkspaceError> {
    let entries = tree::entries(store, other)?;
    let paths = paths.into_iter();
    rewrite::with(
        store,
        tree,
        paths.map(|path| (path.as_path(), entries.get(path))),
    )
}
