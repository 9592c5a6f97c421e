//! Closing a phase: its deliverable, verdict, handoff and changes are written, and the deliverable is
//! published where the workflow says so, if results go into the user's files. Doing it twice gives the
//! same files, so a crash in between costs nothing.

mod changes;
mod document;
mod handoff;
mod verdict;

use serde::Serialize;

use crate::engine::{Input, accepted};
use crate::journal::JournalError;
use crate::model::{
    Artifact, CallId, CallResult, Closing, Destination, Document, ModelName, PhaseName,
};
use crate::plan::PhasePlan;
use crate::run::{CallState, PhaseEvent, PhaseState, RunState, Winner};
use crate::workspace::{self, WorkspaceError};

use super::RunContext;
use super::deliver::{DeliverError, Delivering, publish};
use super::failure::machine;

/// Why a phase could not be closed.
#[derive(Debug, thiserror::Error)]
enum CloseError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    #[error("call `{0}` won phase `{1}` but left nothing")]
    NothingLeft(CallId, PhaseName),
    #[error(transparent)]
    Deliver(#[from] DeliverError),
}

/// Closes a phase and says how it went.
pub fn close(context: &RunContext, run: &RunState, phase: &PhaseName, winner: &Winner) -> Input {
    let closed = Phase::find(context, run, phase, winner).and_then(|phase| phase.close());
    let event = match closed.map(Box::new) {
        Ok(closing) => PhaseEvent::Closed { closing },
        Err(error) => {
            let failure = machine(error).hint(
                "mend the cause, then go on with `tipstaff resume`; nothing has to be paid twice",
            );
            PhaseEvent::Failed { failure }
        }
    };
    Input::Happened(event.of(phase.clone()))
}

/// A document, the copy of what was in its place, and its place in the project, as far as they are.
type Published = (Option<Document>, Option<String>, Option<String>);

/// A decided phase with all that its closing needs.
struct Phase<'a> {
    context: &'a RunContext,
    run: &'a RunState,
    plan: &'a PhasePlan,
    state: &'a PhaseState,
    folder: String,
    winner: &'a Winner,
    call: &'a CallState,
    result: &'a CallResult,
}

impl<'a> Phase<'a> {
    fn find(
        context: &'a RunContext,
        run: &'a RunState,
        phase: &PhaseName,
        winner: &'a Winner,
    ) -> Result<Self, CloseError> {
        let missing = || CloseError::NothingLeft(winner.call.clone(), phase.clone());
        let call = run.call(&winner.call).ok_or_else(missing)?;
        Ok(Self {
            context,
            run,
            plan: context.plan.phase(phase).ok_or_else(missing)?,
            state: run.phase(phase).ok_or_else(missing)?,
            folder: context.plan.phase_folder(phase).ok_or_else(missing)?,
            winner,
            call,
            result: call.result().ok_or_else(missing)?,
        })
    }

    fn close(&self) -> Result<Closing, CloseError> {
        let document = self.document()?;
        let deliverable = self.write("output.md", &document)?;
        if let Some(verdict) = self.verdict()? {
            self.write("verdict.json", &verdict)?;
        }
        let changes = self.changes()?;
        let (handoff, remarks) = self.handoff(&document, &deliverable, &changes)?;
        let artifact = self.write("handoff.json", &to_json(&handoff))?;
        let markdown = crate::context::handoff::render(&handoff);
        self.write("handoff.md", markdown.as_bytes())?;
        let (document, previous, published) = self.publish(&document)?;
        Ok(Closing {
            deliverable,
            handoff: artifact,
            origin: handoff.facts.origin,
            document,
            published,
            previous,
            tree: changes.tree,
            patch: changes.patch,
            tests: changes.tests,
            remarks: remarks.into(),
            contradictions: handoff.facts.contradictions,
        })
    }

    /// Writes a file of the phase's folder.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<Artifact, CloseError> {
        Ok(self.context.folder.write_artifact(
            &format!("{}/{name}", self.folder),
            &self.context.redactor.clean(bytes),
        )?)
    }

    fn read(&self, artifact: &Artifact) -> Result<Vec<u8>, CloseError> {
        Ok(self.context.folder.read_artifact(artifact)?)
    }

    /// Whether the document has to wait, like a change, until somebody accepts it.
    fn is_held(&self, document: &Document) -> Result<bool, CloseError> {
        let mut results = self.run.results();
        let Document { path, object } = document.clone();
        results.documents.insert(path, object);
        let accepted = accepted(&self.context.plan, self.run, &[]);
        let delivering = Delivering::of(self.context, self.run)?;
        let to = Destination::Tree;
        let wanted = delivering.without_held(self.run, results, to, &accepted)?;
        Ok(wanted.held.iter().any(|held| held.path == document.path))
    }

    /// The phase's document, where in the run folder the file that was in its place is kept, and where in the
    /// project the document is now.
    fn publish(&self, bytes: &[u8]) -> Result<Published, CloseError> {
        let Some(output) = &self.plan.output else {
            return Ok((None, None, None));
        };
        let store = self.context.store();
        let path = workspace::place(&self.context.project.root, output)?;
        let document = Document {
            path: path.to_string_lossy().into_owned(),
            object: workspace::store_document(&store, bytes.to_vec())?,
        };
        let name = output.rsplit('/').next().unwrap_or(output);
        let kept = format!("{}/previous/{name}", self.folder);
        let keep_at = self.context.folder.root().join(&kept);
        // Documents of results that belong elsewhere stay in the run.
        let to_tree = self.context.plan.destination == Destination::Tree;
        let publishes = to_tree && !self.is_held(&document)?;
        if publishes {
            publish(self.context, self.run, &document, bytes, &keep_at)?;
        }
        let published = publishes.then(|| document.path.clone());
        let previous = keep_at.exists().then_some(kept);
        Ok((Some(document), previous, published))
    }

    /// The calls of the phase's done tasks, in the order of their names.
    fn task_calls(&self) -> impl Iterator<Item = &'a CallState> {
        let calls = self.state.done_tasks().map(|(_, call)| call);
        calls.filter_map(|call| self.run.call(call))
    }

    fn model_of(&self, call: &CallId) -> Option<ModelName> {
        self.run.call(call)?.model().cloned()
    }
}

fn to_json(value: &impl Serialize) -> Vec<u8> {
    let mut json = serde_json::to_vec_pretty(value).expect("plain data with text keys");
    json.push(b'\n');
    json
}
