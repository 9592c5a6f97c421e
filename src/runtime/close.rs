//! Closing a phase: its deliverable, verdict and handoff are written, and published where it says so.
//! Doing it twice gives the same files, so a crash in between costs nothing.

use serde::Serialize;
use std::collections::BTreeMap;

use crate::context::handoff;
use crate::engine::{History, Input, Winner};
use crate::journal::JournalError;
use crate::model::{
    Answer, Artifact, CallId, CallResult, Closing, Decider, Failure, FailureKind, Handoff,
    HandoffFacts, HandoffOrigin, HandoffWords, InputSource, Judgement, Label, ModelName, PhaseName,
};
use crate::plan::{Distill, PhasePlan};
use crate::workspace::{self, WorkspaceError};

use super::Site;

/// A handoff is no place for raw text: what is longer is cut, and said to be.
const HANDOFF_TOKENS: u64 = 1500;

/// Why a phase could not be closed.
#[derive(Debug, thiserror::Error)]
enum CloseError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    #[error("call `{0}` won phase `{1}` but left no document")]
    NoDocument(CallId, PhaseName),
}

/// Closes a phase and says how it went.
pub fn close(site: &Site, history: &History, phase: &PhaseName, winner: &Winner) -> Input {
    let closing = Phase::find(site, history, phase, winner).and_then(|phase| phase.close());
    match closing {
        Ok(closing) => Input::Closed {
            phase: phase.clone(),
            closing,
        },
        Err(error) => {
            let failure = Failure::new(FailureKind::Machine, error.to_string()).hint(
                "mend the cause, then go on with `tipstaff resume`; nothing has to be paid twice",
            );
            Input::NotClosed {
                phase: phase.clone(),
                failure,
            }
        }
    }
}

struct Phase<'a> {
    site: &'a Site,
    history: &'a History,
    plan: &'a PhasePlan,
    folder: String,
    winner: &'a Winner,
    result: &'a CallResult,
    deliverable: &'a Artifact,
}

impl<'a> Phase<'a> {
    fn find(
        site: &'a Site,
        history: &'a History,
        phase: &PhaseName,
        winner: &'a Winner,
    ) -> Result<Self, CloseError> {
        let missing = || CloseError::NoDocument(winner.call.clone(), phase.clone());
        let plan = site.plan.phase(phase).ok_or_else(missing)?;
        let folder = site.plan.phase_folder(phase).ok_or_else(missing)?;
        let result = history
            .call(&winner.call)
            .and_then(|call| call.result())
            .ok_or_else(missing)?;
        let deliverable = result.deliverable.as_ref().ok_or_else(missing)?;
        Ok(Self {
            site,
            history,
            plan,
            folder,
            winner,
            result,
            deliverable,
        })
    }

    fn close(&self) -> Result<Closing, CloseError> {
        let document = self.site.folder.read_artifact(self.deliverable)?;
        let deliverable = self
            .site
            .folder
            .write_artifact(&format!("{}/output.md", self.folder), &document)?;
        if let Some(verdict) = self.verdict() {
            let json = to_json(&verdict);
            self.site
                .folder
                .write_artifact(&format!("{}/verdict.json", self.folder), &json)?;
        }
        let handoff = self.handoff(&document, &deliverable)?;
        let json = to_json(&handoff);
        let artifact = self
            .site
            .folder
            .write_artifact(&format!("{}/handoff.json", self.folder), &json)?;
        let markdown = handoff::render(&handoff);
        self.site
            .folder
            .write_artifact(&format!("{}/handoff.md", self.folder), markdown.as_bytes())?;
        let (published, previous) = self.publish(&document)?;
        Ok(Closing {
            deliverable,
            handoff: artifact,
            origin: handoff.facts.origin,
            published,
            previous,
            tree: None,
            patch: None,
            tests: None,
        })
    }

    fn publish(&self, document: &[u8]) -> Result<(Option<String>, Option<String>), CloseError> {
        let Some(output) = &self.plan.output else {
            return Ok((None, None));
        };
        let name = output.rsplit('/').next().unwrap_or(output);
        let kept = format!("{}/previous/{name}", self.folder);
        let keep_at = self.site.folder.root().join(&kept);
        let published =
            workspace::publish(&self.site.project.root, output.as_ref(), document, &keep_at)?;
        let previous = (published.previous_kept() || keep_at.exists()).then_some(kept);
        Ok((Some(output.clone()), previous))
    }

