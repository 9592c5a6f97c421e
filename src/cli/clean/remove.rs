//! Removes what was found; each thing is looked at once more first, since a person may have taken their time.

use super::super::failure::Failure;
use super::super::print;
use super::super::settings::Settings;
use super::disposal::{Disposal, disposal_idle};
use super::found::{Found, Run};
use crate::journal::{RunLock, list};
use crate::model::Bytes;
use crate::workspace::{ProjectKind, remove_merged, remove_tree, scratch_place};

pub fn remove(settings: &Settings, found: Found) -> Result<Bytes, Failure> {
    let register = settings.register()?;
    let mut freed = 0;
    for run in found.runs {
        let Run {
            folder,
            branch,
            room,
            ..
        } = run;
        // The lock first: who takes the run up now finds it gone.
        let Ok(lock) = RunLock::acquire(&folder) else {
            continue;
        };
        if !matches!(disposal_idle(settings, &folder), Disposal::Remove { .. }) {
            continue;
        }
        let scratch = scratch_place(folder.id());
        let removed = folder.retire(&register)?;
        drop(lock);
        remove_tree(&removed)?;
        remove_tree(&scratch)?;
        if let (Some(branch), ProjectKind::Git { top }) = (branch, &settings.project.kind)
            && let Err(error) = remove_merged(top, &branch)
        {
            print::note(&format!("warning: branch `{branch}` stays: {error}"));
        }
        freed += room.0;
    }
    // A run that began meanwhile works on layers that lie there.
    let runs = list(&settings.project.root)?;
    let cache = found
        .cache
        .filter(|_| runs.iter().all(|run| run.holder.is_none()));
    for (folder, room) in found.leftovers.into_iter().chain(cache) {
        remove_tree(&folder)?;
        freed += room.0;
    }
    Ok(Bytes(freed))
}
