//! The base of a run: the user's tree as it is on disk, in one git tree.

use std::path::Path;

use crate::model::TreeId;
use crate::process;

use super::index::PrivateIndex;
use super::listing::{self, Known};
use super::{
    Progress, Project, ProjectCache, WorkspaceError, bulk, outer_rules, remove_tree, store,
    users_index,
};

/// The user's tree at one moment: uncommitted and untracked files in, ignored ones out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub tree: TreeId,
    /// How many files and symlinks it holds.
    pub files: usize,
    /// What was left out and why, one sentence each, for the user.
    pub remarks: Vec<String>,
}

impl Snapshot {
    /// Takes the snapshot into `store`, which is made if it is not there. Reads what changed since the
    /// last time, or since the user's git looked. Writes nothing but store and cache. The store needs nothing of
    /// either, nor of the user's repository, afterwards.
    ///
    /// # Errors
    /// If git is missing or refuses the repository, or a file cannot be read or stored.
    pub fn take(
        project: &Project,
        store: &Path,
        cache: Option<&ProjectCache>,
        progress: &Progress,
    ) -> Result<Self, WorkspaceError> {
        let taken = Self::with(project, store, cache, progress);
        match (&taken, cache) {
            (Ok(_) | Err(WorkspaceError::Cancelled), _) | (Err(_), None) => taken,
            // It may be the cache that is broken: once more, as if there were none.
            (Err(_), Some(used)) => {
                used.forget();
                remove_tree(store)?;
                Self::with(project, store, cache, progress)
            }
        }
    }

    fn with(
        project: &Project,
        store: &Path,
        cache: Option<&ProjectCache>,
        progress: &Progress,
    ) -> Result<Self, WorkspaceError> {
        store::prepare(project, store)?;
        outer_rules::record(project, store)?;
        let index = PrivateIndex::new(store)?;
        let last = cache.and_then(|cache| cache.lend(store, &index));
        if last.is_none() {
            users_index::copy(project, &index)?;
        }
        // Each of the two looks at all files; git does so with one processor.
        let (known, there) = process::both(
            || Known::of(&index, &project.root),
            || listing::candidates(project),
        );
        let listing = listing::sift(&project.root, there?, known?)?;
        bulk::add_new(&project.root, &listing.untracked, store, progress)?;
        progress.begin(listing.changed.len());
        let changed = listing.changed.iter().inspect(|_| progress.one_more());
        if !listing.changed.is_empty() || !index.file().exists() {
            index.add_files(&project.root, changed.map(AsRef::as_ref))?;
        }
        index.remove(&project.root, listing.gone.iter().map(AsRef::as_ref))?;
        let tree = index.write_tree()?;
        store::detach(project, store, &tree, last.as_ref())?;
        let is_new = last.as_ref() != Some(&tree) || listing.has_news();
        let mut remarks = listing.remarks;
        let kept = cache.filter(|_| is_new);
        let kept = kept.map(|cache| cache.keep(store, &index, &tree));
        if let Some(Err(error)) = kept {
            remarks.push(format!("the next run has to read all files again: {error}"));
        }
        Ok(Self {
            tree,
            files: listing.files,
            remarks,
        })
    }
}
