//! From an agent that was stopped at its checkpoint to what the next process goes on with.

use crate::agents::Boundary;
use crate::context::Unfinished;
use crate::model::{Answer, CallResult, Failure, FailureKind, HandoffWords, InputSource, Stopped};

use super::collect::{Captured, Ended, to_json};
use super::failure::machine;
use super::monitor::Watched;
use super::workspaces::note_left_out;

impl Ended<'_> {
    /// The result of a call that was stopped: its changes so far, and what its state is distilled from.
    pub(super) fn unfinished(
        &self,
        watched: &Watched,
        at: Boundary,
        remarks: Vec<String>,
    ) -> Result<CallResult, Failure> {
        let Some(Captured {
            changes,
            patch,
            left_out,
        }) = self.capture()?
        else {
            let message = "a call that changes no files was stopped at a checkpoint";
            return Err(Failure::new(FailureKind::Machine, message));
        };
        let workspace = self.scratch.workspace();
        note_left_out(&workspace, &left_out)?;
        let log = watched.printed.transcript.worklog().to_string();
        let before = self.state_before()?;
        let work = Unfinished {
            task: self.call.task.as_ref(),
            before: before.as_ref(),
            // The workspace's own path says nothing to whoever goes on.
            log: &log.replace(&format!("{}/", workspace.display()), ""),
            changes: &changes,
            patch: &patch,
        };
        let stopped = Stopped {
            began: at.began,
            context: at.context,
            worklog: self.artifact("worklog.md", &work.render())?,
            extracted: self.artifact("extracted.json", &to_json(&work.extract()))?,
        };
        Ok(self.context.redactor.redact_data(CallResult {
            answer: Answer::Unfinished(stopped),
            deliverable: None,
            handoff: None,
            changes: Some(changes),
            built_on: None,
            structured: None,
            remarks: remarks.into(),
            usage: watched.printed.transcript.usage(),
        }))
    }

    /// The state that the call itself began with, if it went on with another one's work.
    fn state_before(&self) -> Result<Option<HandoffWords>, Failure> {
        let mut inputs = self.call.inputs.iter();
        let state = inputs.find(|input| matches!(input.source, InputSource::State(_)));
        let Some(artifact) = state.and_then(|state| state.artifact.as_ref()) else {
            return Ok(None);
        };
        let json = self
            .context
            .folder
            .read_artifact(artifact)
            .map_err(machine)?;
        serde_json::from_slice(&json).map(Some).map_err(machine)
    }
}
