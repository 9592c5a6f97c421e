//! What a workspace holds at its beginning: the snapshot, a later tree, some files of one, or nothing.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::files::{self, if_there};
use crate::model::{Failure, TreeId, WorkspaceSource};
use crate::workspace::{self, ControlFiles, Files, GitLayer, Layers, Project, Visible, Workspace};

use super::failure::machine;

/// The trees of a run and what workspaces are made from. Can go to another thread.
#[derive(Debug, Clone)]
pub struct Workspaces {
    pub snapshot: TreeId,
    pub store: PathBuf,
    pub layers: Arc<Layers>,
    /// Whether workspaces are mounted over the layers of their tree; elsewhere they are copies of its files.
    pub mounted: bool,
    pub project: Project,
    pub git: Arc<OnceLock<GitLayer>>,
}

impl Workspaces {
    /// Makes a workspace at `at`, which must not exist yet; a scoped one holds the files `added` too. What `setup` made
    /// lies below its files. Blocks.
    pub fn make(
        &self,
        source: &WorkspaceSource,
        added: &[String],
        installed: &[PathBuf],
        at: &Path,
    ) -> Result<Workspace, Failure> {
        match source {
            WorkspaceSource::Empty => Workspace::create_empty(at).map_err(machine),
            WorkspaceSource::Snapshot => {
                self.all(&self.snapshot, ControlFiles::Drop, installed, at)
            }
            WorkspaceSource::Tree(tree) => self.all(tree, ControlFiles::Drop, installed, at),
            WorkspaceSource::Scoped {
                tree,
                edit,
                read,
                always,
                ..
            } => {
                let wanted = [edit.as_slice(), read, always, added].concat();
                let files = self.files(tree, Some(&wanted), ControlFiles::Drop);
                let made = match self.mounted {
                    true => Workspace::create_above(&files, &lowest_of(at), at)
                        .map(|(space, names)| (space.with_below(installed), names)),
                    false => Workspace::create_some(&files, installed, at),
                };
                let (workspace, names) = made.map_err(machine)?;
                let list = serde_json::to_vec(&names).map_err(machine)?;
                files::write(&visible_list(at), list).map_err(machine)?;
                Ok(workspace)
            }
        }
    }

    /// One with all files of a tree. Blocks.
    pub fn all(
        &self,
        tree: &TreeId,
        control: ControlFiles,
        installed: &[PathBuf],
        at: &Path,
    ) -> Result<Workspace, Failure> {
        let made = match self.mounted {
            true => {
                let stack = self.layers.of(tree, control).map_err(machine)?;
                Workspace::create_over(&stack, &self.git()?, at)
                    .map(|workspace| workspace.with_below(installed))
            }
            false => Workspace::create_copy(&self.files(tree, None, control), installed, at),
        };
        made.map_err(machine)
    }

    fn files<'a>(
        &'a self,
        tree: &'a TreeId,
        wanted: Option<&'a [String]>,
        control: ControlFiles,
    ) -> Files<'a> {
        Files {
            store: &self.store,
            tree,
            wanted,
            control,
        }
    }

    /// What makes up a tree below an overlay; nothing where workspaces are copies. Blocks.
    pub fn tree_layers(
        &self,
        tree: &TreeId,
        control: ControlFiles,
    ) -> Result<Vec<PathBuf>, Failure> {
        match self.mounted {
            true => Ok(self.layers.of(tree, control).map_err(machine)?.tree),
            false => Ok(Vec::new()),
        }
    }

    /// The repository of workspaces, made once for a run.
    fn git(&self) -> Result<GitLayer, Failure> {
        if let Some(git) = self.git.get() {
            return Ok(git.clone());
        }
        let git = self
            .layers
            .git(&self.project, &self.snapshot, ControlFiles::Drop);
        let git = git.map_err(machine)?;
        Ok(self.git.get_or_init(|| git).clone())
    }

    /// The tree that a workspace holds, or files of.
    pub fn base_of<'a>(&'a self, source: &'a WorkspaceSource) -> Option<&'a TreeId> {
        match source {
            WorkspaceSource::Empty => None,
            WorkspaceSource::Snapshot => Some(&self.snapshot),
            WorkspaceSource::Tree(tree) | WorkspaceSource::Scoped { tree, .. } => Some(tree),
        }
    }

    /// Has ready what most workspaces are made from. Blocks.
    pub fn prepare(&self) -> Result<(), Failure> {
        match self.mounted {
            true => self.git().map(drop),
            false => Ok(()),
        }
    }

    /// Makes the workspace of a call that goes on with another one's work, where that one's is: the files
    /// of the workspace, and what only the earlier workspace has, if that is still there. A supervisor that dies
    /// half-way may lose some of the latter; the next call makes it anew. Blocks.
    pub fn renew(
        &self,
        workspace: &WorkspaceSource,
        added: &[String],
        installed: &[PathBuf],
        at: &Path,
    ) -> Result<Workspace, Failure> {
        if !at.exists() {
            return self.make(workspace, added, installed, at);
        }
        let before = free_place(at);
        fs::rename(at, &before).map_err(machine)?;
        workspace::remove_tree(&lowest_of(at)).map_err(machine)?;
        let mut made = self.make(workspace, added, installed, at)?;
        made.take_over(&before, &left_out(at)?);
        // What cannot be removed now goes with the run's scratch folder.
        let _ = workspace::remove_tree(&before);
        Ok(made)
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
