//! Applies changes to the user's working tree.

use std::path::Path;

use super::super::{Project, TreeId, diff, remove_tree};
use super::commit::commit;
use super::error::{ApplyError, Trouble};
use super::keep::{Keep, State, Way};
use super::plan::{Plan, document, plan};
use super::transition::Transition;
use super::{stage, submodules, undo};

/// Puts the difference between `base` and `tree` into the user's working tree in one step,
/// uncommitted. What the user edited meanwhile is merged; if anything does not merge, nothing is
/// touched. `keep` is a folder of the run's for what [`undo()`] and
/// [`recover_apply`](super::recover_apply) need.
///
/// # Errors
/// [`ApplyError`]; the user's tree is as it was, unless the machine itself failed half-way
/// and the way back failed too: then `keep` says so and [`ApplyError::Unfinished`] is next time's answer.
pub(super) fn apply(
    project: &Project,
    store: &Path,
    base: &TreeId,
    tree: &TreeId,
    keep: &Path,
) -> Result<(), ApplyError> {
    let keep = Keep::at(keep);
    check_state(&keep)?;
    let changed = diff::changed_paths(store, base, tree)?;
    submodules::keep_out(&submodules::index(project)?, &changed)?;
    let root = &project.root;
    carry_out(root, &keep, || stage(root, store, (base, tree), &keep))
}

/// Puts a file into the user's working tree in the same way, whatever stands there.
pub(super) fn put(
    project: &Project,
    path: &Path,
    bytes: &[u8],
    keep: &Path,
) -> Result<(), ApplyError> {
    let keep = Keep::at(keep);
    check_state(&keep)?;
    let root = &project.root;
    carry_out(root, &keep, || {
        stage_plan(root, &keep, document(root, path, bytes, &keep.scratch())?)
    })
}

fn check_state(keep: &Keep) -> Result<(), ApplyError> {
    match keep.state()? {
        State::Empty | State::Undone => Ok(()),
        State::Applied => Err(ApplyError::AlreadyApplied),
        State::Staging | State::Applying | State::StagingUndo | State::Undoing => {
            Err(ApplyError::Unfinished)
        }
    }
}

fn carry_out(
    root: &Path,
    keep: &Keep,
    stage: impl FnOnce() -> Result<Transition, ApplyError>,
) -> Result<(), ApplyError> {
    keep.clear()?;
    let transition = match stage() {
        Ok(transition) => transition,
        Err(error) => {
            keep.clear()?;
            return Err(error);
        }
    };
    keep.set_state(State::Applying)?;
    if let Err(trouble) = commit(root, &transition) {
        undo::take_back(root, keep, &transition)?;
        return Err(trouble.into());
    }
    Ok(keep.set_state(State::Applied)?)
}

/// Works out and writes beside everything that is needed. On an error, what was written is removed.
pub(super) fn stage(
    root: &Path,
    store: &Path,
    trees: (&TreeId, &TreeId),
    keep: &Keep,
) -> Result<Transition, ApplyError> {
    stage_plan(root, keep, plan(root, store, trees, &keep.scratch())?)
}

fn stage_plan(root: &Path, keep: &Keep, plan: Plan) -> Result<Transition, ApplyError> {
    let Plan {
        mut transition,
        sources,
    } = plan;
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
