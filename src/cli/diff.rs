//! `tipstaff diff`: what a run changed, as a patch.

use super::args::DiffArgs;
use super::failure::{Exit, Failure};
use super::interruptible::Interruptible;
use super::open_run::{OpenRun, find_run, tell_foreign};
use super::print;
use super::settings::Settings;
use crate::journal::RunFolder;
use crate::model::{ChangedFile, TaskId, TreeId};
use crate::risk::listed;
use crate::run::RunState;
use crate::workspace::{self, borrow_store, with_documents};

/// The hint where `diff` was interrupted.
const ONLY_READ: &str = "`diff` only reads; nothing was touched";

/// Prints the patch of a run's changes so far, or of one of its tasks.
pub fn diff(settings: &Settings, args: &DiffArgs) -> Result<Exit, Failure> {
    let mut interruptible = Interruptible::new()?;
    let (patch, files) = interruptible.blocking(("", ONLY_READ), || patch(settings, args))?;
    if patch.is_empty() {
        print::note("the run changed nothing");
    }
    for (acts, files) in listed(files.iter().flat_map(ChangedFile::paths)) {
        for (path, why) in files {
            print::note(&format!("{}: {path}: {why}", acts.heading()));
        }
    }
    interruptible.print(ONLY_READ, patch)?;
    Ok(Exit::Done)
}

fn patch(settings: &Settings, args: &DiffArgs) -> Result<(Vec<u8>, Vec<ChangedFile>), Failure> {
    let run = OpenRun::read(find_run(settings, args.run.as_deref())?)?;
    let state = RunState::of(&run.records);
    tell_foreign(settings, &run.folder);
    let borrowed = borrow_store(&run.folder.path(RunFolder::STORE), state.base())?;
    let store = borrowed.path();
    let (from, to) = match &args.task {
        Some(task) => of_task(&state, &TaskId::from(task.as_str()))?,
        None => {
            let results = state.results();
            let to = with_documents(store, &results.tree, &results.documents)?;
            (state.base().clone(), to)
        }
    };
    let files = workspace::changed_files(store, &from, &to)?;
    Ok((workspace::diff(store, &from, &to)?, files))
}

/// The trees before and after a task's last try.
fn of_task(state: &RunState, task: &TaskId) -> Result<(TreeId, TreeId), Failure> {
    let changes = state.calls().rev().find_map(|call| {
        let its = call.spec.task.as_ref().filter(|known| &known.id == task);
        its.and(call.result()?.changes.as_ref())
    });
    let changes = changes.ok_or_else(|| {
        let message = format!("task `{task}` has changed nothing in this run");
        Failure::said(Exit::Usage, &message, None)
    })?;
    Ok((changes.base.clone(), changes.tree.clone()))
}
