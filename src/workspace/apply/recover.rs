//! Finishes what was cut off.

use std::path::Path;

use super::super::Project;
use super::error::ApplyError;
use super::keep::{Keep, Slot, State, Way};
use super::perform::{complete, take_back};
use super::stage;

/// What there was to recover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovered {
    Nothing,
    /// It had not changed anything yet, or could not be finished because of edits: the user's tree is as if it
    /// had never begun, with those edits.
    Cleared,
    Applied,
    Undone,
}

/// Finishes an application or an undoing that was cut off (crash, power loss, SIGKILL), or clears it
/// away if it had not changed anything yet. Whoever is about to apply, undo or show changes calls
/// this first.
///
/// # Errors
/// [`ApplyError::Workspace`]; then the next call tries again.
pub fn recover_apply(project: &Project, keep: &Path) -> Result<Recovered, ApplyError> {
    let keep = Keep::at(keep);
    let root = &project.root;
    match keep.state()? {
        State::Empty | State::Applied | State::Undone => Ok(Recovered::Nothing),
        State::Staging(way) => {
            stage::remove_temporaries(root, &keep.read(Slot::Of(way))?);
            keep.set_before(way)?;
            Ok(Recovered::Cleared)
        }
        State::Moving(way) => match (complete(root, &keep, way, &keep.read(Slot::Of(way))?), way) {
            (Ok(()), Way::Apply) => Ok(Recovered::Applied),
            (Ok(()), Way::Undo) => Ok(Recovered::Undone),
            (Err(ApplyError::Conflicts(_) | ApplyError::Edited(_)), _) => Ok(Recovered::Cleared),
            (Err(error), _) => Err(error),
        },
        State::TakingBack(way) => {
            take_back(root, &keep, way)?;
            Ok(Recovered::Cleared)
        }
    }
}
