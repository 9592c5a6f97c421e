//! Putting a run's results where they belong: into the user's files in one step, or onto a branch.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::engine::by_hand::{self, Transfer};
use crate::engine::{self, Input};
use crate::journal::RunFolder;
use crate::model::{Destination, Direction, Document, Documents, Failure, Results, RunId, TreeId};
use crate::plan::Plan;
use crate::process::is_cancelled;
use crate::risk::{self, Accepted};
use crate::run::{Event, RunEvent, RunState};
use crate::workspace::{
    self, ApplyError, Conflicts, Delivered, Deliveries, Project, WorkspaceError,
};

use super::RunContext;
use super::failure::machine;

/// Where in the run folder the data for taking deliveries back is kept.
const UNDO: &str = "undo";

/// Why results were not delivered or taken back.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// They could not be put into the project or onto a branch, or taken back.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
}

/// What delivers a run's results, at its end or by hand.
#[derive(Debug)]
pub struct Delivering<'a> {
    project: &'a Project,
    run: &'a RunId,
    store: PathBuf,
    folder: PathBuf,
    base: TreeId,
    of_persons: BTreeSet<PathBuf>,
}

impl<'a> Delivering<'a> {
    /// For a run under way.
    pub(super) fn of(context: &'a RunContext, state: &RunState) -> Result<Self, DeliverError> {
        Self::new(&context.project, &context.folder, state)
    }

    /// For a run that nobody else works on. What was cut off is finished.
    ///
    /// # Errors
    /// [`DeliverError::Workspace`] if what was cut off cannot be finished.
    pub fn new(
        project: &'a Project,
        folder: &'a RunFolder,
        state: &RunState,
    ) -> Result<Self, DeliverError> {
        let delivering = Self {
            project,
            run: folder.id(),
            store: folder.path(RunFolder::STORE),
            folder: folder.path(UNDO),
            base: state.base().clone(),
            of_persons: state.of_persons.iter().map(PathBuf::from).collect(),
        };
        delivering.deliveries().recover()?;
        Ok(delivering)
    }

