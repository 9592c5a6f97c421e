//! What workspaces are mounted from: read-only folders one above the other, so that a workspace costs a mount and not a
//! copy. At the bottom lies a *base*, a tree that is checked out once and shared by runs; above it the *delta* to the
//! tree that is wanted, always relative to a base, so that no chain grows; at the top what *hides* the files that no
//! agent is to see. Only the supervisor writes here, and no layer changes once it is in its place.
//!
//! A file that is hidden or deleted is a character device 0:0, as the kernel's overlay has it.

mod base;
mod delta;
mod git_layer;
mod hidden;
mod parts;
mod progress;
mod setup;
mod whiteout;

#[cfg(test)]
mod git_tests;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::{ControlFiles, Doing, Project, ProjectCache, WorkspaceError, remove_tree};
use crate::model::TreeId;

use base::{Base, Bases};
use delta::Delta;
pub(super) use hidden::Marks;
use parts::Parts;

pub use git_layer::GitLayer;
pub use parts::Stack;
pub use progress::Progress;
pub use setup::kept_beside;

/// Of a base, so many parts are the most that a delta may be; otherwise a new base is made.
const LARGEST_DELTA: usize = 4;

/// The layers of one run. As long as this lives, its bases stay.
#[derive(Debug)]
pub struct Layers {
    store: PathBuf,
    /// The run's own layers.
    own: PathBuf,
    /// Where bases may lie, the shared ones first.
    places: Vec<Bases>,
    cache: Option<ProjectCache>,
    /// Held while layers are made: several calls may want the same ones.
    in_use: Mutex<Vec<Base>>,
    setups_in_use: Mutex<Vec<Base>>,
    progress: Arc<Progress>,
}

impl Layers {
    /// None yet. Those of this run alone will lie below `scratch`, the shared ones in the cache.
    pub fn new(
        cache: Option<&ProjectCache>,
        store: &Path,
        scratch: &Path,
        progress: Arc<Progress>,
    ) -> Self {
        // What was not on disk when the machine stopped may be incomplete.
        let boot = base::boot().unwrap_or_default();
        let own = scratch.join(format!("layers-{boot}"));
        let shared = cache.map(ProjectCache::bases).into_iter();
        Self {
            store: store.to_owned(),
            places: shared.chain([own.join("bases")]).map(Bases::at).collect(),
            own,
            cache: cache.cloned(),
            in_use: Mutex::default(),
            setups_in_use: Mutex::default(),
            progress,
        }
    }

    /// Removes bases that nobody needs any more, and sees to it that the others are on disk. Slow; for a thread of its
    /// own.
    pub fn sweep(cache: &ProjectCache) -> Result<(), WorkspaceError> {
        Bases::at(cache.bases()).sweep()?;
        Bases::of_setup(cache.setups()).sweep()
    }

    /// The layers of a tree, made if they are not there yet. Blocks.
    ///
    /// # Errors
    /// If the store lacks the tree, or the disk is full.
    pub fn of(&self, tree: &TreeId, control: ControlFiles) -> Result<Stack, WorkspaceError> {
        let mut bases = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        self.parts(&mut bases, tree, control)
            .map(|parts| parts.stack)
    }

    /// The repository of the project's cells, as a layer that holds a folder `.git` alone; made once for a run. `tree` is
    /// the run's snapshot, which the repository takes for what is staged. Blocks.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn git(
        &self,
        project: &Project,
        tree: &TreeId,
        control: ControlFiles,
    ) -> Result<GitLayer, WorkspaceError> {
        let mut bases = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        let parts = self.parts(&mut bases, tree, control)?;
        let name = format!("git-{tree}-{control:?}");
        let layer = self.once(&name, |at| {
            git_layer::make(project, &self.store, &parts, at)
        })?;
        GitLayer::of(project, layer)
    }

    fn parts(
        &self,
        bases: &mut Vec<Base>,
        tree: &TreeId,
        control: ControlFiles,
    ) -> Result<Parts, WorkspaceError> {
        let (base, delta) = match self.nearest(bases, tree)? {
            Some(found) => found,
            None => {
                let base = self.make_base(tree)?;
                bases.push(base.clone());
                (base, Delta::default())
            }
        };
        base.touch();
        let mut marks = Marks::read(&base.marks())?;
        delta.update(&mut marks);
        let mut folders = vec![base.files()];
        let name = format!("{}-{tree}", base.tree);
        if !delta.is_empty() {
            let made = self.once(&name, |at| delta.make(&self.store, tree, at))?;
            folders.insert(0, made);
        }
        let hidden = marks.hidden(&self.store, control)?;
        let layer = match hidden.is_empty() {
            true => None,
            false => Some(self.once(&format!("{name}-{control:?}"), |at| hidden.make(at))?),
        };
        let stack = Stack {
            hidden: layer,
            tree: folders,
            remarks: hidden.remarks(),
        };
        Ok(Parts {
            tree: tree.clone(),
            base,
            delta,
            hidden,
            stack,
        })
    }

    /// The base from which the least leads to the tree, if it is little.
    fn nearest(
        &self,
        bases: &mut Vec<Base>,
        tree: &TreeId,
    ) -> Result<Option<(Base, Delta)>, WorkspaceError> {
        let is_near =
            |(base, delta): &(Base, Delta)| delta.len() <= base.number_of_files() / LARGEST_DELTA;
        let with_delta = |base: &Base| {
            let delta = match base.tree == *tree {
                true => Ok(Delta::default()),
                false => Delta::between(&self.store, &base.tree, tree),
            };
            match delta {
                // It is of a time whose objects are gone.
                Err(WorkspaceError::Git { .. }) => None,
                delta => Some(delta.map(|delta| (base.clone(), delta))),
            }
        };
        if bases.is_empty() {
            bases.extend(self.places.iter().flat_map(Bases::usable));
        }
        let mut found: Vec<_> = bases
            .iter()
            .filter_map(with_delta)
            .collect::<Result<_, _>>()?;
        found.retain(is_near);
        let nearest = found.into_iter().min_by_key(|(_, delta)| delta.len());
        Ok(nearest)
    }

    /// A tree of the last snapshot serves later runs too; others are of interest to this run alone.
    fn make_base(&self, tree: &TreeId) -> Result<Base, WorkspaceError> {
        let is_shared = self
            .cache
            .as_ref()
            .is_some_and(|cache| cache.last_tree().as_ref() == Some(tree));
        let place = match is_shared {
            true => self.places.first(),
            false => self.places.last(),
        };
        place
            .expect("there is always the run's own")
            .make(&self.store, tree, &self.progress)
    }

    /// A layer of this run, made once.
    fn once(
        &self,
        name: &str,
        make: impl FnOnce(&Path) -> Result<(), WorkspaceError>,
    ) -> Result<PathBuf, WorkspaceError> {
        let at = self.own.join(name);
        if !at.exists() {
            let making = self.own.join("making");
            remove_tree(&making)?;
            make(&making)?;
            fs::rename(&making, &at).doing("create", &at)?;
        }
        Ok(at)
    }
}
