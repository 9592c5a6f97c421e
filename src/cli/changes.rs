//! `tipstaff diff`, `apply` and `undo`: what a run has to deliver, by hand.

use super::args::{AcceptArgs, ApplyArgs, ConflictArgs, DiffArgs, OutputArgs, UndoArgs};
use super::ask::{agrees, is_at_a_terminal};
use super::failure::{Exit, Failure};
use super::interruptible::Interruptible;
use super::open_run::{OpenRun, TakenUp, find_run, take_up, tell_foreign};
use super::print;
use super::settings::Settings;
use super::work::now;
use crate::engine::accepted;
use crate::engine::by_hand::{self, ByHand, InProject};
use crate::journal::{Journal, RunFolder, RunLock};
use crate::model::{ChangedFile, Destination, HeldChange, Results, TaskId};
use crate::plan::Plan;
use crate::report::{DeliveryState, RunView, applied_words, shell_word, undone_words};
use crate::risk::listed;
use crate::run::{Record, RunState};
use crate::runtime::{DeliverError, Delivering};
use crate::workspace::{
    self, ApplyError, Conflicts, Delivered, TreeId, borrow_store, has_markers, with_documents,
};

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
    let history = RunState::of(&run.records);
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
    let files = workspace::changed_files(store, &from, &to)?;
    Ok((workspace::diff(store, &from, &to)?, files))
}

/// The trees before and after a task's last try.
fn of_task(history: &RunState, task: &TaskId) -> Result<(String, String), Failure> {
    let changes = history.calls().rev().find_map(|call| {
        let its = call.spec.task.as_ref().filter(|known| &known.id == task);
        its.and(call.result()?.changes.as_ref())
    });
    let changes = changes.ok_or_else(|| {
        let message = format!("task `{task}` has changed nothing in this run");
        Failure::said(Exit::Usage, &message, None)
    })?;
    Ok((changes.base.clone(), changes.tree.clone()))
}

/// Delivers the results of a run that kept them.
pub fn apply(settings: &Settings, args: &ApplyArgs) -> Result<Exit, Failure> {
    let to = args
        .branch
        .clone()
        .map_or(Destination::Tree, Destination::Branch);
    let conflicts = conflicts(&args.conflicts);
    Held::act(settings, ("apply", &args.run), |held, delivering| {
        if let Some(refusal) = by_hand::refusal(&held.plan, &held.history, &to) {
            let hint = format!(
                "`tipstaff show {}` tells where they stand",
                held.folder.id()
            );
            return Err(Failure::said(Exit::Usage, refusal, Some(&hint)));
        }
        let (results, back) = held.accepted(delivering, &to, args)?;
        let there = &held.history.in_project().documents;
        let (files, done) = delivering
            .deliver(&held.plan, &results, there, (&to, conflicts))
            .map_err(|error| held.failure("apply", &error))?;
        let there = InProject {
            results,
            files,
            unmerged: done.unmerged(),
            held: back,
        };
        Ok((done, Did::Applied { to, there }))
    })
}

/// Asks the person at the terminal, once, whether what the run held back is to be delivered too. Secrets take a
/// command of their own.
pub fn offer_held(settings: &Settings, output: &OutputArgs, view: &RunView) -> Result<(), Failure> {
    let acting = view.state.held.iter().filter(|held| !held.secret);
    let accept: Vec<String> = acting.map(|held| held.path.clone()).collect();
    let (to, asks) = (
        Destination::Tree,
        is_at_a_terminal() && !output.json && !output.yes,
    );
    let in_project =
        matches!(view.delivery_state(), DeliveryState::Applied { to: there, .. } if there == to);
    let (Some(run), true) = (&view.state.id, in_project && asks && !accept.is_empty()) else {
        return Ok(());
    };
    let files = accept.join(", ");
    if agrees(&format!("deliver what is held back, too ({files})? [y/N] "))? {
        let args = ApplyArgs {
            run: run.to_string(),
            branch: None,
            accept: AcceptArgs { accept },
            accept_secrets: false,
            conflicts: ConflictArgs::default(),
        };
        apply(settings, &args)?;
    }
    Ok(())
}

/// Takes back what a run put into the user's files.
pub fn undo(settings: &Settings, args: &UndoArgs) -> Result<Exit, Failure> {
    let conflicts = conflicts(&args.conflicts);
    Held::act(settings, ("undo", &args.run), |held, delivering| {
        let undone = delivering.deliveries().undo(conflicts);
        let undone = undone.map_err(|error| held.failure("undo", &error.into()))?;
        Ok((undone, Did::TakenBack))
    })
}

/// What a person's command did.
enum Did {
    Applied { to: Destination, there: InProject },
    TakenBack,
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
    let history = RunState::of(records);
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
    history: RunState,
    _lock: RunLock,
}

