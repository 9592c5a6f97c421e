//! An `ensemble` phase until its proposals are in: several propose, the proposals are sealed and blinded.

use crate::judge;
use crate::model::{
    CallId, CallInput, Failure, FailureKind, InputSource, Millis, ModelName, Purpose, Timestamp,
};
use crate::plan::{EnsembleMode, Judging, OnNone, PhaseKind};
use crate::run::{CallState, CallStatus, Event, PhaseEvent};

use super::after_sealing;
use super::evidence::{self, Gate};
use super::phase_context::{CallBuilder, PhaseContext};
use super::policy::{self, Next};

/// An ensemble with everything its decisions depend on.
pub struct Ensemble<'a> {
    pub context: PhaseContext<'a>,
    pub proposers: &'a [Vec<ModelName>],
    pub judge: &'a Judging,
    pub mode: EnsembleMode,
    pub quorum: u32,
    pub quorum_named: bool,
    pub straggler_timeout: Millis,
    pub on_none: OnNone,
}

impl<'a> Ensemble<'a> {
    /// The phase, if it is one.
    pub fn of(context: PhaseContext<'a>) -> Option<Self> {
        let PhaseKind::Ensemble {
            proposers,
            judge,
            mode,
            quorum,
            quorum_named,
            straggler_timeout,
            on_none,
            ..
        } = &context.phase.kind
        else {
            return None;
        };
        Some(Self {
            context,
            proposers,
            judge,
            mode: *mode,
            quorum: *quorum,
            quorum_named: *quorum_named,
            straggler_timeout: *straggler_timeout,
            on_none: *on_none,
        })
    }
}

