//! What commands of `setup` made, as layers. Those of the snapshot are shared by runs; those of trees that models
//! changed are the run's own, since a model had a say in what the commands do.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use super::super::carry_over::{carry_over, copy_folder};
use super::super::materialize::made;
use super::super::{Doing, WorkspaceError};
use super::{Layers, base::Bases};
use crate::files;
use crate::model::TreeId;

impl Layers {
    fn setups(&self, shared: bool) -> Bases {
        let cache = self.cache.as_ref().filter(|_| shared);
        Bases::of_setup(cache.map_or_else(|| self.own.join("setup"), |cache| cache.setups()))
    }

    /// The layer of that digest, if it has been made; it stays as long as the run.
    pub fn set_up(&self, digest: &TreeId) -> Option<PathBuf> {
        let found = [true, false]
            .into_iter()
            .find_map(|shared| self.setups(shared).find(digest))?;
        found.touch();
        let files = found.files();
        let mut in_use = self
            .setups_in_use
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        in_use.push(found);
        Some(files)
    }

    /// A folder that is locked by the one run that makes layers for all; `None` if another one does.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn alone_with_setups(&self) -> Result<Option<File>, WorkspaceError> {
        let folder = made(self.setups(true).folder())?;
        let lock = files::open_folder(&folder).doing("open", &folder)?;
        Ok(lock.try_lock().is_ok().then_some(lock))
    }

    /// Makes a layer of these paths of the folder `upper`, which are moved out of it, and takes what was written over
    /// caches, `caches`, too. Control files of agents stay behind. Blocks.
    ///
    /// # Errors
    /// They cannot be moved.
    pub fn keep_setup(
        &self,
        (digest, shared): (&TreeId, bool),
        (upper, paths, caches): (&Path, &[PathBuf], PathBuf),
    ) -> Result<(), WorkspaceError> {
        let kept = made(&upper.with_extension("kept"))?;
        for path in paths {
            carry_over(upper, (&kept, &[]), path)?;
        }
        let setups = self.setups(shared);
        let made = setups.add(digest, |making| {
            let files = making.join("files");
            move_to(&kept, &files)?;
            if caches.is_dir() {
                move_to(&caches, &kept_beside(&files))?;
            }
            Ok(paths.len())
        });
        made.map(drop)
    }
}

/// What `setup` wrote over caches, by its layer.
pub fn kept_beside(layer: &Path) -> PathBuf {
    layer.with_file_name("caches")
}

fn move_to(from: &Path, to: &Path) -> Result<(), WorkspaceError> {
    // The cache may be on another file system.
    match fs::rename(from, to) {
        Ok(()) => Ok(()),
        Err(_) => copy_folder(from, &made(to)?),
    }
}
