//! `tipstaff diff`: what a run changed, as a patch or as its files.

use std::env::temp_dir;

use super::args::DiffArgs;
use super::failure::{Exit, Failure};
use super::interruptible::Interruptible;
use super::look::Look;
use super::pager::page;
use super::print;
use super::settings::Settings;
use crate::journal::RunFolder;
use crate::model::{ChangedFile, TaskId, TreeId};
use crate::report::{Colors, Screen, changes_json, paint_patch, render_stat};
use crate::risk::listed;
use crate::run::RunState;
use crate::workspace::{self, borrow_store, with_documents};

/// The hint where `diff` was interrupted.
const ONLY_READ: &str = "`diff` only reads; nothing was touched";

/// What a run, or one of its tasks, changed so far.
struct Difference {
    patch: Vec<u8>,
    files: Vec<ChangedFile>,
    json: serde_json::Value,
}

pub fn diff(settings: &Settings, args: &DiffArgs) -> Result<Exit, Failure> {
    let mut interruptible = Interruptible::new()?;
    let found = interruptible.blocking(("", ONLY_READ), || difference(settings, args))?;
    if args.json {
        print::json(&found.json)?;
        return Ok(Exit::Done);
    }
    if found.files.is_empty() {
        print::note("the run changed nothing");
    } else if !args.stat && !Screen::Stdout.is_terminal() {
        interruptible.print(ONLY_READ, found.patch)?;
    } else {
        let colors = Colors::of_stdout();
        let text = match args.stat {
            true => render_stat(&found.files, Screen::Stdout.columns(), colors),
            false => paint_patch(&found.patch, colors),
        };
        match args.no_pager {
            true => print::painted(&text)?,
            false => page(&interruptible, &text)?,
        }
    }
    // Last, so that no pager hides it.
    for (acts, files) in listed(found.files.iter().flat_map(ChangedFile::paths)) {
        for (path, why) in files {
            print::note(&format!("{}: {path}: {why}", acts.heading()));
        }
    }
    Ok(Exit::Done)
}

fn difference(settings: &Settings, args: &DiffArgs) -> Result<Difference, Failure> {
    let run = Look::at(settings, args.run.as_deref())?.run;
    let state = RunState::of(&run.records);
    let borrowed = borrow_store(
        &run.folder.path(RunFolder::STORE),
        state.base(),
        &temp_dir(),
    )?;
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
    let wants_patch = !args.json && !args.stat;
    Ok(Difference {
        patch: match wants_patch {
            true => workspace::diff(store, &from, &to)?,
            false => Vec::new(),
        },
        json: changes_json(run.folder.id().as_str(), &files, |file| tasks(&state, file)),
        files,
    })
}

/// The tasks that changed a file, in the order of their first tries.
fn tasks(state: &RunState, file: &ChangedFile) -> Vec<TaskId> {
    let mut tasks = Vec::new();
    for call in state.calls() {
        let changes = call.result().and_then(|result| result.changes.as_ref());
        let mut changed = changes.iter().flat_map(|changes| &changes.files);
        if let Some(task) = &call.spec.task
            && changed.any(|one| one.paths().any(|path| file.paths().any(|its| its == path)))
            && !tasks.contains(&task.id)
        {
            tasks.push(task.id.clone());
        }
    }
    tasks
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
