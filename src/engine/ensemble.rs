//! An `ensemble` phase: several propose, the proposals are sealed and blinded, one judges.

use crate::judge;
use crate::model::{
    Answer, CallId, CallInput, CallSpec, Contract, Decider, Decision, Event, Failure, FailureKind,
    Ground, InputSource, Judgement, Label, Millis, ModelName, PersonAnswer, PhaseName, Profile,
    Purpose, Question, Timestamp,
};
use crate::plan::{EnsembleMode, PhasePlan, Plan};

use super::decide::create;
use super::spec::{self, Draft};
use super::{CallState, CallStatus, History, PhaseState};

/// An ensemble with everything its decisions depend on.
pub struct Ensemble<'a> {
    pub plan: &'a Plan,
    pub phase: &'a PhasePlan,
    pub proposers: &'a [Vec<ModelName>],
    pub judge: &'a [ModelName],
    pub mode: EnsembleMode,
    pub quorum: u32,
    pub quorum_named: bool,
    pub straggler_timeout: Millis,
    pub history: &'a History,
    pub state: &'a PhaseState,
}

/// Where the judging stands.
enum Judging {
    /// A call is under way.
    Pending,
    /// This call comes next.
    Next(CallSpec),
    /// A valid verdict.
    Decided {
        /// The call that gave it: a judge, or the repair of its verdict.
        by: CallId,
        /// The judge's call, which holds the synthesis if there is one.
        judge: CallId,
        verdict: Judgement,
    },
    /// No judge gave a usable one; why, the last one's reason.
    Exhausted(String),
}

