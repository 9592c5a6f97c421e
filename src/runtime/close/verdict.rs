//! `phases/NN-NAME/verdict.json`: a judge's words and who is behind the labels, or an audit.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::{Answer, CallId, Decider, Decision, Label, ModelName};
use crate::run::CallState;

use super::{CloseError, Phase, to_json};

/// A judge's verdict, unblinded.
#[derive(Debug, Serialize)]
struct PublishedVerdict {
    decision: Option<Decision>,
    winner: Option<Label>,
    scores: BTreeMap<Label, BTreeMap<String, f64>>,
    rationale: Option<String>,
    by: Decider,
    judge: Option<ModelName>,
    proposals: BTreeMap<Label, Behind>,
}

/// Who is behind a label.
#[derive(Debug, Serialize)]
struct Behind {
    call: CallId,
    model: Option<ModelName>,
}

impl Phase<'_> {
    /// The phase's verdict as JSON, if it has one.
    pub(super) fn verdict(&self) -> Result<Option<Vec<u8>>, CloseError> {
        if let Answer::Audit(audit) = &self.result.answer {
            return Ok(Some(to_json(audit)));
        }
        Ok(self.unblinded().map(|verdict| to_json(&verdict)))
    }

    fn unblinded(&self) -> Option<PublishedVerdict> {
        let labels = self.state.sealed()?;
        let (judgement, judge) = match &self.winner.by {
            Decider::Judge(call) => {
                let judge = self.run.call(call);
                (judge.and_then(CallState::judgement), self.model_of(call))
            }
            Decider::Person | Decider::Evidence | Decider::Only => (None, None),
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
}
