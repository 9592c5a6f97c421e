//! The phase's document: the winner's own, or one made of its calls' where no call wrote the whole.

use std::fmt::Write as _;

use crate::context::handoff::{self, extract};
use crate::model::{HandoffWords, Purpose};
use crate::plan::PhaseKind;
use crate::run::CallState;

use super::{CloseError, Phase};

impl Phase<'_> {
    /// The document, byte for byte where a call wrote it.
    pub(super) fn document(&self) -> Result<Vec<u8>, CloseError> {
        match &self.plan.kind {
            PhaseKind::Routed { .. } => self.task_report(),
            PhaseKind::Parallel {
                lenses,
                judge: None,
            } => {
                let names = lenses.iter().map(|lens| lens.name.as_str());
                self.joined(names)
            }
            PhaseKind::Single { .. }
            | PhaseKind::Ensemble { .. }
            | PhaseKind::Parallel { judge: Some(_), .. } => match &self.result.deliverable {
                Some(deliverable) => self.read(deliverable),
                None => self.report_of_work(),
            },
        }
    }

    /// Work that left edits and a handoff, but no document.
    fn report_of_work(&self) -> Result<Vec<u8>, CloseError> {
        let words = self.words_of(self.call)?.ok_or_else(|| {
            CloseError::NothingLeft(self.winner.call.clone(), self.plan.name.clone())
        })?;
        Ok(handoff::render_words(&words).into_bytes())
    }

    /// What each task did, one below the other.
    fn task_report(&self) -> Result<Vec<u8>, CloseError> {
        let mut report = format!("# {}\n", self.plan.name);
        for call in self.task_calls() {
            if let Some(task) = &call.spec.task {
                let _ = write!(report, "\n## {} {}\n\n", task.id, task.title);
            }
            let words = self.words_of(call)?.unwrap_or_default();
            report.push_str(&handoff::render_words(&words));
        }
        for (task, failure) in self.state.failed_tasks() {
            let _ = write!(report, "\n## {task}\n\nNot done: {}\n", failure.message);
        }
        Ok(report.into_bytes())
    }

    /// The documents of side-by-side calls, one below the other.
    fn joined<'n>(&self, names: impl Iterator<Item = &'n str>) -> Result<Vec<u8>, CloseError> {
        let mut joined = String::new();
        let calls = self.run.calls_of(&self.plan.name);
        let mut calls: Vec<&CallState> = calls
            .filter(|call| call.spec.purpose == Purpose::Lens)
            .collect();
        calls.sort_by_key(|call| call.spec.slot);
        for (name, call) in names.zip(calls) {
            let Some(deliverable) = call.result().and_then(|result| result.deliverable.as_ref())
            else {
                continue;
            };
            let text = self.read(deliverable)?;
            let _ = write!(
                joined,
                "# {name}\n\n{}\n\n",
                String::from_utf8_lossy(&text).trim()
            );
        }
        Ok(joined.into_bytes())
    }

    /// The handoff words that a call left; extracted from its document if it left none.
    pub(super) fn words_of(&self, call: &CallState) -> Result<Option<HandoffWords>, CloseError> {
        let Some(result) = call.result() else {
            return Ok(None);
        };
        if let Some(artifact) = &result.handoff {
            // It was valid when it was collected; a digest that still fits says so.
            return Ok(serde_json::from_slice(&self.read(artifact)?).ok());
        }
        let Some(deliverable) = &result.deliverable else {
            return Ok(None);
        };
        Ok(Some(extract(&String::from_utf8_lossy(
            &self.read(deliverable)?,
        ))))
    }
}
