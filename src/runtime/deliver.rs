//! Putting a run's results where they belong: into the user's files in one step, or onto a branch.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::engine::by_hand::{self, Transfer};
use crate::engine::{self, Input};
use crate::journal::RunFolder;
use crate::model::{
    CommitStyle, Destination, Direction, Document, Documents, Failure, Results, TreeId,
};
use crate::plan::Plan;
use crate::process::is_cancelled;
use crate::risk::{self, Accepted};
use crate::run::{Event, RunEvent, RunState};
use crate::workspace::{
    self, ApplyError, Conflicts, Delivered, Deliveries, NewCommit, Project, WorkspaceError,
};

use super::RunContext;
use super::commits::Sources;
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

impl DeliverError {
    fn is_for_want_of_space(&self) -> bool {
        match self {
            Self::Apply(ApplyError::Workspace(error)) | Self::Workspace(error) => error.is_full(),
            Self::Apply(_) => false,
        }
    }
}

/// What delivers a run's results, at its end or by hand.
#[derive(Debug)]
pub struct Delivering<'a> {
    project: &'a Project,
    plan: &'a Plan,
    run: &'a RunFolder,
    store: PathBuf,
    folder: PathBuf,
    base: TreeId,
    of_persons: BTreeSet<PathBuf>,
}

impl<'a> Delivering<'a> {
    /// For a run under way.
    pub(super) fn of(context: &'a RunContext, state: &RunState) -> Result<Self, DeliverError> {
        Self::new(&context.project, (&context.plan, &context.folder), state)
    }

    /// For a run that nobody else works on. What was cut off is finished.
    ///
    /// # Errors
    /// [`DeliverError::Workspace`] if what was cut off cannot be finished.
    pub fn new(
        project: &'a Project,
        (plan, folder): (&'a Plan, &'a RunFolder),
        state: &RunState,
    ) -> Result<Self, DeliverError> {
        let delivering = Self {
            project,
            plan,
            run: folder,
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
        if !transfer.to.is_in_project() {
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
        state: &RunState,
        transfer: &mut Transfer,
        (conflicts, style): (Conflicts, CommitStyle),
    ) -> Result<Delivered, DeliverError> {
        let tree = self.tree(&transfer.results)?;
        let (store, base) = (&self.store, &self.base);
        let before = match transfer.to {
            Destination::Tree | Destination::Commit { .. } => {
                workspace::with_documents(store, base, &state.in_project().documents)?
            }
            Destination::Branch(_) | Destination::Nowhere => base.clone(),
        };
        // Delivering comes last: whoever cancels the rest knows that nothing was touched.
        transfer.files = self.count(&before, &tree)?;
        match (transfer.direction, &transfer.to) {
            (Direction::Undo, _) => return self.undo(state, conflicts),
            (Direction::Apply, Destination::Tree) => {
                return Ok(self.deliveries().apply(&tree, conflicts)?);
            }
            (Direction::Apply, Destination::Commit { branch, head }) if tree != *base => {
                let commits = self.commits(state, transfer, &tree, style)?;
                let (deliveries, on) = (self.deliveries(), (branch.as_str(), head.as_str()));
                let done = workspace::commit_here(&deliveries, on, &tree, &commits, style)?;
                return Ok(done);
            }
            // Where all is held back there is nothing to commit.
            (Direction::Apply, Destination::Branch(name)) if tree != *base => {
                let commits = self.commits(state, transfer, &tree, style)?;
                let from = (store.as_path(), base);
                workspace::commit_to_branch(self.project, from, name, &commits, style)?;
            }
            // The engine keeps such results without an order.
            (Direction::Apply, _) => {}
        }
        Ok(Delivered::default())
    }

    fn undo(&self, state: &RunState, conflicts: Conflicts) -> Result<Delivered, DeliverError> {
        let deliveries = self.deliveries();
        Ok(match state.last_destination() {
            Some(Destination::Commit { branch, head }) => {
                let (on, run) = ((branch.as_str(), head.as_str()), self.run.id().as_str());
                workspace::uncommit(&deliveries, on, run, conflicts)?
            }
            _ => deliveries.undo(conflicts)?,
        })
    }

    /// The commits that lead to `tree`, which is what is delivered. None holds what is held back, or was by then: such
    /// a file comes with the first commit that may have it.
    fn commits(
        &self,
        state: &RunState,
        transfer: &Transfer,
        tree: &TreeId,
        style: CommitStyle,
    ) -> Result<Vec<NewCommit>, DeliverError> {
        let (plan, folder) = (self.plan, self.run);
        let sources = Sources {
            plan,
            folder,
            state,
        };
        let before = match state.contributions.split_last() {
            Some((_, before)) if !style.squash => before,
            Some(_) | None => return Ok(vec![sources.squashed(tree.clone())]),
        };
        let disk = workspace::on_disk(self.project)?;
        let accepted = engine::accepted(plan, state, &[]);
        let secrets = engine::secrets(state);
        let mut commits = Vec::new();
        let mut last = self.base.clone();
        for one in before {
            let all = self.tree(&one.results)?;
            let changed = workspace::changed(&self.store, (&self.base, &all), &disk)?;
            let mut held: BTreeSet<PathBuf> =
                risk::held(&changed, &accepted, &secrets, &disk.hooks)
                    .into_keys()
                    .collect();
            held.extend(transfer.held.iter().map(|held| PathBuf::from(&held.path)));
            let there = workspace::with_paths_of(&self.store, &all, &last, &held)?;
            commits.push(sources.commit(one, there.clone()));
            last = there;
        }
        let end = state.contributions.last();
        commits.extend(end.map(|end| sources.commit(end, tree.clone())));
        Ok(commits)
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
        let how = (Conflicts::Refuse, context.plan.commits);
        delivering.deliver(state, &mut transfer, how)?;
        Ok(transfer)
    });
    match done {
        Ok(transfer) => Input::Happened(transfer.event(false)),
        Err(_) if is_cancelled() => Input::Tick,
        Err(error) => {
            let failed = error.is_for_want_of_space();
            not_delivered(tree, failed, machine(error))
        }
    }
}

/// The results could not be put where they belong: what is there is in the way, or it is the machine that failed.
pub fn not_delivered(tree: TreeId, failed: bool, failure: Failure) -> Input {
    Input::Happened(Event::Run(RunEvent::ChangesKept {
        tree,
        blocked: true,
        failed,
        reason: failure.message,
    }))
}