impl Ensemble<'_> {
    /// What follows next in the phase; empty while something is under way.
    pub fn next(&self, now: Timestamp) -> Vec<Event> {
        if let Some(labels) = &self.state.sealed {
            return self.after_sealing(labels);
        }
        let created = self.create_proposals();
        if !created.is_empty() {
            return created;
        }
        self.seal(now)
    }

    fn create_proposals(&self) -> Vec<Event> {
        let missing = (1u32..).zip(self.proposers).filter_map(|(slot, chain)| {
            let known = self.history.call(&proposal_id(&self.phase.name, slot));
            known.is_none().then_some((slot, chain))
        });
        match self.mode {
            EnsembleMode::Parallel => missing
                .map(|(slot, chain)| self.propose(slot, chain))
                .collect(),
            EnsembleMode::Sequential => {
                let waiting = self.proposals().any(|call| !call.is_over());
                let next = missing.take(usize::from(!waiting));
                next.map(|(slot, chain)| self.propose(slot, chain))
                    .collect()
            }
        }
    }

    fn propose(&self, slot: u32, chain: &[ModelName]) -> Event {
        let mut inputs = spec::inputs(self.plan, self.phase, self.history);
        if self.mode == EnsembleMode::Sequential {
            inputs.extend(self.proposals().filter_map(|call| {
                let artifact = call.result()?.deliverable.clone();
                Some(CallInput {
                    source: InputSource::EarlierProposal(call.spec.slot),
                    artifact,
                })
            }));
        }
        let call = Draft {
            purpose: Purpose::Propose,
            slot,
            chain: chain.to_vec(),
            inputs,
            contract: Contract::Document,
            task: None,
            edits: None,
            profile: Profile::Reader,
            ground: Ground::Snapshot,
        };
        create(call.into_call(self.phase), self.history)
    }

    /// The proposals' calls that exist, by slot.
    fn proposals(&self) -> impl Iterator<Item = &CallState> {
        (1u32..)
            .zip(self.proposers)
            .filter_map(|(slot, _)| self.history.call(&proposal_id(&self.phase.name, slot)))
    }

    fn seal(&self, now: Timestamp) -> Vec<Event> {
        let done: Vec<CallId> = self
            .proposals()
            .filter(|call| call.result().is_some())
            .map(|call| call.spec.id.clone())
            .collect();
        let created = self.proposals().count();
        let all_over = created == self.proposers.len() && self.proposals().all(CallState::is_over);
        let phase = self.phase.name.clone();
        if all_over && done.len() < self.needed() {
            return vec![Event::PhaseFailed {
                phase,
                failure: self.too_few(done.len()),
            }];
        }
        let quorum_in = done.len() >= usize::try_from(self.quorum).unwrap_or(usize::MAX);
        let in_time = self.state.straggler_limit.is_none_or(|limit| now < limit);
        match (all_over, quorum_in, self.state.straggler_limit) {
            (false, true, None) => {
                let until = now.after(self.straggler_timeout);
                vec![Event::QuorumReached { phase, until }]
            }
            (false, _, _) if !quorum_in || in_time => Vec::new(),
            _ => {
                let labels = judge::blind(self.plan.seed, &phase, &done);
                vec![Event::ProposalsSealed { phase, labels }]
            }
        }
    }

    /// How many proposals there must be once all calls are over. Without a named quorum one failed
    /// proposer does not end the ensemble, but a single survivor of several does: nothing would be
    /// left to weigh.
    fn needed(&self) -> usize {
        if self.quorum_named {
            return usize::try_from(self.quorum).unwrap_or(usize::MAX);
        }
        self.proposers.len().min(2)
    }

    fn too_few(&self, done: usize) -> Failure {
        let failed = self.proposals().filter_map(|call| match &call.status {
            CallStatus::Failed(failure) => Some((&call.spec.id, failure)),
            CallStatus::Open | CallStatus::Running | CallStatus::Done(_) | CallStatus::Shelved => {
                None
            }
        });
        let mut kind = FailureKind::NoDeliverable;
        let mut reasons = Vec::new();
        let mut hint = None;
        for (id, failure) in failed {
            kind = failure.kind;
            hint = hint.or_else(|| failure.hint.clone());
            reasons.push(format!("{id}: {}", failure.message));
        }
        Failure {
            kind,
            message: format!(
                "{done} of {} proposals came in, {} are needed ({})",
                self.proposers.len(),
                self.needed(),
                reasons.join("; ")
            ),
            hint,
            retry_after: None,
        }
    }

    fn after_sealing(&self, labels: &[(Label, CallId)]) -> Vec<Event> {
        if let Some(PersonAnswer::Picked(label)) = &self.state.answered {
            return winner_by_label(&self.phase.name, labels, label, Decider::Person);
        }
        if self.state.asked.is_some() {
            return Vec::new();
        }
        match self.judging(labels) {
            Judging::Pending => Vec::new(),
            Judging::Next(call) => vec![create(call, self.history)],
            Judging::Decided { by, judge, verdict } => self.carry_out(labels, by, judge, verdict),
            Judging::Exhausted(reason) => self.ask(reason),
        }
    }

    fn carry_out(
        &self,
        labels: &[(Label, CallId)],
        by: CallId,
        judge: CallId,
        verdict: Judgement,
    ) -> Vec<Event> {
        let phase = self.phase.name.clone();
        match (verdict.decision, verdict.winner) {
            (Decision::Pick, Some(label)) => {
                winner_by_label(&phase, labels, &label, Decider::Judge(by))
            }
            (Decision::Synthesize, _) => vec![Event::WinnerChosen {
                phase,
                call: judge,
                label: None,
                by: Decider::Judge(by),
            }],
            (Decision::None | Decision::Pick, _) => self.ask(format!(
                "the judge found no proposal good enough: {}",
                verdict.rationale
            )),
        }
    }

    fn ask(&self, reason: String) -> Vec<Event> {
        vec![Event::PersonAsked {
            phase: self.phase.name.clone(),
            question: Question::PickWinner { reason },
        }]
    }

    /// Judges in the order of their chain; each may have its verdict mended once.
    fn judging(&self, labels: &[(Label, CallId)]) -> Judging {
        let mut reason = "no judge is configured".to_owned();
        for (slot, model) in (1u32..).zip(self.judge) {
            let call = self.judge_call(slot, model, labels);
            let Some(state) = self.history.call(&call.id) else {
                return Judging::Next(call);
            };
            match judged(state) {
                Judged::Pending => return Judging::Pending,
                Judged::Valid(verdict) => {
                    return Judging::Decided {
                        by: call.id.clone(),
                        judge: call.id,
                        verdict,
                    };
                }
                Judged::Failed(why) => reason = why,
                Judged::Invalid(errors) => {
                    let repair = self.repair_call(slot, model, labels, state, errors);
                    let Some(repaired) = self.history.call(&repair.id) else {
                        return Judging::Next(repair);
                    };
                    match judged(repaired) {
                        Judged::Pending => return Judging::Pending,
                        Judged::Valid(verdict) if has_its_document(&verdict, state) => {
                            return Judging::Decided {
                                by: repair.id,
                                judge: call.id,
                                verdict,
                            };
                        }
                        Judged::Valid(_) => {
                            "the judge says it wrote a synthesis, but left none"
                                .clone_into(&mut reason);
                        }
                        Judged::Failed(why) => reason = why,
                        Judged::Invalid(errors) => {
                            reason = format!("the verdict is not valid: {}", errors.join("; "));
                        }
                    }
                }
            }
        }
        Judging::Exhausted(reason)
    }

    fn judge_call(&self, slot: u32, model: &ModelName, labels: &[(Label, CallId)]) -> CallSpec {
        let mut inputs = spec::inputs(self.plan, self.phase, self.history);
        inputs.extend(labels.iter().map(|(label, call)| {
            CallInput {
                source: InputSource::Proposal(label.clone()),
                artifact: self
                    .history
                    .call(call)
                    .and_then(CallState::result)
                    .and_then(|result| result.deliverable.clone()),
            }
        }));
        Draft {
            purpose: Purpose::Judge,
            slot,
            chain: vec![model.clone()],
            inputs,
            contract: judgement_of(labels),
            task: None,
            edits: None,
            profile: Profile::Reader,
            ground: Ground::Snapshot,
        }
        .into_call(self.phase)
    }

    fn repair_call(
        &self,
        slot: u32,
        model: &ModelName,
        labels: &[(Label, CallId)],
        judge: &CallState,
        errors: &[String],
    ) -> CallSpec {
        let faulty = judge.result().and_then(|result| result.structured.clone());
        Draft {
            purpose: Purpose::Repair,
            slot,
            chain: vec![model.clone()],
            inputs: vec![
                CallInput {
                    source: InputSource::Faulty,
                    artifact: faulty,
                },
                CallInput {
                    source: InputSource::Errors(errors.to_vec()),
                    artifact: None,
                },
            ],
            contract: judgement_of(labels),
            task: None,
            edits: None,
            profile: Profile::Scribe,
            ground: Ground::Empty,
        }
        .into_call(self.phase)
    }
}

