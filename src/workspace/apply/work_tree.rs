//! Applies changes to the user's working tree, and takes them back.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::model::TreeId;

use super::super::{Project, diff};
use super::changes::Changes;
use super::delivered::Delivered;
use super::error::ApplyError;
use super::keep::{Keep, Slot, State};
use super::perform::{complete, perform, take_back};
use super::plan::Conflicts;
use super::stage;
use super::submodules;
use super::transition::Step;
use crate::model::Direction;

/// What is to be in the user's working tree afterwards.
#[derive(Debug, Clone, Copy)]
pub(super) enum Goal<'a> {
    /// The difference between two trees of a store.
    Difference(&'a Path, [&'a TreeId; 2]),
    /// A file, whatever is in its place.
    Document(&'a Path, &'a [u8]),
    /// What was there before, but for the files that are `left`.
    Before {
        left: &'a BTreeSet<PathBuf>,
        /// These are not looked at either, and are no more of what was applied.
        of_persons: &'a BTreeSet<PathBuf>,
    },
}

/// Changes the user's working tree in one step, uncommitted. What the user edited meanwhile is merged; what does
/// not merge is up to `conflicts`. `keep` is a folder of the run's for what the way back and [`recover`] need.
///
/// # Errors
/// [`ApplyError`]; the user's tree is as it was, unless the machine itself failed half-way
/// and the way back failed too: then `keep` says so and [`ApplyError::Unfinished`] is next time's answer.
pub(super) fn bring(
    project: &Project,
    keep: &Path,
    goal: Goal<'_>,
    conflicts: Conflicts,
) -> Result<Delivered, ApplyError> {
    let (root, keep) = (&project.root, Keep::at(keep));
    let way = match goal {
        Goal::Difference(..) | Goal::Document(..) => Direction::Apply,
        Goal::Before { .. } => Direction::Undo,
    };
    match (keep.state()?, way) {
        (State::Empty | State::Undone, Direction::Apply) => keep.clear()?,
        (State::Applied, Direction::Undo) => {}
        (State::Applied, Direction::Apply) => return Err(ApplyError::AlreadyApplied),
        (State::Empty, Direction::Undo) => return Err(ApplyError::NotApplied),
        (State::Undone, Direction::Undo) => return Err(ApplyError::AlreadyUndone),
        (State::Staging(_) | State::Moving(_) | State::TakingBack(_), _) => {
            return Err(ApplyError::Unfinished);
        }
    }
    let mut stays = BTreeSet::new();
    let changes = match goal {
        Goal::Difference(store, [from, to]) => {
            let changed = diff::changed_paths(store, from, to)?;
            submodules::keep_out(&submodules::index(project)?, &changed)?;
            Changes::between(store, (from, to), &keep.scratch())?
        }
        Goal::Document(path, bytes) => Changes::document(root, path, bytes, &keep.scratch())?,
        Goal::Before { left, of_persons } => {
            let mut applied = keep.read(Slot::Of(Direction::Apply))?;
            let own = |step: &mut Step| of_persons.contains(step.path.path());
            stays.extend(applied.steps.extract_if(.., own).map(|step| step.path.0));
            Changes::back(&keep, &applied, left)
        }
    };
    let done = perform(root, &keep, way, changes, conflicts)?;
    Ok(Delivered {
        of_persons: stays,
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
