//! Brings changes into the user's tree and takes them back: one path for both ways.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::WorkspaceError;
use super::changes::Changes;
use super::commit::commit;
use super::error::{ApplyError, TransitionError};
use super::keep::{Keep, Slot, State};
use super::plan::Conflicts;
use super::stage::{remove_temporaries, stage, sync_names};
use super::transition::{Step, Transition};
use crate::model::Direction;

/// Carries the changes out, all but those that are left because of conflicts.
pub(super) fn perform(
    root: &Path,
    keep: &Keep,
    way: Direction,
    changes: Changes,
    conflicts: Conflicts,
) -> Result<Transition, ApplyError> {
    let transition = match stage(root, keep, Slot::Of(way), changes, conflicts) {
        Ok(transition) => transition,
        Err(error) => {
            keep.set_before(way)?;
            return Err(error.on(way));
        }
    };
    keep.set_state(State::Moving(way))?;
    complete(root, keep, way, &transition)?;
    Ok(transition)
}

/// Moves everything into place, or takes it back if that is not possible any more. Can be repeated.
pub(super) fn complete(
    root: &Path,
    keep: &Keep,
    way: Direction,
    transition: &Transition,
) -> Result<(), ApplyError> {
    if let Err(error) = commit(root, transition) {
        take_back(root, keep, way)?;
        return Err(error.on(way));
    }
    sync_names(root, transition)?;
    match way {
        Direction::Apply => keep.set_state(State::Applied)?,
        Direction::Undo if transition.left.is_empty() => keep.set_state(State::Undone)?,
        // What was left is applied still, and can be taken back later. All paths count as left, so that nobody
        // takes this for an application that was never undone.
        Direction::Undo => {
            let mut applied = keep.read(Slot::Of(Direction::Apply))?;
            let stays = |step: &Step| transition.left.contains(&step.path);
            let (stay, gone) = applied.steps.into_iter().partition(stays);
            applied.steps = stay;
            let gone = gone.into_iter().map(|step: Step| step.path);
            applied
                .left
                .extend(transition.left.iter().cloned().chain(gone));
            keep.write(Slot::Of(Direction::Apply), &applied)?;
            keep.set_state(State::Applied)?;
        }
    }
    Ok(())
}

/// Takes back what was moved before it failed; what was edited meanwhile stays. A crash in it is no
/// matter: what is to be taken back is worked out anew from what is there.
pub(super) fn take_back(root: &Path, keep: &Keep, way: Direction) -> Result<(), WorkspaceError> {
    keep.set_state(State::TakingBack(way))?;
    if keep.has(Slot::Back) {
        remove_temporaries(root, &keep.read(Slot::Back)?);
    }
    let done = keep.read(Slot::Of(way))?;
    let changes = Changes::back(keep, &done, &BTreeSet::new());
    let back = stage(root, keep, Slot::Back, changes, Conflicts::Skip);
    back.and_then(|back| {
        commit(root, &back)?;
        Ok(sync_names(root, &back)?)
    })
    .map_err(TransitionError::while_taking_back)?;
    remove_temporaries(root, &done);
    keep.set_before(way)
}
