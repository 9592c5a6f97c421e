//! Applies changes to the user's working tree.

use std::path::Path;

use super::super::{Project, TreeId, diff, remove_tree};
use super::commit::commit;
use super::error::{ApplyError, Trouble};
use super::keep::{Keep, State, Way};
use super::plan::{Plan, plan};
use super::transition::Transition;
use super::{stage, submodules, undo};
use crate::model::ChangedFile;

/// What was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The changed files, renames as git detects them; also those that the user's tree held already.
    pub files: Vec<ChangedFile>,
}

/// Puts the difference between `base` and `tree` into the user's working tree in one step,
/// uncommitted. What the user edited meanwhile is merged; if anything does not merge, nothing is
/// touched. `keep` is a folder of the run's for what [`undo()`] and
/// [`recover_apply`](super::recover_apply) need.
///
/// # Errors
/// [`ApplyError`]; the user's tree is as it was, unless the machine itself failed half-way
/// and the way back failed too: then `keep` says so and [`ApplyError::Unfinished`] is next time's answer.
pub fn apply(
    project: &Project,
    store: &Path,
    base: &TreeId,
    tree: &TreeId,
    keep: &Path,
) -> Result<Applied, ApplyError> {
    let keep = Keep::at(keep);
    match keep.state()? {
        State::Empty | State::Undone => {}
        State::Applied => return Err(ApplyError::AlreadyApplied),
        State::Staging | State::Applying | State::StagingUndo | State::Undoing => {
            return Err(ApplyError::Unfinished);
        }
    }
    let changed = diff::changed_paths(store, base, tree)?;
    submodules::keep_out(&submodules::index(project)?, &changed)?;
    keep.clear()?;
    let root = &project.root;
    let transition = match stage(root, store, (base, tree), &keep) {
        Ok(transition) => transition,
        Err(error) => {
            keep.clear()?;
            return Err(error);
        }
    };
    keep.set_state(State::Applying)?;
    if let Err(trouble) = commit(root, &transition) {
        undo::take_back(root, &keep, &transition)?;
        return Err(trouble.into());
    }
    keep.set_state(State::Applied)?;
    let files = diff::changed_files(store, base, tree)?;
    Ok(Applied { files })
}

/// Works out and writes beside everything that is needed. On an error, what was written is removed.
pub(super) fn stage(
    root: &Path,
    store: &Path,
    trees: (&TreeId, &TreeId),
    keep: &Keep,
) -> Result<Transition, ApplyError> {
    let Plan {
        mut transition,
        sources,
    } = plan(root, store, trees, &keep.scratch())?;
    stage::name_temporaries(root, &mut transition.steps);
    stage::keep_before(root, keep, &mut transition.steps)?;
    keep.write(Way::Apply, &transition)?;
    keep.set_state(State::Staging)?;
    let modes = vec![None; transition.steps.len()];
    let staged = stage::write_temporaries(root, &transition.steps, &sources, &modes)
        .map_err(Trouble::from)
        .and_then(|()| check_staged(root, &transition));
    if let Err(trouble) = staged {
        stage::remove_temporaries(root, &transition);
        return Err(trouble.into());
    }
    remove_tree(&keep.scratch())?;
    Ok(transition)
}

/// Whether what was written beside is what is to stand there: a source may be the user's own file.
fn check_staged(root: &Path, transition: &Transition) -> Result<(), Trouble> {
    for step in &transition.steps {
        if let Some(temp) = &step.temp
            && super::standing::look(root, temp.path())? != step.to
        {
            return Err(Trouble::Edited(step.path.path().to_owned()));
        }
    }
    Ok(())
}
