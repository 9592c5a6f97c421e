//! Folders: which have to be made and removed for a transition, and what is in its way.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::super::paths::is_reserved;
use super::super::{WorkspaceError, folder};
use super::file_state::{is_below_real_folders, metadata, mode};
use super::raw_path::RawPath;
use super::transition::{Folder, Step};

/// What a transition meets in the user's tree.
#[derive(Debug, Default)]
pub(super) struct Obstacles {
    /// Paths that are in the way and are not part of the transition.
    pub conflicts: BTreeSet<PathBuf>,
    pub make: BTreeSet<PathBuf>,
    /// Folders, with their modes, that are where a file is to be.
    pub replaced: BTreeMap<PathBuf, u32>,
    /// Folders, with their modes, out of which files are removed.
    pub left: BTreeMap<PathBuf, u32>,
}

/// Looks at the folders around every step.
pub(super) fn find<'a>(
    root: &Path,
    steps: impl Iterator<Item = &'a Step> + Clone,
) -> Result<Obstacles, WorkspaceError> {
    let removed: BTreeSet<&Path> = steps
        .clone()
        .filter(|step| step.to.is_nothing())
        .map(|step| step.path.path())
        .collect();
    let mut found = Obstacles::default();
    let mut seen = BTreeSet::new();
    for step in steps {
        let path = step.path.path();
        if is_reserved(path) {
            found.conflicts.insert(path.to_owned());
        }
        for above in path.ancestors().skip(1) {
            if above.as_os_str().is_empty() || !seen.insert((above, step.to.is_nothing())) {
                break;
            }
            match step.to.is_nothing() {
                true => found.note_left(root, above)?,
                false => found.check_folder(root, above, &removed)?,
            }
        }
        if !step.to.is_nothing() {
            found.check_target(root, path, &removed)?;
        }
    }
    Ok(found)
}

impl Obstacles {
    /// A folder that something is removed from.
    fn note_left(&mut self, root: &Path, folder: &Path) -> Result<(), WorkspaceError> {
        if let Some(found) = metadata_below(root, folder)?
            && found.is_dir()
        {
            self.check_repository(root, folder)?;
            let mode = found.permissions().mode() & 0o7777;
            self.left.insert(folder.to_owned(), mode);
        }
        Ok(())
    }

    /// A folder that something is to be put into.
    fn check_folder(
        &mut self,
        root: &Path,
        folder: &Path,
        removed: &BTreeSet<&Path>,
    ) -> Result<(), WorkspaceError> {
        match metadata_below(root, folder)? {
            None => drop(self.make.insert(folder.to_owned())),
            Some(found) if found.is_dir() => self.check_repository(root, folder)?,
            Some(_) if removed.contains(folder) => drop(self.make.insert(folder.to_owned())),
            Some(_) => drop(self.conflicts.insert(folder.to_owned())),
        }
        Ok(())
    }

    /// What belongs to a repository of its own is not ours to change.
    fn check_repository(&mut self, root: &Path, folder: &Path) -> Result<(), WorkspaceError> {
        if metadata(&root.join(folder).join(".git"))?.is_some() {
            self.conflicts.insert(folder.to_owned());
        }
        Ok(())
    }

    /// A folder that is where a file is to be has to be empty by then.
    fn check_target(
        &mut self,
        root: &Path,
        path: &Path,
        removed: &BTreeSet<&Path>,
    ) -> Result<(), WorkspaceError> {
        let mut ahead = Vec::new();
        if metadata_below(root, path)?.is_some_and(|found| found.is_dir()) {
            ahead.push(path.to_owned());
        }
        while let Some(at) = ahead.pop() {
            let whole = root.join(&at);
            let mode = mode(&whole)?.unwrap_or_default();
            self.replaced.insert(at.clone(), mode);
            for entry in folder::entries(&whole)? {
                let entry = entry?;
                let inner = at.join(entry.file_name());
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    ahead.push(inner);
                } else if !removed.contains(inner.as_path()) {
                    self.conflicts.insert(inner);
                }
            }
        }
        Ok(())
    }
}

/// What is there; what lies behind a symlink on the way is not the project's.
fn metadata_below(root: &Path, path: &Path) -> Result<Option<Metadata>, WorkspaceError> {
    match is_below_real_folders(root, path) {
        true => metadata(&root.join(path)),
        false => Ok(None),
    }
}

/// Whether nothing but folders, and what is removed, is at a path and on the way to it.
pub(super) fn is_free(root: &Path, path: &Path, steps: &[Step]) -> Result<bool, WorkspaceError> {
    let parts = path.ancestors();
    for above in parts.filter(|above| !above.as_os_str().is_empty()) {
        let found = metadata_below(root, above)?;
        let goes = |step: &Step| step.to.is_nothing() && step.path.path() == above;
        if found.is_some_and(|found| !found.is_dir()) && !steps.iter().any(goes) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Folders in the form of a transition.
pub(super) fn folders<'a>(
    from: impl IntoIterator<Item = (&'a PathBuf, Option<u32>)>,
) -> Vec<Folder> {
    from.into_iter()
        .map(|(path, mode)| Folder {
            path: RawPath(path.clone()),
            mode,
        })
        .collect()
}
