//! Puts changes onto a new branch: the working tree, the index and HEAD stay as they are.

use std::path::Path;

use super::super::{Project, ProjectKind, store};
use super::commits::{Chain, NewCommit};
use super::current::check_current;
use super::error::ApplyError;
use super::onto_head::Head;
use super::refs::{ask, read_commit};
use crate::model::{CommitStyle, Destination, TreeId};

/// Makes the branch with these commits on top of HEAD, the last of which holds all that the run changed since `base`.
///
/// A branch of that name that holds the very same was made here before; it is what was wanted.
///
/// # Errors
/// [`ApplyError`]; then there is no branch.
pub fn commit_to_branch(
    project: &Project,
    (store, base): (&Path, &TreeId),
    branch: &str,
    commits: &[NewCommit],
    style: CommitStyle,
) -> Result<(), ApplyError> {
    let ProjectKind::Git { top } = &project.kind else {
        return Err(ApplyError::NoRepository);
    };
    let joined = store::joined(project, store)?;
    let store = joined.path();
    let reference = checked_name(top, branch)?;
    let commit = ask(top, ["rev-parse", "-q", "--verify", "HEAD^{commit}"]).ok();
    let commit = commit.as_deref();
    let inside = project.root.strip_prefix(top).unwrap_or(Path::new(""));
    let head = Head::read((top, commit), (store, base), inside)?;
    let chain = Chain::plan(&head, (store, top, commit), commits)?;
    if let Some(there) = read_commit(top, &reference) {
        return match chain.is_at(&there)? {
            true => Ok(()),
            false => Err(ApplyError::BranchExists(branch.to_owned())),
        };
    }
    if let Some(tip) = chain.make(style)? {
        // The last value says that the branch must not be there yet.
        let none = "0".repeat(tip.len());
        ask(top, ["update-ref", &reference, &tip, &none])?;
    }
    Ok(())
}

/// Whether the project's changes can go there, as far as that can be known beforehand.
pub fn check_destination(project: &Project, to: &Destination) -> Result<(), ApplyError> {
    if let (ProjectKind::Git { top }, Some(repository)) = (&project.kind, project.repository()?)
        && !repository.has_work_tree
    {
        return Err(ApplyError::Bare(top.clone()));
    }
    let (Destination::Branch(_) | Destination::Commit { .. }) = to else {
        return Ok(());
    };
    let ProjectKind::Git { top } = &project.kind else {
        return Err(ApplyError::NoRepository);
    };
    let Destination::Branch(branch) = to else {
        return check_current(project, top, to);
    };
    let reference = checked_name(top, branch)?;
    // Where a branch `a` is, `a/b` cannot be, nor the other way round. One that HEAD names may have no commit.
    let below = ask(top, ["for-each-ref", "--format=%(refname)", &reference])?;
    let head = ask(top, ["symbolic-ref", "-q", "HEAD"]).unwrap_or_default();
    let above = Path::new(&reference).ancestors().skip(1);
    let above = above.take_while(|above| *above != Path::new("refs/heads"));
    let taken = below.lines().map(str::to_owned).next().or_else(|| {
        let mut names = above.filter_map(Path::to_str).map(str::to_owned);
        names.find(|name| *name == head || read_commit(top, name).is_some())
    });
    let taken = taken.or_else(|| (head == reference).then_some(head));
    match taken {
        Some(taken) => Err(ApplyError::BranchExists(
            taken.trim_start_matches("refs/heads/").to_owned(),
        )),
        None => Ok(()),
    }
}

fn checked_name(top: &Path, branch: &str) -> Result<String, ApplyError> {
    let reference = format!("refs/heads/{branch}");
    let is_name = !branch.starts_with('-') && ask(top, ["check-ref-format", &reference]).is_ok();
    if !is_name {
        return Err(ApplyError::BadBranchName(branch.to_owned()));
    }
    Ok(reference)
}
