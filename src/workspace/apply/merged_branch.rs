//! A branch that a run made, once its commits are in what the user has checked out.

use std::path::Path;

use super::super::git::Git;
use super::super::{Project, ProjectKind, WorkspaceError};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BranchState {
    Gone,
    /// All of it is in HEAD too, and no worktree has it checked out.
    Merged,
    Unmerged,
}

/// Where a branch of this name is by now.
pub fn branch_state(project: &Project, branch: &str) -> BranchState {
    let ProjectKind::Git { top } = &project.kind else {
        return BranchState::Gone;
    };
    let reference = format!("refs/heads/{branch}");
    let asked = |args: &[&str]| Git::reading(top).args(args).said();
    if asked(&["rev-parse", "-q", "--verify", &reference]).is_err() {
        return BranchState::Gone;
    }
    let is_merged = asked(&["merge-base", "--is-ancestor", &reference, "HEAD"]).is_ok();
    let place = asked(&["for-each-ref", "--format=%(worktreepath)", &reference]);
    match is_merged && place.is_ok_and(|place| place.trim().is_empty()) {
        true => BranchState::Merged,
        false => BranchState::Unmerged,
    }
}

/// Removes it. git itself refuses where something would be lost.
pub fn remove_merged(top: &Path, branch: &str) -> Result<(), WorkspaceError> {
    Git::reading(top)
        .args(["branch", "--delete", "--quiet", "--", branch])
        .done()
}
