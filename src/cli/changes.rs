//! `tipstaff diff`, `apply` and `undo`: a run's changes, by hand.

use super::args::{ApplyArgs, DiffArgs, UndoArgs};
use super::failure::{Exit, Failure};
use super::open_run::{OpenRun, find_run, open_journal, read_plan};
use super::print;
use super::settings::Settings;
use super::work::now;
use crate::engine::{Delivery, History};
use crate::journal::{Journal, RunFolder, RunLock};
use crate::model::{Destination, Event, RunEnd, TaskId};
use crate::runtime::{UNDO, commit_message};
use crate::workspace::{self, TreeId, recover_apply};

/// Prints the patch of a run's changes so far, or of one of its tasks.
pub fn diff(settings: &Settings, args: &DiffArgs) -> Result<Exit, Failure> {
    let run = OpenRun::read(find_run(settings, args.run.as_deref())?)?;
    let history = History::of(&run.records);
    let (from, to) = match &args.task {
        Some(task) => of_task(&history, &TaskId::from(task.as_str()))?,
        None => (history.base().to_owned(), history.tree().to_owned()),
    };
    let patch = workspace::diff(
        &run.folder.path(RunFolder::STORE),
        &tree(&from)?,
        &tree(&to)?,
    )?;
    if patch.is_empty() {
        print::note("the run changed nothing");
    }
    print::bytes(&patch);
    Ok(Exit::Done)
}

/// The trees before and after a task's last try.
fn of_task(history: &History, task: &TaskId) -> Result<(String, String), Failure> {
    let calls = history.calls().filter(|call| {
        call.spec
            .task
            .as_ref()
            .is_some_and(|known| &known.id == task)
    });
    let changes = calls
        .filter_map(|call| call.result()?.changes.as_ref())
        .last();
    let changes = changes.ok_or_else(|| {
        Failure::said(
            Exit::Usage,
            &format!("task `{task}` has changed nothing in this run"),
            None,
        )
    })?;
    Ok((changes.base.clone(), changes.tree.clone()))
}

/// Applies the changes of a run that kept them.
pub fn apply(settings: &Settings, args: &ApplyArgs) -> Result<Exit, Failure> {
    let mut held = Held::take(settings, &args.run)?;
    if let Some(Delivery::Applied(_)) = held.history.delivered() {
        return Err(held.refuse("the changes of this run are applied already"));
    }
    let (base, after) = (tree(held.history.base())?, tree(held.history.tree())?);
    if base == after {
        return Err(held.refuse("this run changed nothing"));
    }
    let store = held.folder.path(RunFolder::STORE);
    let to = args
        .branch
        .clone()
        .map_or(Destination::Tree, Destination::Branch);
    let done = match &args.branch {
        Some(name) => {
            let plan = read_plan(&held.folder)?;
            let message = commit_message(&plan.request, held.folder.id());
            workspace::apply_to_branch(&settings.project, &store, &base, &after, name, &message)
                .map(|_| ())
        }
        None => {
            let keep = held.folder.path(UNDO);
            workspace::apply(&settings.project, &store, &base, &after, &keep).map(|_| ())
        }
    };
    done.map_err(|error| {
        let hint = format!(
            "nothing was touched; `tipstaff apply {0} --branch NAME` puts the changes onto a branch, \
             `tipstaff diff {0}` prints them",
            held.folder.id()
        );
        Failure::new(Exit::Failed, &error, Some(&hint))
    })?;
    let files = workspace::changed_files(&store, &base, &after)?.len() as u64;
    print::note(&match &to {
        Destination::Branch(name) => format!("{files} changed files on branch {name}"),
        Destination::Tree | Destination::Nowhere => {
            format!("{files} changed files in your project, not committed")
        }
    });
    let tree = after.as_str().to_owned();
    held.record(Event::ChangesApplied { tree, to, files })
}

/// Takes an applied run back.
pub fn undo(settings: &Settings, args: &UndoArgs) -> Result<Exit, Failure> {
    let mut held = Held::take(settings, &args.run)?;
    let undone = workspace::undo(&settings.project, &held.folder.path(UNDO))
        .map_err(|error| Failure::new(Exit::Failed, &error, Some("nothing was touched")))?;
    print::note(&format!(
        "{} files stand as they stood before the run",
        undone.paths.len()
    ));
    let tree = held.history.tree().to_owned();
    let reason = "they were taken back with `tipstaff undo`".to_owned();
    held.record(Event::ChangesKept {
        tree,
        blocked: false,
        reason,
    })
}

/// A run that nobody else works on meanwhile.
struct Held {
    folder: RunFolder,
    journal: Journal,
    history: History,
    _lock: RunLock,
}

impl Held {
    fn take(settings: &Settings, wanted: &str) -> Result<Self, Failure> {
        let folder = find_run(settings, Some(wanted))?;
        let lock = RunLock::acquire(&folder)?;
        let (journal, records) = open_journal(&folder)?;
        recover_apply(&settings.project, &folder.path(UNDO))?;
        let journal = journal.redacting(settings.redactor(Vec::new()));
        Ok(Self {
            folder,
            journal,
            history: History::of(&records),
            _lock: lock,
        })
    }

    fn refuse(&self, message: &str) -> Failure {
        let hint = format!(
            "`tipstaff show {}` tells where they stand",
            self.folder.id()
        );
        Failure::said(Exit::Usage, message, Some(&hint))
    }

    /// Adds what was done to the journal. A run that only waited for this is done with it.
    fn record(&mut self, event: Event) -> Result<Exit, Failure> {
        let waited = self.history.delivered() == Some(&Delivery::Blocked);
        let mut events = vec![event];
        if waited {
            events.push(Event::RunEnded { end: RunEnd::Done });
        }
        self.journal.append(now(), &events)?;
        Ok(Exit::Done)
    }
}

fn tree(text: &str) -> Result<TreeId, Failure> {
    TreeId::parse(text)
        .ok_or_else(|| Failure::said(Exit::Failed, &format!("`{text}` is no git tree"), None))
}