    fn handoff(&self, document: &[u8], deliverable: &Artifact) -> Result<Handoff, CloseError> {
        let document = String::from_utf8_lossy(document);
        let mut remarks = Vec::new();
        let (words, origin) = match (self.own_words()?, self.plan.distill.clone()) {
            (Some(words), Distill::Agent) => (words, HandoffOrigin::Agent),
            (None, Distill::Agent) => {
                remarks.push("the agent left no valid handoff; extracted by rule".to_owned());
                (handoff::extract(&document), HandoffOrigin::Extracted)
            }
            (_, Distill::Nobody) => (handoff::extract(&document), HandoffOrigin::Extracted),
            _ => unreachable!("SOON"),
            _ => unreachable!("SOON"),
        };
        let limited = handoff::limit(words, HANDOFF_TOKENS);
        remarks.extend(limited.remarks);
        remarks.extend(self.result.remarks.iter().cloned());
        let facts = HandoffFacts {
            phase: self.plan.name.to_string(),
            origin,
            models: self.models(),
            deliverable: Some(deliverable.clone()),
            inputs: self.inputs(),
            files: Vec::new(),
            verifications: Vec::new(),
            remarks,
        };
        Ok(Handoff {
            words: limited.words,
            facts,
        })
    }

    fn own_words(&self) -> Result<Option<HandoffWords>, CloseError> {
        let Some(artifact) = &self.result.handoff else {
            return Ok(None);
        };
        let bytes = self.site.folder.read_artifact(artifact)?;
        // It was valid when it was collected; a digest that still fits says so.
        Ok(serde_json::from_slice(&bytes).ok())
    }

    fn models(&self) -> Vec<ModelName> {
        let call = self.history.call(&self.winner.call);
        call.and_then(|call| call.model())
            .cloned()
            .into_iter()
            .collect()
    }

    fn inputs(&self) -> Vec<String> {
        let call = self.history.call(&self.winner.call);
        let inputs = call
            .map(|call| call.spec.inputs.as_slice())
            .unwrap_or_default();
        let named = inputs.iter().filter_map(|input| match &input.source {
            InputSource::Request => Some("request".to_owned()),
            InputSource::Deliverable(phase) => Some(format!("{phase}.output")),
            InputSource::Handoff(phase) => Some(format!("{phase}.handoff")),
            InputSource::EarlierProposal(slot) => Some(format!("earlier proposal {slot}")),
            InputSource::Proposal(label) => Some(format!("proposal {label}")),
            InputSource::File(path) => Some(format!("file:{path}")),
            InputSource::Faulty | InputSource::Errors(_) => None,
            _ => unreachable!("SOON"),
        });
        named.collect()
    }

    fn verdict(&self) -> Option<PublishedVerdict> {
        let state = self.history.phase(&self.plan.name);
        let labels = state.and_then(|state| state.sealed.as_ref())?;
        let (judgement, judge) = match &self.winner.by {
            Decider::Judge(call) => (self.judgement(call), self.model_of(call)),
            Decider::Person | Decider::Only => (None, None),
        };
        let proposals = labels.iter().map(|(label, call)| {
            let behind = Behind {
                call: call.clone(),
                model: self.model_of(call),
            };
            (label.clone(), behind)
        });
        Some(PublishedVerdict {
            decision: judgement.as_ref().map(|judgement| judgement.decision),
            winner: self.winner.label.clone(),
            scores: judgement
                .as_ref()
                .map(|judgement| judgement.scores.clone())
                .unwrap_or_default(),
            rationale: judgement.map(|judgement| judgement.rationale),
            by: self.winner.by.clone(),
            judge,
            proposals: proposals.collect(),
        })
    }

    fn judgement(&self, by: &CallId) -> Option<Judgement> {
        match &self.history.call(by)?.result()?.answer {
            Answer::Judgement(judgement) => Some(judgement.clone()),
            Answer::Document | Answer::Invalid { .. } => None,
            _ => unreachable!("SOON"),
        }
    }

    fn model_of(&self, call: &CallId) -> Option<ModelName> {
        self.history.call(call)?.model().cloned()
    }
}

/// `phases/NN-NAME/verdict.json`: the judge's words, and who stands behind the labels.
#[derive(Debug, Serialize)]
struct PublishedVerdict {
    decision: Option<crate::model::Decision>,
    winner: Option<Label>,
    scores: BTreeMap<Label, BTreeMap<String, f64>>,
    rationale: Option<String>,
    by: Decider,
    judge: Option<ModelName>,
    proposals: BTreeMap<Label, Behind>,
}

#[derive(Debug, Serialize)]
struct Behind {
    call: CallId,
    model: Option<ModelName>,
}

fn to_json(value: &impl Serialize) -> Vec<u8> {
    let mut json = serde_json::to_vec_pretty(value).expect("plain data with text keys");
    json.push(b'\n');
    json
}