/// What came of a call that had to give a verdict.
enum Judged<'a> {
    Pending,
    Valid(Judgement),
    Invalid(&'a [String]),
    Failed(String),
}

fn judged(call: &CallState) -> Judged<'_> {
    match &call.status {
        CallStatus::Open | CallStatus::Running | CallStatus::Shelved => Judged::Pending,
        CallStatus::Failed(failure) => Judged::Failed(failure.message.clone()),
        CallStatus::Done(result) => match &result.answer {
            Answer::Judgement(verdict) => Judged::Valid(verdict.clone()),
            Answer::Invalid { errors } => Judged::Invalid(errors),
            Answer::Document => Judged::Failed("the judge left no verdict".to_owned()),
            _ => unreachable!("SOON"),
        },
    }
}

fn has_its_document(verdict: &Judgement, judge: &CallState) -> bool {
    verdict.decision != Decision::Synthesize
        || judge
            .result()
            .is_some_and(|result| result.deliverable.is_some())
}

fn judgement_of(labels: &[(Label, CallId)]) -> Contract {
    Contract::Judgement {
        labels: labels.iter().map(|(label, _)| label.clone()).collect(),
    }
}

fn winner_by_label(
    phase: &PhaseName,
    labels: &[(Label, CallId)],
    label: &Label,
    by: Decider,
) -> Vec<Event> {
    let winner = labels.iter().find(|(candidate, _)| candidate == label);
    winner
        .map(|(label, call)| Event::WinnerChosen {
            phase: phase.clone(),
            call: call.clone(),
            label: Some(label.clone()),
            by,
        })
        .into_iter()
        .collect()
}

fn proposal_id(phase: &PhaseName, slot: u32) -> CallId {
    CallId::new(format!("{phase}.propose-{slot}"))
}
