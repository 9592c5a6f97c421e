//! The commits that a run made, and its branch once they are in what the user has checked out.

use std::path::Path;

use crate::model::RunId;

use super::super::git::Git;
use super::super::{Project, ProjectKind, WorkspaceError};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitsState {
    /// No branch has them any more, by the run's trailer.
    Gone,
    There,
    /// They are in HEAD too, and no worktree has the branch that they were made on.
    Merged,
}

/// Where the commits of a run are by now. A branch may have been set back, or have been merged and removed.
pub fn commits_state(project: &Project, run: &RunId, branch: &str) -> CommitsState {
    let ProjectKind::Git { top } = &project.kind else {
        return CommitsState::Gone;
    };
    let reference = format!("refs/heads/{branch}");
    let asked = |args: &[&str]| Git::reading(top).args(args).said();
    let trailer = format!("--grep=Tipstaff-Run: {run}");
    let from = ["--branches", "--remotes", "HEAD"];
    let found = asked(
        &[
            &["log", "-1", "--format=%H", "--fixed-strings", &trailer],
            &from[..],
        ]
        .concat(),
    );
    if !found.is_ok_and(|commit| !commit.is_empty()) {
        return CommitsState::Gone;
    }
    let is_merged = asked(&["merge-base", "--is-ancestor", &reference, "HEAD"]).is_ok();
    let place = asked(&["for-each-ref", "--format=%(worktreepath)", &reference]);
    match is_merged && place.is_ok_and(|place| place.trim().is_empty()) {
        true => CommitsState::Merged,
        false => CommitsState::There,
    }
}

/// Removes it. git itself refuses where something would be lost.
pub fn remove_merged(top: &Path, branch: &str) -> Result<(), WorkspaceError> {
    Git::reading(top)
        .args(["branch", "--delete", "--quiet", "--", branch])
        .done()
}
