//! What stands for the user's repository on another machine: one commit, with the tree of the user's own last one.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::git::Git;
use super::index::git;
use super::materialize::made;
use super::remove_tree::remove_tree;
use super::space::create_repository;
use super::{Doing, Project, WorkspaceError};
use crate::files;
use crate::model::TreeId;

/// What is checked out in a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub tree: TreeId,
    /// `refs/heads/main`, or `HEAD` where no branch is checked out.
    pub branch: String,
    /// The first line of the commit's message.
    pub subject: String,
}

impl Head {
    /// That of the user's; none without a commit. Blocks.
    pub fn of(project: &Project) -> Option<Self> {
        project.repository().ok()??;
        let ask = |args: &[&str]| Git::reading(&project.root).args(args).said().ok();
        let said = ask(&["rev-parse", "HEAD^{tree}", "--symbolic-full-name", "HEAD"])?;
        let (tree, branch) = said.split_once('\n')?;
        Some(Self {
            tree: TreeId::parse(tree)?,
            branch: branch.to_owned(),
            subject: ask(&["log", "-1", "--format=%s"])?,
        })
    }
}

/// Makes a store that holds what is received, if it is not there yet, and a project at `root` whose history is this
/// commit. Blocks.
///
/// # Errors
/// If there is no room, or the store lacks the commit's tree.
pub fn stand_in(root: &Path, store: &Path, head: Option<&Head>) -> Result<Project, WorkspaceError> {
    made(root)?;
    let repository = root.join(".git");
    let Some(head) = head else {
        remove_tree(&repository)?;
        return Project::discover(root);
    };
    if !repository.exists() {
        create_repository(&repository)?;
    }
    let objects = store.join("objects");
    let mut line = objects.as_os_str().as_bytes().to_vec();
    line.push(b'\n');
    let borrows = made(&repository.join("objects/info"))?.join("alternates");
    put(&borrows, &line)?;
    let mut commit = git(&repository)?;
    for who in ["AUTHOR", "COMMITTER"] {
        commit = commit
            .env(&format!("GIT_{who}_NAME"), "tipstaff")
            .env(&format!("GIT_{who}_EMAIL"), "tipstaff@localhost")
            // The same commit each time.
            .env(&format!("GIT_{who}_DATE"), "2000-01-01T00:00:00Z");
    }
    let commit = commit
        .args([
            "commit-tree",
            head.tree.as_str(),
            "-m",
            head.subject.as_str(),
        ])
        .said()?;
    let write = |name: &str, text: String| put(&repository.join(name), text.as_bytes());
    match head.branch.starts_with("refs/heads/") {
        true => {
            write(&head.branch, format!("{commit}\n"))?;
            write("HEAD", format!("ref: {}\n", head.branch))?;
        }
        false => write("HEAD", format!("{commit}\n"))?,
    }
    Project::discover(root)
}

/// Replaces a file only by another text: the cells of other calls are mounted from what is there.
fn put(path: &Path, text: &[u8]) -> Result<(), WorkspaceError> {
    match files::read(path, files::RECORD) {
        Ok(old) if old == text => Ok(()),
        _ => files::replace_unsynced(path, text).doing("write", path),
    }
}
