//! `tipstaff diff`, `apply` and `undo`: what a run has to deliver, by hand.

use super::args::{ApplyArgs, DiffArgs, UndoArgs};
use super::failure::{Exit, Failure};
use super::open_run::{OpenRun, find_run, open_journal, read_plan};
use super::print;
use super::settings::Settings;
use super::work::now;
use crate::engine::History;
use crate::engine::by_hand::{self, ByHand};
use crate::journal::{Journal, RunFolder, RunLock};
use crate::model::{Destination, Record, TaskId};
use crate::plan::Plan;
use crate::report::{applied_words, undone_words};
use crate::runtime::Delivering;
use crate::workspace::{self, TreeId, with_documents};

/// Prints the patch of a run's changes so far, or of one of its tasks.
pub fn diff(settings: &Settings, args: &DiffArgs) -> Result<Exit, Failure> {
    let run = OpenRun::read(find_run(settings, args.run.as_deref())?)?;
    let history = History::of(&run.records);
    let store = run.folder.path(RunFolder::STORE);
    let (from, to) = match &args.task {
        Some(task) => {
            let (from, to) = of_task(&history, &TaskId::from(task.as_str()))?;
            (tree(&from)?, tree(&to)?)
        }
        None => {
            let results = history.results();
            let to = with_documents(&store, &tree(&results.tree)?, &results.documents)?;
            (tree(history.base())?, to)
        }
    };
    let patch = workspace::diff(&store, &from, &to)?;
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

/// Delivers the results of a run that kept them.
pub fn apply(settings: &Settings, args: &ApplyArgs) -> Result<Exit, Failure> {
    let mut held = Held::take(settings, &args.run)?;
    let to = args
        .branch
        .clone()
        .map_or(Destination::Tree, Destination::Branch);
    if let Some(refusal) = by_hand::refusal(&held.plan, &held.history, &to) {
        return Err(held.refuse(refusal));
    }
    let results = held.history.results();
    let there = &held.history.in_project().documents;
    let files = held
        .delivering(settings)?
        .deliver(&held.plan, &results, there, &to)
        .map_err(|error| {
            let hint = format!(
                "nothing was touched; `tipstaff apply {0} --branch NAME` puts the changes onto a branch, \
                 `tipstaff diff {0}` prints them",
                held.folder.id()
            );
            Failure::new(Exit::Failed, &error, Some(&hint))
        })?;
    print::note(&applied_words(&to, files));
    held.record(ByHand::Applied { to, files })
}

/// Takes back what a run put into the user's files.
pub fn undo(settings: &Settings, args: &UndoArgs) -> Result<Exit, Failure> {
    let mut held = Held::take(settings, &args.run)?;
    let undone = held
        .delivering(settings)?
        .deliveries()
        .undo()
        .map_err(|error| Failure::new(Exit::Failed, &error, Some("nothing was touched")))?;
    let files = undone.paths.len() as u64;
    print::note(&undone_words(files));
    held.record(ByHand::Undone { files })
}

/// Writes down what a command that was killed did to the user's files.
pub fn catch_up(
    settings: &Settings,
    folder: &RunFolder,
    journal: &mut Journal,
    records: &mut Vec<Record>,
) -> Result<(), Failure> {
    let history = History::of(records);
    if *history.in_project() != history.before() {
        let delivering = Delivering::new(&settings.project, folder, &history)?;
        let untold = Vec::from_iter(delivering.untold(&history)?);
        records.extend(journal.append(now(), &untold)?);
    }
    Ok(())
}

/// A run that nobody else works on meanwhile.
struct Held {
    plan: Plan,
    folder: RunFolder,
    journal: Journal,
    history: History,
    _lock: RunLock,
}

impl Held {
    fn take(settings: &Settings, wanted: &str) -> Result<Self, Failure> {
        let folder = find_run(settings, Some(wanted))?;
        let lock = RunLock::acquire(&folder)?;
        let (mut journal, mut records) = open_journal(&folder, settings.redactor([], None))?;
        catch_up(settings, &folder, &mut journal, &mut records)?;
        Ok(Self {
            plan: read_plan(&folder)?,
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

    fn delivering<'a>(&'a self, settings: &'a Settings) -> Result<Delivering<'a>, Failure> {
        let project = &settings.project;
        Ok(Delivering::new(project, &self.folder, &self.history)?)
    }

    /// Adds what was done to the journal.
    fn record(&mut self, did: ByHand) -> Result<Exit, Failure> {
        let events = by_hand::events(&self.history, did);
        self.journal.append(now(), &events)?;
        Ok(Exit::Done)
    }
}

fn tree(text: &str) -> Result<TreeId, Failure> {
    TreeId::parse(text)
        .ok_or_else(|| Failure::said(Exit::Failed, &format!("`{text}` is no git tree"), None))
}
