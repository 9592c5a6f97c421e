//! Commits on the branch that is checked out. Files, index and branch go along: all of them, or none.

use std::path::Path;

use super::super::git::Git;
use super::super::{Project, ProjectKind, WorkspaceError, store};
use super::commits::{Chain, NewCommit};
use super::delivered::Delivered;
use super::deliveries::Deliveries;
use super::error::ApplyError;
use super::onto_head::Head;
use super::plan::Conflicts;
use super::refs::{ask, read_commit};
use crate::model::{CommitStyle, Destination, TreeId};

/// The branch that is checked out, and its last commit.
pub fn current_branch(project: &Project) -> Result<Destination, ApplyError> {
    let ProjectKind::Git { top } = &project.kind else {
        return Err(ApplyError::NoRepository);
    };
    let branch = ask(top, ["symbolic-ref", "-q", "HEAD"]).unwrap_or_default();
    let branch = branch.strip_prefix("refs/heads/");
    let branch = branch.ok_or(ApplyError::Detached)?.to_owned();
    let head = read_commit(top, "HEAD").ok_or(ApplyError::NoCommit)?;
    Ok(Destination::Commit { branch, head })
}

/// Whether the branch is still checked out at this commit, with no change of what git knows.
pub(super) fn check_current(
    project: &Project,
    top: &Path,
    wanted: &Destination,
) -> Result<(), ApplyError> {
    let there = current_branch(project)?;
    if there != *wanted {
        return Err(ApplyError::Moved);
    }
    let status = [
        "status",
        "--porcelain",
        "-z",
        "--no-renames",
        "--untracked-files=no",
    ];
    let changed = Git::reading(top).args(status).paths()?;
    let names = changed.iter().map(|line| line.to_string_lossy());
    let names: Vec<String> = names.map(|line| line.chars().skip(3).collect()).collect();
    match names.is_empty() {
        true => Ok(()),
        false => Err(ApplyError::NotClean(names)),
    }
}

/// Puts the tree into the user's files and onto the branch that is checked out, as these commits.
///
/// What a supervisor did of it that died is found and gone on with.
///
/// # Errors
/// [`ApplyError`]; then files, index and branch are as they were.
pub fn commit_here(
    deliveries: &Deliveries<'_>,
    (branch, head): (&str, &str),
    tree: &TreeId,
    commits: &[NewCommit],
    style: CommitStyle,
) -> Result<Delivered, ApplyError> {
    let project = deliveries.project;
    let ProjectKind::Git { top } = &project.kind else {
        return Err(ApplyError::NoRepository);
    };
    let joined = store::joined(project, deliveries.store)?;
    let store = joined.path();
    let inside = project.root.strip_prefix(top).unwrap_or(Path::new(""));
    let on = Head::read((top, Some(head)), (store, deliveries.base), inside)?;
    let chain = Chain::plan(&on, (store, top, Some(head)), commits)?;
    let reference = format!("refs/heads/{branch}");
    let is_there = deliveries.there()? == *tree;
    if is_there
        && let Some(tip) = read_commit(top, &reference).filter(|tip| tip != head)
        && chain.is_at(&tip)?
    {
        return Ok(Delivered::default());
    }
    if !is_there {
        let (branch, head) = (branch.to_owned(), head.to_owned());
        check_current(project, top, &Destination::Commit { branch, head })?;
    }
    let tip = chain.make(style)?.ok_or(ApplyError::NoCommit)?;
    let done = deliveries.apply(tree, Conflicts::Refuse)?;
    let moved = move_branch(top, &reference, (head, &tip));
    if let Err(error) = moved {
        deliveries.undo(Conflicts::Skip)?;
        return Err(error);
    }
    Ok(done)
}

/// Takes everything back: files, and the run's commits where nothing else is upon them and their branch is still
/// checked out.
///
/// # Errors
/// [`ApplyError`]; then files, index and branch are as they were.
pub fn uncommit(
    deliveries: &Deliveries<'_>,
    (branch, head): (&str, &str),
    run: &str,
    conflicts: Conflicts,
) -> Result<Delivered, ApplyError> {
    let ProjectKind::Git { top } = &deliveries.project.kind else {
        return Err(ApplyError::NoRepository);
    };
    let reference = format!("refs/heads/{branch}");
    let is_current = ask(top, ["symbolic-ref", "-q", "HEAD"]).is_ok_and(|name| name == reference);
    let there = read_commit(top, &reference);
    let mut ours = None;
    if let Some(tip) = there.as_deref().filter(|_| is_current) {
        // A line each: parent and run. The run's own are the ones on top.
        let format = "--format=%P %(trailers:key=Tipstaff-Run,valueonly,separator=%x20)";
        let log = [
            "log",
            "-1000",
            "--first-parent",
            "--no-show-signature",
            format,
            tip,
        ];
        let log = ask(top, log)?;
        let parents = log.lines().map_while(|line| line.strip_suffix(run));
        ours = parents.last().map(|below| (tip, below.trim().to_owned()));
    }
    if let Some((tip, below)) = &ours {
        move_branch(top, &reference, (tip, below))?;
    }
    match (deliveries.undo(conflicts), ours) {
        (Ok(done), ours) => Ok(Delivered {
            commits_stay: there.as_deref() != Some(head) && ours.is_none(),
            ..done
        }),
        (Err(error), Some((tip, below))) => {
            move_branch(top, &reference, (&below, tip))?;
            Err(error)
        }
        (Err(error), None) => Err(error),
    }
}

/// Moves the branch that is checked out, and what of the index differs between the commits.
fn move_branch(top: &Path, reference: &str, (from, to): (&str, &str)) -> Result<(), ApplyError> {
    move_index(top, (from, to))?;
    ask(top, ["update-ref", "-m", "tipstaff", reference, to, from]).map_err(|_| {
        // It is as it was: the other way is the same paths.
        let _ = move_index(top, (to, from));
        ApplyError::Moved
    })?;
    Ok(())
}

fn move_index(top: &Path, (from, to): (&str, &str)) -> Result<(), WorkspaceError> {
    let differ = ["diff-tree", "-r", "-z", "--no-renames", from, to];
    let said = Git::reading(top).args(differ).run()?;
    let mut fields = said.split(|byte| *byte == 0);
    let mut lines = Vec::new();
    while let (Some(meta), Some(path)) = (fields.next(), fields.next()) {
        let meta = String::from_utf8_lossy(meta);
        let mut words = meta.split(' ').skip(1);
        if let (Some(mode), _, Some(object)) = (words.next(), words.next(), words.next()) {
            let mode = mode.trim_start_matches('0');
            let mode = if mode.is_empty() { "0" } else { mode };
            lines.extend(format!("{mode} {object}\t").into_bytes());
            lines.extend([path, b"\0"].concat());
        }
    }
    let update = ["update-index", "-z", "--replace", "--index-info"];
    Git::reading(top).args(update).stdin(lines).done()
}
