//! Finishes what was cut off.

use std::path::Path;

use super::super::Project;
use super::commit::commit;
use super::error::UndoError;
use super::keep::{Keep, State, Way};
use super::stage;
use super::standing::look;
use super::transition::Transition;
use super::undo::names;

/// What there was to recover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovered {
    /// Nothing was cut off.
    Nothing,
    /// It was cut off before it changed anything; what it had written beside is removed.
    Cleared,
    /// The application was finished.
    Applied,
    /// The undoing was finished.
    Undone,
}

/// Finishes an application or an undoing that was cut off (crash, power loss, SIGKILL), or clears it
/// away if it had not changed anything yet. Whoever is about to apply, undo or show changes calls
/// this first.
///
/// # Errors
/// [`UndoError::Edited`] if the user edited files of it since: then nothing is touched.
pub fn recover_apply(project: &Project, keep: &Path) -> Result<Recovered, UndoError> {
    let keep = Keep::at(keep);
    let root = &project.root;
    match keep.state()? {
        State::Empty | State::Applied | State::Undone => Ok(Recovered::Nothing),
        State::Staging => {
            stage::remove_temporaries(root, &keep.read(Way::Apply)?);
            keep.clear()?;
            Ok(Recovered::Cleared)
        }
        State::StagingUndo => {
            stage::remove_temporaries(root, &keep.read(Way::Undo)?);
            keep.set_state(State::Applied)?;
            Ok(Recovered::Cleared)
        }
        State::Applying => {
            finish(root, &keep.read(Way::Apply)?)?;
            keep.set_state(State::Applied)?;
            Ok(Recovered::Applied)
        }
        State::Undoing => {
            finish(root, &keep.read(Way::Undo)?)?;
            keep.set_state(State::Undone)?;
            Ok(Recovered::Undone)
        }
    }
}

fn finish(root: &Path, transition: &Transition) -> Result<(), UndoError> {
    let mut edited = Vec::new();
    for step in &transition.steps {
        let standing = look(root, step.path.path())?;
        if standing != step.from && standing != step.to {
            edited.push(step.path.path());
        }
    }
    if !edited.is_empty() {
        return Err(UndoError::Edited(names(edited.into_iter())));
    }
    Ok(commit(root, transition)?)
}