impl Held {
    /// Does what a person wants done about a run and adds that to its journal. A signal ends it before a delivery
    /// begins to move files, or is too late; what is not finished or not written down, the next command finds out.
    fn act(
        settings: &Settings,
        (command, run): (&str, &str),
        act: impl FnOnce(&Self, &Delivering<'_>) -> Result<(Delivered, Did), Failure> + Send,
    ) -> Result<Exit, Failure> {
        let mut interruptible = Interruptible::new()?;
        let again = format!("no file is half changed; `tipstaff {command} {run}` goes on");
        let mut held = interruptible.blocking(("", &again), || Self::take(settings, run))?;
        let (done, did) = interruptible
            .blocking_to_its_end(&again, || act(&held, &held.delivering(settings)?))?;
        let untold = "it is done already; the next command about this run writes it down";
        interruptible.blocking(("", untold), || held.record(settings, &done, did))
    }

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
            history: RunState::of(&records),
            _lock: lock,
        })
    }

    /// What is to be delivered, and what is held back: an error if that is all.
    fn accepted(
        &self,
        delivering: &Delivering<'_>,
        to: &Destination,
        args: &ApplyArgs,
    ) -> Result<(Results, Vec<HeldChange>), Failure> {
        let mut accepted = accepted(&self.plan, &self.history, &args.accept.accept);
        accepted.secrets = args.accept_secrets;
        let results = self.history.results();
        let (results, back) = delivering.without_held(&self.history, results, to, &accepted)?;
        let is_there = match to {
            Destination::Tree => results == *self.history.in_project(),
            Destination::Branch(_) | Destination::Nowhere => results == self.history.before(),
        };
        if !is_there {
            return Ok((results, back));
        }
        let mut message = "what is left of this run is held back".to_owned();
        for one in &back {
            message.push_str(&format!("\n  {}: {}", one.path, one.reason));
        }
        let mut flags = back.iter().map(|one| match one.secret {
            true => "--accept-secrets".to_owned(),
            false => format!("--accept {}", shell_word(&one.path)),
        });
        let (run, flag) = (self.folder.id(), flags.next().unwrap_or_default());
        let hint = format!("`tipstaff apply {run} {flag}` delivers it, once you have looked");
        Err(Failure::said(Exit::Usage, &message, Some(&hint)))
    }

    fn delivering<'a>(&'a self, settings: &'a Settings) -> Result<Delivering<'a>, Failure> {
        let project = &settings.project;
        Ok(Delivering::new(project, &self.folder, &self.history)?)
    }

    /// Nothing was touched, and there may be ways out.
    fn failure(&self, command: &str, error: &DeliverError) -> Failure {
        let again = format!("`tipstaff {command} {}", self.folder.id());
        let mut hints = vec![
            format!(
                "{again} --3way` writes conflict markers into these files, but for those that have some still"
            ),
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
            DeliverError::Apply(_) | DeliverError::Workspace(_) => {
                hints.clear();
            }
        }
        hints.insert(0, "nothing was touched".to_owned());
        Failure::new(Exit::Failed, error, Some(&hints.join("\nhint: ")))
    }

    /// Adds what was done to the journal and names the files that need the user.
    fn record(&mut self, settings: &Settings, done: &Delivered, did: Did) -> Result<Exit, Failure> {
        let delivering = self.delivering(settings)?;
        let (results, before) = (self.history.results(), self.history.before());
        let held = match &did {
            Did::Applied { there, .. } => there.held.clone(),
            Did::TakenBack => Vec::new(),
        };
        let words = |to: &Destination, files| applied_words(to, files, held.len() as u64);
        let (text, did) = match did {
            Did::Applied { to, there } if to != Destination::Tree => {
                let text = words(&to, there.files);
                (text, ByHand::Applied(to, there))
            }
            Did::Applied { to, there } => {
                let there = InProject {
                    held: there.held,
                    ..delivering.in_project([there.results, before], done)?
                };
                (words(&to, there.files), ByHand::Applied(to, there))
            }
            Did::TakenBack => {
                let there = delivering.in_project([before, results], done)?;
                let files = done.paths.difference(&done.marked).count() as u64;
                (undone_words(files), ByHand::TakenBack(there))
            }
        };
        let events = by_hand::events(&self.plan, &self.history, did);
        self.journal.append(now(), &events)?;
        print::note(&text);
        for one in &held {
            print::note(&format!("held back: {}: {}", one.path, one.reason));
        }
        for path in &done.left {
            let whole = settings.project.root.join(path);
            let why = match has_markers(&whole).unwrap_or(false) {
                true => ", with the conflict markers it still has",
                false => "",
            };
            print::note(&format!("left as it is{why}: {}", path.display()));
        }
        for path in &done.of_persons {
            print::note(&format!(
                "stays, because you changed it at a gate: {}",
                path.display()
            ));
        }
        for path in &done.marked {
            print::note(&format!("has conflict markers: {}", path.display()));
        }
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
