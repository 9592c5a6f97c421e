//! What the user's git says of refs and commits.

use std::path::Path;

use super::super::WorkspaceError;
use super::super::git::Git;

pub(super) fn ask<const N: usize>(top: &Path, args: [&str; N]) -> Result<String, WorkspaceError> {
    Git::reading(top).args(args).said()
}

/// The commit that a reference stands for; none where there is no such reference.
pub(super) fn read_commit(top: &Path, reference: &str) -> Option<String> {
    let spec = format!("{reference}^{{commit}}");
    ask(top, ["rev-parse", "-q", "--verify", &spec]).ok()
}
