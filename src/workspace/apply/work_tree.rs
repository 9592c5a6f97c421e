//! Applies changes to the user's working tree, and takes them back.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::super::{Project, TreeId, diff};
use super::changes::Changes;
use super::delivered::Delivered;
use super::error::ApplyError;
use super::keep::{Keep, Slot, State, Way};
use super::perform::{complete, perform, take_back};
use super::plan::Conflicts;
use super::stage;
use super::submodules;
use super::transition::Step;

/// Puts the difference between two trees into the user's working tree in one step, uncommitted. What the user
/// edited meanwhile is merged; what does not merge is up to `conflicts`. `keep` is a folder of the run's for
/// what [`undo()`] and [`recover`] need.
///
/// # Errors
/// [`ApplyError`]; the user's tree is as it was, unless the machine itself failed half-way
/// and the way back failed too: then `keep` says so and [`ApplyError::Unfinished`] is next time's answer.
pub(super) fn apply(
    project: &Project,
    store: &Path,
    (from, to): (&TreeId, &TreeId),
    keep: &Path,
    conflicts: Conflicts,
) -> Result<Delivered, ApplyError> {
    let keep = cleared(keep)?;
    let changed = diff::changed_paths(store, from, to)?;
    submodules::keep_out(&submodules::index(project)?, &changed)?;
    let changes = Changes::between(store, (from, to), &keep.scratch())?;
    Ok(perform(&project.root, &keep, Way::Apply, changes, conflicts)?.into())
}

/// Puts a file into the user's working tree in the same way, whatever stands there.
pub(super) fn put(
    project: &Project,
    path: &Path,
    bytes: &[u8],
    keep: &Path,
) -> Result<(), ApplyError> {
    let keep = cleared(keep)?;
    let changes = Changes::document(&project.root, path, bytes, &keep.scratch())?;
    perform(&project.root, &keep, Way::Apply, changes, Conflicts::Refuse).map(drop)
}

/// Takes applied changes back: every file stands as it stood before, or is gone again; those that are `left` and
/// those `of_persons` are not looked at, and the latter are no more of what was applied. What the user edited since is merged; what does not merge is up to `conflicts`.
pub(super) fn undo(
    project: &Project,
    keep: &Path,
    (left, of_persons): (&BTreeSet<PathBuf>, &BTreeSet<PathBuf>),
    conflicts: Conflicts,
) -> Result<Delivered, ApplyError> {
    let keep = Keep::at(keep);
    match keep.state()? {
        State::Applied => {}
        State::Empty => return Err(ApplyError::NotApplied),
        State::Undone => return Err(ApplyError::AlreadyUndone),
        State::Staging(_) | State::Moving(_) | State::TakingBack(_) => {
            return Err(ApplyError::Unfinished);
        }
    }
    let mut applied = keep.read(Slot::Of(Way::Apply))?;
    let own = |step: &Step| of_persons.contains(step.path.path());
    let (own, steps): (Vec<Step>, Vec<Step>) = applied.steps.into_iter().partition(own);
    applied.steps = steps;
    let changes = Changes::back(&keep, &applied, left);
    let done = perform(&project.root, &keep, Way::Undo, changes, conflicts)?;
    Ok(Delivered {
        of_persons: own.into_iter().map(|step| step.path.0).collect(),
        ..done.into()
    })
}

/// Finishes an application or an undoing that was cut off (crash, power loss, SIGKILL), or clears it
/// away if it had not changed anything yet. Whoever is about to apply, undo or show changes calls
/// this first; after an error, the next call tries again.
pub(super) fn recover(project: &Project, keep: &Path) -> Result<(), ApplyError> {
    let keep = Keep::at(keep);
    let root = &project.root;
    match keep.state()? {
        State::Empty | State::Applied | State::Undone => {}
        State::Staging(way) => {
            stage::remove_temporaries(root, &keep.read(Slot::Of(way))?);
            keep.set_before(way)?;
        }
        State::Moving(way) => match complete(root, &keep, way, &keep.read(Slot::Of(way))?) {
            // With edits in the way, the user's tree is as if it had never begun, but for those.
            Ok(()) | Err(ApplyError::Conflicts(_) | ApplyError::Edited(_)) => {}
            Err(error) => return Err(error),
        },
        State::TakingBack(way) => take_back(root, &keep, way)?,
    }
    Ok(())
}

/// The folder, emptied, if nothing is applied by it.
fn cleared(keep: &Path) -> Result<Keep, ApplyError> {
    let keep = Keep::at(keep);
    match keep.state()? {
        State::Empty | State::Undone => {
            keep.clear()?;
            Ok(keep)
        }
        State::Applied => Err(ApplyError::AlreadyApplied),
        State::Staging(_) | State::Moving(_) | State::TakingBack(_) => Err(ApplyError::Unfinished),
    }
}
