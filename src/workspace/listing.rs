//! Which files of the user's tree belong to a snapshot: everything that is on disk and not ignored.

use std::collections::{HashMap, HashSet};
use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use rustix::process::geteuid;

use super::git::{Git, path_of};
use super::index::PrivateIndex;
use super::paths::is_reserved;
use super::{Project, ProjectKind, WorkspaceError};

/// What is known of a tree by an index.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The paths in the index.
    pub paths: HashSet<PathBuf>,
    /// Those of them whose files may have changed since, or are gone.
    pub changed: HashSet<PathBuf>,
}

impl Known {
    pub(super) fn of(index: &PrivateIndex, root: &Path) -> Result<Self, WorkspaceError> {
        if !index.file().exists() {
            return Ok(Self::default());
        }
        Ok(Self {
            paths: index.paths()?.into_iter().collect(),
            changed: index.changed(root)?.into_iter().collect(),
        })
    }
}

/// The files and symlinks of a tree, by paths relative to the project's root.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// How many there are.
    pub files: usize,
    /// Those that are not known, or may have changed, sorted by bytes.
    pub changed: Vec<PathBuf>,
    /// Those of them of which the user's git holds no version, as far as it says.
    pub untracked: Vec<PathBuf>,
    /// What was known and is no part of the tree any more.
    pub gone: HashSet<PathBuf>,
    /// What was left out, for the user.
    pub remarks: Vec<String>,
}

impl Listing {
    /// Whether anything is not as it was known.
    pub(super) fn has_news(&self) -> bool {
        !self.changed.is_empty() || !self.gone.is_empty()
    }
}

/// What may be a part of the tree, as it is on disk.
pub(super) fn candidates(project: &Project) -> Result<Vec<Candidate>, WorkspaceError> {
    match &project.kind {
        ProjectKind::Git { .. } => git_candidates(&project.root),
        ProjectKind::Plain => walked_candidates(&project.root),
    }
}

/// A path, and whether git knows it.
pub(super) type Candidate = (PathBuf, bool);

fn git_candidates(root: &Path) -> Result<Vec<Candidate>, WorkspaceError> {
    // Before each path is a letter: `?` for what is not in the index.
    let tagged = Git::reading(root)
        .args(["ls-files", "-z", "-t", "--cached", "--others"])
        .args(["--exclude-standard"])
        .paths()?;
    let candidates = tagged.iter().filter_map(|line| {
        let (tag, path) = line.as_os_str().as_bytes().split_at_checked(2)?;
        Some((path_of(path), tag != b"? "))
    });
    Ok(candidates.collect())
}

fn walked_candidates(root: &Path) -> Result<Vec<Candidate>, WorkspaceError> {
    let mut found = Vec::new();
    let walk = ignore::WalkBuilder::new(root)
        .hidden(false)
        .parents(false)
        .ignore(false)
        .git_global(false)
        .git_exclude(false)
        .require_git(false)
        .follow_links(false)
        .filter_entry(|entry| entry.depth() == 0 || !is_left_to_others(entry.path()))
        .build();
    for entry in walk {
        WorkspaceError::if_cancelled()?;
        // A folder that cannot be read holds nothing that an agent could be shown.
        let Ok(entry) = entry else { continue };
        let is_nested_repository = entry.path().join(".git").exists();
        let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        if is_folder && !is_nested_repository {
            continue;
        }
        if let Ok(path) = entry.path().strip_prefix(root)
            && !path.as_os_str().is_empty()
        {
            found.push((path.to_owned(), false));
        }
    }
    Ok(found)
}

/// Whether the walk stays out: git's and our own folders, and what lies inside a nested repository.
fn is_left_to_others(path: &Path) -> bool {
    path.file_name().is_some_and(super::paths::is_reserved_name)
        || path
            .parent()
            .is_some_and(|parent| parent.join(".git").exists())
}

/// Keeps what is a readable file or a symlink now, and remarks upon the rest.
pub(super) fn sift(
    root: &Path,
    mut candidates: Vec<Candidate>,
    mut known: Known,
) -> Result<Listing, WorkspaceError> {
    candidates.sort_unstable_by(|(a, _), (b, _)| a.as_os_str().cmp(b.as_os_str()));
    candidates.dedup_by(|(a, _), (b, _)| a == b);
    let mut listing = Listing::default();
    let mut folders = HashMap::new();
    for (path, is_tracked) in candidates {
        WorkspaceError::if_cancelled()?;
        if !known.changed.contains(&path) && known.paths.remove(&path) {
            listing.files += 1;
            continue;
        }
        if is_reserved(&path) || !is_below_real_folders(root, &path, &mut folders) {
            continue;
        }
        let whole = root.join(&path);
        // A tracked file that the user deleted is not part of the tree on disk.
        let Ok(found) = whole.symlink_metadata() else {
            continue;
        };
        let kind = found.file_type();
        let why_not = if kind.is_dir() {
            "is a repository of its own"
        } else if kind.is_symlink() && is_refused_by_git(&path) {
            "is a symlink"
        } else if !kind.is_file() && !kind.is_symlink() {
            "is no regular file"
        } else if kind.is_file() && !is_readable(&whole, &found) {
            "cannot be read"
        } else {
            if !is_tracked {
                listing.untracked.push(path.clone());
            }
            known.paths.remove(&path);
            listing.files += 1;
            listing.changed.push(path);
            continue;
        };
        let shown = path.display();
        let remark = format!("`{shown}` {why_not} and was left out");
        listing.remarks.push(remark);
    }
    listing.gone = known.paths;
    Ok(listing)
}

/// The owner of a file may read it if its mode says so, which saves a call to the system for each.
fn is_readable(path: &Path, found: &Metadata) -> bool {
    let is_ours = found.uid() == geteuid().as_raw() && found.mode() & 0o400 != 0;
    is_ours || access(path, Access::READ_OK).is_ok()
}

/// git keeps no symlink of this name in a tree.
fn is_refused_by_git(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.eq_ignore_ascii_case(".gitmodules"))
}

/// A tracked file whose folder was replaced by a symlink is gone: what lies behind the link is not
/// the project's.
fn is_below_real_folders(root: &Path, path: &Path, known: &mut HashMap<PathBuf, bool>) -> bool {
    let Some(parent) = path.parent() else {
        return true;
    };
    if parent.as_os_str().is_empty() {
        return true;
    }
    if let Some(real) = known.get(parent) {
        return *real;
    }
    let real = is_below_real_folders(root, parent, known)
        && fs::symlink_metadata(root.join(parent)).is_ok_and(|found| found.is_dir());
    known.insert(parent.to_owned(), real);
    real
}
