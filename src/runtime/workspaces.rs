//! What a workspace holds at its beginning: the snapshot, a later tree, some files of one, or nothing.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::files::{self, if_there};
use crate::model::{Failure, TreeId, WorkspaceSource};
use crate::workspace::{self, ControlFiles, Visible, Workspace, WorkspacePool};

use super::failure::machine;

/// The trees of a run and where they are laid out. Can go to another thread.
#[derive(Debug, Clone)]
pub struct Workspaces {
    pub base: PathBuf,
    pub scratch: PathBuf,
    pub store: PathBuf,
    pub pool: Arc<WorkspacePool>,
    /// Held while a tree is checked out: several calls may want the same one.
    pub checkouts: Arc<Mutex<()>>,
}

impl Workspaces {
    /// Makes a workspace at `at`, which must not exist yet; a scoped one holds the files `added` too. Blocks.
    pub fn make(
        &self,
        workspace: &WorkspaceSource,
        added: &[String],
        at: &Path,
    ) -> Result<Workspace, Failure> {
        let copied = match workspace {
            WorkspaceSource::Empty => Workspace::create_empty(at),
            WorkspaceSource::Snapshot => self.pool.copy(&self.base, at),
            WorkspaceSource::Tree(tree) => self.pool.copy(&self.checkout(tree)?, at),
            WorkspaceSource::Scoped {
                tree,
                edit,
                read,
                always,
                ..
            } => {
                let some = scope_of(at);
                let wanted = [edit.as_slice(), read, always, added].concat();
                let there = workspace::materialize_only(&self.store, tree, &wanted, &some)
                    .map_err(machine)?;
                let list = serde_json::to_vec(&there).map_err(machine)?;
                files::write(&visible_list(at), list).map_err(machine)?;
                Workspace::create(&some, at, ControlFiles::Drop)
            }
        };
        copied.map_err(machine)
    }

    /// Takes a workspace back whose call has ended, for another call if it was left untouched. Blocks.
    pub fn take_back(&self, workspace: &WorkspaceSource, at: &Path) -> Result<(), Failure> {
        let base = match workspace {
            WorkspaceSource::Snapshot => self.base.clone(),
            WorkspaceSource::Tree(tree) => self.checkout(tree)?,
            WorkspaceSource::Empty | WorkspaceSource::Scoped { .. } => return Ok(()),
        };
        self.pool.give_back(&base, at).map_err(machine)
    }

    /// Makes the workspace of a call that goes on with another one's work, where that one's is: the files
    /// of the workspace, and what only the earlier workspace has, if that is still there. A supervisor that dies
    /// half-way may lose some of the latter; the next call makes it anew. Blocks.
    pub fn renew(
        &self,
        workspace: &WorkspaceSource,
        added: &[String],
        at: &Path,
    ) -> Result<Workspace, Failure> {
        if !at.exists() {
            return self.make(workspace, added, at);
        }
        let before = free_place(at);
        fs::rename(at, &before).map_err(machine)?;
        workspace::remove_tree(&scope_of(at)).map_err(machine)?;
        let mut made = self.make(workspace, added, at)?;
        made.take_over(&before, &left_out(at)?, &[]);
        // What cannot be removed now goes with the run's scratch folder.
        let _ = workspace::remove_tree(&before);
        Ok(made)
    }

    /// A folder with a tree's files, made once for a run and copied from. Blocks.
    pub fn checkout(&self, tree: &TreeId) -> Result<PathBuf, Failure> {
        let _alone = self
            .checkouts
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let at = self.scratch.join("trees").join(tree.as_str());
        if at.exists() {
            return Ok(at);
        }
        let making = at.with_extension("new");
        if making.exists() {
            workspace::remove_tree(&making).map_err(machine)?;
        }
        fs::create_dir_all(self.scratch.join("trees")).map_err(machine)?;
        workspace::materialize(&self.store, tree, &making).map_err(machine)?;
        fs::rename(&making, &at).map_err(machine)?;
        Ok(at)
    }
}

/// What a scoped workspace held at its beginning; none for one that held everything.
pub fn visible(workspace: &Path) -> Result<Visible, Failure> {
    let list = if_there(files::read(&visible_list(workspace), files::RECORD)).map_err(machine)?;
    list.map_or(Ok(Visible::All), |list| {
        let names = serde_json::from_slice(&list).map_err(machine)?;
        Ok(Visible::Only(names))
    })
}

/// Beside the workspace, where no agent is told to look.
fn visible_list(workspace: &Path) -> PathBuf {
    workspace.with_extension("visible.json")
}

/// Where a workspace can be moved out of the way.
fn free_place(workspace: &Path) -> PathBuf {
    let places = (1..).map(|number: u32| workspace.with_extension(format!("before-{number}")));
    let mut free = places.filter(|place| place.symlink_metadata().is_err());
    free.next().expect("the numbers do not end")
}

/// Where the files of a scoped workspace are laid out.
fn scope_of(workspace: &Path) -> PathBuf {
    workspace.with_extension("scope")
}

/// Notes what only the workspace has, for the call that goes on in its place.
pub fn note_left_out(workspace: &Path, paths: &[PathBuf]) -> Result<(), Failure> {
    let list: Vec<&[u8]> = paths
        .iter()
        .map(|path| path.as_os_str().as_bytes())
        .collect();
    files::write(&left_out_list(workspace), list.join(&0)).map_err(machine)
}

/// What was noted; nothing if the scratch folder was lost meanwhile.
fn left_out(workspace: &Path) -> Result<Vec<PathBuf>, Failure> {
    let list = files::read(&left_out_list(workspace), files::RECORD);
    let list = if_there(list).map_err(machine)?.unwrap_or_default();
    let paths = list
        .split(|byte| *byte == 0)
        .filter(|path| !path.is_empty());
    Ok(paths
        .map(|path| PathBuf::from(OsStr::from_bytes(path)))
        .collect())
}

/// Names of files hold anything but a zero byte, which is between them here.
fn left_out_list(workspace: &Path) -> PathBuf {
    workspace.with_extension("left-out")
}