    /// What the run has put into the user's files.
    pub fn deliveries(&self) -> Deliveries<'_> {
        Deliveries {
            project: self.project,
            store: &self.store,
            folder: &self.folder,
            base: &self.base,
            of_persons: &self.of_persons,
        }
    }

    /// The event that the journal lacks about the user's files, if it lacks one.
    pub fn missing_event(&self, state: &RunState) -> Result<Option<Event>, DeliverError> {
        let is_in_project = self.deliveries().there()? != self.base;
        Ok(by_hand::missing_event(state, is_in_project))
    }

    /// A delivery by hand, with what is there afterwards: of the results that are known, those with this tree.
    pub fn done(
        &self,
        state: &RunState,
        mut transfer: Transfer,
        done: &Delivered,
    ) -> Result<Transfer, DeliverError> {
        transfer.unmerged = done.unmerged();
        if transfer.to != Destination::Tree {
            return Ok(transfer);
        }
        let there = self.deliveries().there()?;
        transfer.files = self.count(&self.base, &there)?;
        let unknown = Results {
            tree: there.clone(),
            documents: Documents::new(),
        };
        let goal = std::mem::replace(&mut transfer.results, unknown);
        for known in [goal, state.before(), state.results()] {
            if self.tree(&known)? == there {
                transfer.results = known;
                break;
            }
        }
        Ok(transfer)
    }

    fn count(&self, from: &TreeId, to: &TreeId) -> Result<u64, WorkspaceError> {
        Ok(workspace::changed_files(&self.store, from, to)?.len() as u64)
    }

    /// The delivery of results without the changes that are not accepted: their files stay as the project has
    /// them, or a branch's beginning.
    pub fn without_held(
        &self,
        state: &RunState,
        results: Results,
        to: Destination,
        accepted: &Accepted,
    ) -> Result<Transfer, DeliverError> {
        let before = state.held_by(&to);
        let disk = workspace::on_disk(self.project)?;
        let (from, all) = (self.tree(&before)?, self.tree(&results)?);
        let changed = workspace::changed(&self.store, (&from, &all), &disk)?;
        let held = risk::held(&changed, accepted, &engine::secrets(state), &disk.hooks);
        if held.is_empty() {
            return Ok(Transfer::of(results, Vec::new(), to));
        }
        let is_held = |path: &String| held.contains_key(Path::new(path));
        let tree = workspace::with_paths_of(&self.store, &results.tree, &before.tree, held.keys())?;
        let mut documents = results.documents;
        documents.retain(|path, _| !is_held(path));
        let there = before.documents.into_iter();
        documents.extend(there.filter(|(path, _)| is_held(path)));
        let results = Results { tree, documents };
        Ok(Transfer::of(results, held.into_values().collect(), to))
    }

    /// Puts results where they belong, or takes them back, and notes how many files differ from the beginning of
    /// the run, but for documents that were there before.
    ///
    /// # Errors
    /// [`DeliverError`]; then nothing was touched.
    pub fn deliver(
        &self,
        plan: &Plan,
        state: &RunState,
        transfer: &mut Transfer,
        conflicts: Conflicts,
    ) -> Result<Delivered, DeliverError> {
        let tree = self.tree(&transfer.results)?;
        let (store, base) = (&self.store, &self.base);
        let before = match transfer.to {
            Destination::Tree => {
                workspace::with_documents(store, base, &state.in_project().documents)?
            }
            Destination::Branch(_) | Destination::Nowhere => base.clone(),
        };
        // Delivering comes last: whoever cancels the rest knows that nothing was touched.
        transfer.files = self.count(&before, &tree)?;
        match (transfer.direction, &transfer.to) {
            (Direction::Undo, _) => return Ok(self.deliveries().undo(conflicts)?),
            (Direction::Apply, Destination::Tree) => {
                return Ok(self.deliveries().apply(&tree, conflicts)?);
            }
            // Where all is held back there is nothing to commit.
            (Direction::Apply, Destination::Branch(name)) if tree != *base => {
                let message = commit_message(&plan.request, self.run);
                workspace::apply_to_branch(self.project, store, base, &tree, name, &message)?;
            }
            // The engine keeps such results without an order.
            (Direction::Apply, Destination::Branch(_) | Destination::Nowhere) => {}
        }
        Ok(Delivered::default())
    }

    /// All of a run's results as one tree.
    pub fn tree(&self, results: &Results) -> Result<TreeId, DeliverError> {
        Ok(workspace::with_documents(
            &self.store,
            &results.tree,
            &results.documents,
        )?)
    }
}

/// Puts a document of a phase to its place at once. What is there is first copied to `kept`, unless it is
/// the run's own.
pub fn publish(
    context: &RunContext,
    state: &RunState,
    document: &Document,
    bytes: &[u8],
    kept: &Path,
) -> Result<(), DeliverError> {
    let own = state.in_project().documents.get(&document.path);
    let delivering = Delivering::of(context, state)?;
    let deliveries = delivering.deliveries();
    Ok(deliveries.publish(document, own.map(String::as_str), bytes, kept)?)
}

/// Delivers the results and says how it went; a tick if it was cancelled before anything was changed. Blocks.
pub fn deliver(context: &RunContext, state: &RunState, results: Results, to: Destination) -> Input {
    let tree = results.tree.clone();
    let done = Delivering::of(context, state).and_then(|delivering| {
        let accepted = engine::accepted(&context.plan, state, &[]);
        let mut transfer = delivering.without_held(state, results, to, &accepted)?;
        delivering.deliver(&context.plan, state, &mut transfer, Conflicts::Refuse)?;
        Ok(transfer)
    });
    match done {
        Ok(transfer) => Input::Happened(transfer.event(false)),
        Err(_) if is_cancelled() => Input::Tick,
        Err(error) => not_delivered(tree, machine(error)),
    }
}

/// The results could not be put where they belong.
pub fn not_delivered(tree: TreeId, failure: Failure) -> Input {
    Input::Happened(Event::Run(RunEvent::ChangesKept {
        tree,
        blocked: true,
        reason: failure.message,
    }))
}

/// What the commit on a branch says: the request's first line, and which run made it.
fn commit_message(request: &str, run: &RunId) -> String {
    let line = request
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("Changes");
    let subject: String = line.trim().chars().take(72).collect();
    format!("{subject}\n\nMade by tipstaff run {run}.")
}
