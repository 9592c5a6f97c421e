//! The base of a run: the user's tree as it is on disk, in one git tree.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::model::TreeId;

use super::index::PrivateIndex;
use super::listing::{self, Listing};
use super::{Project, ProjectCache, WorkspaceError, bulk, outer_rules, remove_tree, store};

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
    /// Takes the snapshot into `store`, which is made if it is not there. Reads the user's tree, where there is a
    /// cache only what changed since the last time. Writes nothing but store and cache. The store needs nothing of
    /// either, nor of the user's repository, afterwards.
    ///
    /// # Errors
    /// If git is missing or refuses the repository, or a file cannot be read or stored.
    pub fn take(
        project: &Project,
        store: &Path,
        cache: Option<&ProjectCache>,
    ) -> Result<Self, WorkspaceError> {
        let taken = Self::with(project, store, cache);
        match (&taken, cache) {
            (Ok(_) | Err(WorkspaceError::Cancelled), _) | (Err(_), None) => taken,
            // It may be the cache that is broken: once more, as if there were none.
            (Err(_), Some(used)) => {
                used.forget();
                remove_tree(store)?;
                Self::with(project, store, cache)
            }
        }
    }

    fn with(
        project: &Project,
        store: &Path,
        cache: Option<&ProjectCache>,
    ) -> Result<Self, WorkspaceError> {
        store::prepare(project, store)?;
        outer_rules::record(project, store)?;
        let Listing {
            paths,
            untracked,
            mut remarks,
        } = listing::list(project)?;
        let index = PrivateIndex::new(store)?;
        let last = cache.and_then(|cache| cache.lend(store, &index));
        let mut known: HashSet<PathBuf> = match last {
            Some(_) => index.paths()?.into_iter().collect(),
            None => HashSet::new(),
        };
        bulk::add_new(&project.root, &untracked, &known, store)?;
        index.add_files(&project.root, paths.iter().map(AsRef::as_ref))?;
        for path in &paths {
            known.remove(path);
        }
        if !known.is_empty() {
            index.remove(known.iter().map(AsRef::as_ref))?;
        }
        let tree = index.write_tree()?;
        store::detach(project, store, &tree, last.as_ref())?;
        let kept = cache.map(|cache| cache.keep(store, &index, &tree));
        if let Some(Err(error)) = kept {
            remarks.push(format!("the next run has to read all files again: {error}"));
        }
        Ok(Self {
            tree,
            files: paths.len(),
            remarks,
        })
    }
}
