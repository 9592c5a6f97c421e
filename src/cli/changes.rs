//! `tipstaff diff`, `apply` and `undo`: what a run has to deliver, by hand.

use super::args::{ApplyArgs, ConflictArgs, DiffArgs, UndoArgs};
use super::failure::{Exit, Failure};
use super::open_run::{OpenRun, TakenUp, find_run, take_up, tell_foreign};
use super::print;
use super::settings::Settings;
use super::work::now;
use crate::engine::History;
use crate::engine::by_hand::{self, ByHand};
use crate::journal::{Journal, RunFolder, RunLock};
use crate::model::{Destination, Record, TaskId};
use crate::plan::Plan;
use crate::report::{applied_words, undone_words};
use crate::runtime::{DeliverError, Delivering};
use crate::workspace::{
    self, ApplyError, Conflicts, Delivered, TreeId, borrow_store, with_documents,
};

/// Prints the patch of a run's changes so far, or of one of its tasks.
pub fn diff(settings: &Settings, args: &DiffArgs) -> Result<Exit, Failure> {
    let run = OpenRun::read(find_run(settings, args.run.as_deref())?)?;
    let history = History::of(&run.records);
    tell_foreign(settings, &run.folder);
    let (lent, base) = (run.folder.path(RunFolder::STORE), tree(history.base())?);
    let borrowed = borrow_store(&lent, &base)?;
    let store = borrowed.path();
    let (from, to) = match &args.task {
        Some(task) => {
            let (from, to) = of_task(&history, &TaskId::from(task.as_str()))?;
            (tree(&from)?, tree(&to)?)
        }
        None => {
            let results = history.results();
            let to = with_documents(store, &tree(&results.tree)?, &results.documents)?;
            (base, to)
        }
    };
    let patch = workspace::diff(store, &from, &to)?;
    if patch.is_empty() {
        print::note("the run changed nothing");
    }
    print::bytes(&patch)?;
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
    let conflicts = conflicts(&args.conflicts);
    let (files, done) = held
        .delivering(settings)?
        .deliver(&held.plan, &results, there, (&to, conflicts))
        .map_err(|error| held.failure("apply", &error))?;
    let changed = match done.left.is_empty() {
        true => files,
        false => done.paths.len() as u64,
    };
    print::note(&applied_words(&to, changed));
    held.record(settings, &done, ByHand::Applied { to, files })
}

/// Takes back what a run put into the user's files.
pub fn undo(settings: &Settings, args: &UndoArgs) -> Result<Exit, Failure> {
    let mut held = Held::take(settings, &args.run)?;
    let undone = held
        .delivering(settings)?
        .deliveries()
        .undo(conflicts(&args.conflicts))
        .map_err(|error| held.failure("undo", &error.into()))?;
    let files = undone.paths.difference(&undone.marked).count() as u64;
    print::note(&undone_words(files));
    held.record(settings, &undone, ByHand::Undone { files })
}

fn conflicts(args: &ConflictArgs) -> Conflicts {
    match (args.skip_conflicts, args.three_way) {
        (false, false) => Conflicts::Refuse,
        (true, _) => Conflicts::Skip,
        (false, true) => Conflicts::Mark,
    }
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
        let TakenUp {
            plan,
            lock,
            mut journal,
            mut records,
            ..
        } = take_up(settings, &folder)?;
        catch_up(settings, &folder, &mut journal, &mut records)?;
        Ok(Self {
            plan,
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

    /// Nothing was touched, and there may be ways out.
    fn failure(&self, command: &str, error: &DeliverError) -> Failure {
        let again = format!("`tipstaff {command} {}", self.folder.id());
        let mut hints = vec![
            format!("{again} --3way` writes conflict markers into these files"),
            format!(
                "{again} --skip-conflicts` leaves these files as they are and changes the others"
            ),
        ];
        match error {
            DeliverError::Apply(ApplyError::Conflicts(_)) => {
                hints.push(format!(
                    "{again} --branch NAME` puts the changes onto a new branch"
                ));
            }
            DeliverError::Apply(ApplyError::Edited(_)) => {}
            DeliverError::Apply(ApplyError::NotOnCommit(_)) => {
                hints = vec![
                    "the run began with other contents of these files than the last commit has, for example \
                     with changes that are not committed; commit them and try again"
                        .to_owned(),
                    format!("{again}` puts the changes into your files"),
                ];
            }
            DeliverError::Apply(ApplyError::BranchExists(_) | ApplyError::BadBranchName(_)) => {
                hints = vec!["choose another name for the branch".to_owned()];
            }
            DeliverError::NoTree(_) | DeliverError::Apply(_) | DeliverError::Workspace(_) => {
                hints.clear();
            }
        }
        hints.insert(0, "nothing was touched".to_owned());
        Failure::new(Exit::Failed, error, Some(&hints.join("\nhint: ")))
    }

    /// Adds what was done to the journal and names the files that need the user.
    fn record(
        &mut self,
        settings: &Settings,
        done: &Delivered,
        did: ByHand,
    ) -> Result<Exit, Failure> {
        for path in &done.left {
            print::note(&format!("left as it is: {}", path.display()));
        }
        for path in &done.marked {
            print::note(&format!("has conflict markers: {}", path.display()));
        }
        let did = match done.left.is_empty() {
            true => did,
            false => ByHand::Partly {
                tree: self.delivering(settings)?.deliveries().there()?.to_string(),
                files: done.paths.len() as u64,
            },
        };
        let events = by_hand::events(&self.plan, &self.history, did);
        self.journal.append(now(), &events)?;
        Ok(match done.left.is_empty() && done.marked.is_empty() {
            true => Exit::Done,
            false => Exit::Failed,
        })
    }
}

fn tree(text: &str) -> Result<TreeId, Failure> {
    TreeId::parse(text)
        .ok_or_else(|| Failure::said(Exit::Failed, &format!("`{text}` is no git tree"), None))
}
