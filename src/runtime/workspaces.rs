//! What a workspace holds at its beginning: the snapshot, a later tree, some files of one, or nothing.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::files::{self, if_there};
use crate::model::{Failure, TreeId, WorkspaceSource};
use crate::workspace::{
    self, ControlFiles, GitLayer, Layers, Project, Visible, Workspace, WorkspacePool,
};

use super::failure::machine;

/// The trees of a run and what workspaces are made from. Can go to another thread.
#[derive(Debug, Clone)]
pub struct Workspaces {
    pub snapshot: TreeId,
    pub scratch: PathBuf,
    pub store: PathBuf,
    /// Where workspaces are mounted, what they are mounted from; where they are copies, nothing.
    pub layers: Option<Arc<Layers>>,
    pub project: Project,
    pub git: Arc<OnceLock<GitLayer>>,
    pub pool: Arc<WorkspacePool>,
    /// Held while a tree is checked out: several calls may want the same one.
    pub checkouts: Arc<Mutex<()>>,
}

impl Workspaces {
    /// Makes a workspace at `at`, which must not exist yet; a scoped one holds the files `added` too. Blocks.
    pub fn make(
        &self,
        source: &WorkspaceSource,
        added: &[String],
        at: &Path,
    ) -> Result<Workspace, Failure> {
        let made = match (source, &self.layers) {
            (WorkspaceSource::Empty, _) => Workspace::create_empty(at),
            (
                WorkspaceSource::Scoped {
                    tree,
                    edit,
                    read,
                    always,
                    ..
                },
                layers,
            ) => {
                let wanted = [edit.as_slice(), read, always, added].concat();
                let some = self.scope(tree, &wanted, at)?;
                match layers {
                    Some(_) => Workspace::create(&some, &lowest_of(at), ControlFiles::Drop)
                        .and_then(|lowest| Workspace::create_above(lowest, at)),
                    None => Workspace::create(&some, at, ControlFiles::Drop),
                }
            }
            (WorkspaceSource::Snapshot | WorkspaceSource::Tree(_), Some(layers)) => {
                let tree = self.tree_of(source).unwrap_or(&self.snapshot);
                let stack = layers.of(tree, ControlFiles::Drop).map_err(machine)?;
                Workspace::create_over(&stack, &self.git(layers)?, at)
            }
            (WorkspaceSource::Snapshot | WorkspaceSource::Tree(_), None) => {
                let tree = self.tree_of(source).unwrap_or(&self.snapshot);
                self.pool.copy(&self.checkout(tree)?, at)
            }
        };
        made.map_err(machine)
    }

    /// The repository of workspaces, made once for a run.
    fn git(&self, layers: &Layers) -> Result<GitLayer, Failure> {
        if let Some(git) = self.git.get() {
            return Ok(git.clone());
        }
        let git = layers.git(&self.project, &self.snapshot, ControlFiles::Drop);
        let git = git.map_err(machine)?;
        Ok(self.git.get_or_init(|| git).clone())
    }

    /// The tree that all of a workspace is, if it is one.
    fn tree_of<'a>(&'a self, source: &'a WorkspaceSource) -> Option<&'a TreeId> {
        match source {
            WorkspaceSource::Snapshot => Some(&self.snapshot),
            WorkspaceSource::Tree(tree) => Some(tree),
            WorkspaceSource::Empty | WorkspaceSource::Scoped { .. } => None,
        }
    }

    /// The tree that a workspace holds, or files of.
    pub fn base_of(&self, source: &WorkspaceSource) -> Option<TreeId> {
        match source {
            WorkspaceSource::Scoped { tree, .. } => Some(tree.clone()),
            whole => self.tree_of(whole).cloned(),
        }
    }

    /// The files of a scoped workspace, laid out beside it.
    fn scope(&self, tree: &TreeId, wanted: &[String], at: &Path) -> Result<PathBuf, Failure> {
        let some = scope_of(at);
        let there =
            workspace::materialize_only(&self.store, tree, wanted, &some).map_err(machine)?;
        let list = serde_json::to_vec(&there).map_err(machine)?;
        files::write(&visible_list(at), list).map_err(machine)?;
        Ok(some)
    }

    /// A workspace with all files of a tree, also those that configure agents. Blocks.
    pub fn whole(&self, tree: &TreeId, at: &Path) -> Result<Workspace, Failure> {
        let made = match &self.layers {
            Some(layers) => {
                let stack = layers.of(tree, ControlFiles::Keep).map_err(machine)?;
                Workspace::create_over(&stack, &self.git(layers)?, at)
            }
            None => Workspace::create(&self.checkout(tree)?, at, ControlFiles::Keep),
        };
        made.map_err(machine)
    }

    /// Has ready what most workspaces are made from. Blocks.
    pub fn prepare(&self) -> Result<(), Failure> {
        match &self.layers {
            Some(layers) => self.git(layers).map(drop),
            None => self.checkout(&self.snapshot).map(drop),
        }
    }

    /// Takes a workspace back whose call has ended, for another call if it was left untouched. Blocks.
    pub fn take_back(&self, source: &WorkspaceSource, at: &Path) -> Result<(), Failure> {
        match self.tree_of(source).filter(|_| self.layers.is_none()) {
            Some(tree) => self
                .pool
                .give_back(&self.checkout(tree)?, at)
                .map_err(machine),
            None => Ok(()),
        }
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
        for beside in [scope_of(at), lowest_of(at)] {
            workspace::remove_tree(&beside).map_err(machine)?;
        }
        let mut made = self.make(workspace, added, at)?;
        made.take_over(&before, &left_out(at)?);
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

/// What is mounted below a scoped workspace.
fn lowest_of(workspace: &Path) -> PathBuf {
    workspace.with_extension("lowest")
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