impl Ensemble<'_> {
    /// Whether the proposals that are in can be judged without those that are to come.
    ///
    /// # Errors
    /// Why not.
    pub fn may_go_on(&self) -> Result<(), String> {
        let phase = &self.context.phase.name;
        let (done, needed) = (self.done().len(), self.needed());
        if self.context.state.begun().is_none() || self.context.state.sealed().is_some() {
            return Err(format!("phase `{phase}` waits for no stragglers"));
        }
        match done >= needed {
            true => Ok(()),
            false => Err(format!(
                "{done} of {needed} proposals are in that are needed to go on"
            )),
        }
    }

    fn drops_stragglers(&self) -> bool {
        let round = self.context.state.begun();
        round.is_some_and(|round| round.drops_stragglers) && self.done().len() >= self.needed()
    }

    /// The proposals that are in.
    fn done(&self) -> Vec<CallId> {
        let done = self.proposals().filter(|call| call.result().is_some());
        done.map(|call| call.spec.id.clone()).collect()
    }

    /// What follows next in the phase; empty while something is under way.
    pub fn next(&self, now: Timestamp) -> Vec<Event> {
        if let Some(sealed) = self.context.state.sealed() {
            if self.context.phase.edits {
                let gate = Gate {
                    context: self.context,
                    proposers: self.proposers,
                    judge: self.judge,
                    on_none: self.on_none,
                };
                return evidence::after_sealing(&gate, sealed);
            }
            return after_sealing::after_sealing(&self.context, self.judge, sealed);
        }
        if self.drops_stragglers() {
            return self.sealed_with(&self.done());
        }
        let created = self.create_proposals(now);
        if !created.is_empty() {
            return created;
        }
        self.seal(now)
    }

    fn create_proposals(&self, now: Timestamp) -> Vec<Event> {
        let missing = (1u32..)
            .zip(self.proposers)
            .filter(|(slot, _)| self.proposal(*slot).is_none());
        match self.mode {
            EnsembleMode::Parallel => missing
                .map(|(slot, chain)| self.propose(slot, chain))
                .collect(),
            EnsembleMode::Sequential => {
                let waiting = self.proposals().any(|call| !self.is_over(call, now));
                let next = missing.take(usize::from(!waiting));
                next.map(|(slot, chain)| self.propose(slot, chain))
                    .collect()
            }
        }
    }

    fn propose(&self, slot: u32, chain: &[ModelName]) -> Event {
        if self.context.phase.edits {
            let builder = self.context.editor(Purpose::Propose, slot, chain);
            return self.context.create(self.context.call(builder));
        }
        let mut inputs = self.context.inputs();
        if self.mode == EnsembleMode::Sequential {
            inputs.extend(self.proposals().filter_map(|call| {
                let artifact = call.result()?.deliverable.clone();
                Some(CallInput {
                    source: InputSource::EarlierProposal(call.spec.slot),
                    artifact,
                })
            }));
        }
        let workspace = self.context.workspace();
        let builder = CallBuilder::reader(Purpose::Propose, slot, chain.to_vec(), workspace);
        self.context
            .create(self.context.call(CallBuilder { inputs, ..builder }))
    }

    fn proposal(&self, slot: u32) -> Option<&CallState> {
        self.context
            .run
            .call(&self.context.id(Purpose::Propose, &slot.to_string()))
    }

    /// The proposals' calls that exist, by slot.
    fn proposals(&self) -> impl Iterator<Item = &CallState> {
        (1u32..)
            .zip(self.proposers)
            .filter_map(|(slot, _)| self.proposal(slot))
    }

    /// Whether nothing comes of it for now: it ended, or waits for the account of each of its models.
    fn is_over(&self, call: &CallState, now: Timestamp) -> bool {
        let PhaseContext { phase, run, .. } = self.context;
        let next = || policy::next(call, &phase.substitutes, run, now);
        let is_parked = || matches!(next(), Next::Parked(_));
        call.is_over() || call.status == CallStatus::Open && is_parked()
    }

    fn seal(&self, now: Timestamp) -> Vec<Event> {
        let done = self.done();
        let created = self.proposals().count();
        let all_over =
            created == self.proposers.len() && self.proposals().all(|call| self.is_over(call, now));
        let phase = self.context.phase.name.clone();
        if all_over && done.len() < self.needed() {
            // Those whose accounts are parked may still come in.
            return match self.proposals().all(CallState::is_over) {
                true => self.context.fails(self.too_few(done.len())),
                false => Vec::new(),
            };
        }
        let quorum_in = done.len() >= usize::try_from(self.quorum).unwrap_or(usize::MAX);
        let limit = self.context.state.straggler_limit();
        let in_time = limit.is_none_or(|limit| now < limit);
        match (all_over, quorum_in, limit) {
            (false, true, None) => {
                let until = now.after(self.straggler_timeout);
                vec![PhaseEvent::QuorumReached { until }.of(phase)]
            }
            (false, _, _) if !quorum_in || in_time => Vec::new(),
            _ => self.sealed_with(&done),
        }
    }

    fn sealed_with(&self, done: &[CallId]) -> Vec<Event> {
        let phase = self.context.phase.name.clone();
        let labels = judge::blind(self.context.plan.seed, phase.as_str(), done);
        vec![PhaseEvent::ProposalsSealed { labels }.of(phase)]
    }

    /// How many proposals there must be once all calls are over. Without a named quorum one failed
    /// proposer does not end the ensemble, but a single survivor of several does: nothing would be
    /// left to weigh. Commands weigh a single candidate, too.
    fn needed(&self) -> usize {
        // What a limit had left out is not waited for.
        let mut failed = self.proposals().filter_map(|call| match &call.status {
            CallStatus::Failed(failure) => Some(failure.kind),
            CallStatus::Open | CallStatus::Running | CallStatus::Done(_) => None,
        });
        if failed.any(|kind| kind == FailureKind::Limit) {
            return 1;
        }
        if self.quorum_named {
            return usize::try_from(self.quorum).unwrap_or(usize::MAX);
        }
        let proved = self.context.phase.edits && !self.context.phase.verify.is_empty();
        self.proposers.len().min(if proved { 1 } else { 2 })
    }

    fn too_few(&self, done: usize) -> Failure {
        let failed = self.proposals().filter_map(|call| match &call.status {
            CallStatus::Failed(failure) => Some((&call.spec.id, failure)),
            CallStatus::Open | CallStatus::Running | CallStatus::Done(_) => None,
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
}
