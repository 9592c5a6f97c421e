//! Carries a transition out. Every operation can be repeated: done already, it does nothing.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::super::{Doing, WorkspaceError};
use super::error::TransitionError;
use super::file_state::{is_below_real_folders, is_real_folder, metadata, observe};
use super::transition::{Folder, Step, Transition};

/// One change of the user's tree.
#[derive(Debug, Clone, Copy)]
pub(super) enum Operation<'a> {
    Remove(&'a Step),
    /// Removes a folder if it is empty.
    Drop(&'a Folder),
    /// Makes a folder if it is not there.
    Make(&'a Folder),
    /// Renames the new content to its place.
    Put(&'a Step),
}

/// The operations in their order: what makes room first, then what is new, then what goes.
pub(super) fn operations(transition: &Transition) -> Vec<Operation<'_>> {
    let (puts, removals): (Vec<&Step>, Vec<&Step>) = transition
        .steps
        .iter()
        .partition(|step| !step.to.is_nothing());
    let new: BTreeSet<&Path> = puts.iter().map(|step| step.path.path()).collect();
    let made = transition.make.iter().map(|folder| folder.path.path());
    // Wherever something new, or a new folder, is at or below a path, that path has to be free.
    let needed: BTreeSet<&Path> = new
        .iter()
        .copied()
        .chain(made)
        .flat_map(Path::ancestors)
        .collect();
    let is_replaced = |path: &Path| path.ancestors().any(|up| new.contains(up));
    let (room, late): (Vec<&Step>, Vec<&Step>) = removals
        .into_iter()
        .partition(|step| needed.contains(step.path.path()) || is_replaced(step.path.path()));
    // Deepest first: the paths are sorted, and a folder comes before what is in it.
    let (replaced, left): (Vec<&Folder>, Vec<&Folder>) = transition
        .drop
        .iter()
        .rev()
        .partition(|folder| is_replaced(folder.path.path()));
    let mut all = Vec::new();
    all.extend(room.into_iter().map(Operation::Remove));
    all.extend(replaced.into_iter().map(Operation::Drop));
    all.extend(transition.make.iter().map(Operation::Make));
    all.extend(puts.into_iter().map(Operation::Put));
    all.extend(late.into_iter().map(Operation::Remove));
    all.extend(left.into_iter().map(Operation::Drop));
    all
}

/// Carries all of them out.
pub(super) fn commit(root: &Path, transition: &Transition) -> Result<(), TransitionError> {
    operations(transition)
        .into_iter()
        .try_for_each(|operation| operation.carry_out(root))
}

impl Operation<'_> {
    pub(super) fn carry_out(self, root: &Path) -> Result<(), TransitionError> {
        match self {
            Self::Remove(step) => remove(root, step),
            Self::Drop(folder) if !is_below_real_folders(root, folder.path.path()) => Ok(()),
            Self::Drop(folder) => Ok(drop_folder(&root.join(folder.path.path()))?),
            Self::Make(folder) => make_folder(root, folder),
            Self::Put(step) => put(root, step),
        }
    }
}

fn remove(root: &Path, step: &Step) -> Result<(), TransitionError> {
    let path = step.path.path();
    let file_state = observe(root, path)?;
    if file_state == step.to {
        return Ok(());
    }
    if file_state != step.from {
        return Err(TransitionError::Edited(vec![path.to_owned()]));
    }
    let whole = root.join(path);
    Ok(fs::remove_file(&whole).doing("remove", &whole)?)
}

fn put(root: &Path, step: &Step) -> Result<(), TransitionError> {
    let path = step.path.path();
    let Some(temp) = &step.temp else {
        return Ok(());
    };
    let temp = root.join(temp.path());
    let file_state = observe(root, path)?;
    if file_state == step.to {
        // Done already, or the user did the same.
        if metadata(&temp)?.is_some() {
            fs::remove_file(&temp).doing("remove", &temp)?;
        }
        return Ok(());
    }
    if file_state != step.from || !is_below_real_folders(root, path) {
        return Err(TransitionError::Edited(vec![path.to_owned()]));
    }
    let whole = root.join(path);
    match fs::rename(&temp, &whole) {
        // A folder that was to be empty holds something now.
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
            Err(TransitionError::Edited(vec![path.to_owned()]))
        }
        done => Ok(done.doing("replace", &whole)?),
    }
}

fn drop_folder(whole: &Path) -> Result<(), WorkspaceError> {
    use io::ErrorKind::{DirectoryNotEmpty, NotADirectory, NotFound};
    match fs::remove_dir(whole) {
        Err(error) if matches!(error.kind(), NotFound | NotADirectory | DirectoryNotEmpty) => {
            Ok(())
        }
        done => done.doing("remove", whole),
    }
}

fn make_folder(root: &Path, folder: &Folder) -> Result<(), TransitionError> {
    let path = folder.path.path();
    let whole = root.join(path);
    if is_real_folder(&whole) {
        return Ok(());
    }
    if metadata(&whole)?.is_some() || !is_below_real_folders(root, path) {
        return Err(TransitionError::Edited(vec![path.to_owned()]));
    }
    fs::create_dir(&whole).doing("create", &whole)?;
    if let Some(mode) = folder.mode {
        fs::set_permissions(&whole, Permissions::from_mode(mode)).doing("create", &whole)?;
    }
    Ok(())
}
