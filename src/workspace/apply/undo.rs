//! Takes applied changes back.

use std::path::{Path, PathBuf};

use super::super::{Project, WorkspaceError};
use super::commit::commit;
use super::error::UndoError;
use super::keep::{Keep, State, Way};
use super::standing::look;
use super::transition::{Step, Transition};
use super::{obstacles, stage};

/// What was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// The paths that stand as they stood before.
    pub paths: Vec<String>,
}

/// Takes applied changes back: every file stands as it stood before, or is gone again. Refuses as a
/// whole if any of them was edited since.
///
/// # Errors
/// [`UndoError`]; the user's tree is as it was.
pub fn undo(project: &Project, keep: &Path) -> Result<Undone, UndoError> {
    let keep = Keep::at(keep);
    match keep.state()? {
        State::Applied => {}
        State::Empty => return Err(UndoError::NotApplied),
        State::Undone => return Err(UndoError::AlreadyUndone),
        State::Staging | State::Applying | State::StagingUndo | State::Undoing => {
            return Err(UndoError::Unfinished);
        }
    }
    let applied = keep.read(Way::Apply)?;
    let root = &project.root;
    let back = stage_back(root, &keep, &applied, Others::Refuse)?;
    keep.set_state(State::Undoing)?;
    commit(root, &back)?;
    keep.set_state(State::Undone)?;
    Ok(Undone {
        paths: names(applied.steps.iter().map(|step| step.path.path())),
    })
}

/// What to do about files that stand neither as they were applied nor as they stood before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Others {
    /// They are reported, and nothing is done.
    Refuse,
    /// They were edited before their turn came, so they are left as the user has them.
    Leave,
}

/// Takes an application back that failed half-way.
pub(super) fn take_back(
    root: &Path,
    keep: &Keep,
    applied: &Transition,
) -> Result<(), WorkspaceError> {
    let failed = |error: UndoError| match error {
        UndoError::Workspace(error) => error,
        other => WorkspaceError::RefusedPath {
            path: other.to_string(),
            reason: "the changes could be taken back in part only",
        },
    };
    let back = stage_back(root, keep, applied, Others::Leave).map_err(failed)?;
    commit(root, &back).map_err(|trouble| failed(trouble.into()))?;
    stage::remove_temporaries(root, applied);
    keep.clear()
}

/// Turns the application round and writes beside what stood there before.
pub(super) fn stage_back(
    root: &Path,
    keep: &Keep,
    applied: &Transition,
    others: Others,
) -> Result<Transition, UndoError> {
    let (mut steps, mut sources, mut modes) = (Vec::new(), Vec::new(), Vec::new());
    let mut edited = Vec::new();
    for (number, step) in applied.steps.iter().enumerate() {
        let standing = look(root, step.path.path())?;
        if standing == step.to {
            steps.push(Step {
                path: step.path.clone(),
                from: standing,
                to: step.from.clone(),
                temp: None,
                kept_mode: None,
            });
            sources.push(keep.before(number));
            modes.push(step.kept_mode);
        } else if standing != step.from && others == Others::Refuse {
            edited.push(step.path.path().to_owned());
        }
    }
    let found = obstacles::find(root, &steps)?;
    edited.extend(found.conflicts);
    if !edited.is_empty() && others == Others::Refuse {
        edited.sort();
        edited.dedup();
        return Err(UndoError::Edited(names(
            edited.iter().map(PathBuf::as_path),
        )));
    }
    let mut back = Transition {
        format: Transition::FORMAT,
        steps,
        drop: applied.make.clone(),
        make: applied.drop.clone(),
    };
    let replaced = found
        .replaced
        .iter()
        .map(|(path, mode)| (path, Some(*mode)));
    back.drop.extend(obstacles::folders(replaced));
    let made = found.make.iter().map(|path| (path, None));
    back.make.extend(obstacles::folders(made));
    for folders in [&mut back.drop, &mut back.make] {
        folders.sort_by(|a, b| a.path.cmp(&b.path));
        folders.dedup_by(|later, earlier| later.path == earlier.path);
    }
    stage::name_temporaries(root, &mut back.steps);
    keep.write(Way::Undo, &back)?;
    if others == Others::Refuse {
        keep.set_state(State::StagingUndo)?;
    }
    if let Err(error) = stage::write_temporaries(root, &back.steps, &sources, &modes) {
        stage::remove_temporaries(root, &back);
        if others == Others::Refuse {
            keep.set_state(State::Applied)?;
        }
        return Err(error.into());
    }
    Ok(back)
}

pub(super) fn names<'a>(paths: impl Iterator<Item = &'a Path>) -> Vec<String> {
    paths
        .map(|path| path.to_string_lossy().into_owned())
        .collect()
}
