//! The fold of a plan and its records that everything else in this room shows.
//!
//! Pure and total: records that make no sense (a call nobody created) are passed over, because a
//! display must never be what stops a run.

use crate::model::{
    CallId, CallSpec, Decider, Event, Label, Millis, PhaseName, Record, RunEnd, RunId, RunLimits,
    Timestamp,
};
use crate::plan::Plan;

use super::view::{CallState, CallView, PhaseState, PhaseView, RunState, Winner};

/// A run as it stands after some of its records.
#[derive(Debug, Clone, PartialEq)]
pub struct RunView {
    /// The run, once it began.
    pub run: Option<RunId>,
    /// The version of tipstaff that worked on it last.
    pub version: String,
    /// The workflow's name.
    pub workflow: String,
    /// What the user asked for.
    pub request: String,
    /// How far it is.
    pub state: RunState,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When the supervisor's present (or last) work on it began.
    pub session: Option<Timestamp>,
    /// When its last record was written.
    pub last: Option<Timestamp>,
    /// Its limits, as raised.
    pub limits: RunLimits,
    /// The limit that stopped it last, if one did.
    pub limit: Option<String>,
    /// The signal that interrupted it last, if one did.
    pub signal: Option<String>,
    /// Its phases, in the plan's order.
    pub phases: Vec<PhaseView>,
    /// Its calls, in the order they were created.
    pub calls: Vec<CallView>,
    /// Wall-clock time of the supervisors' earlier work.
    pub(super) worked: Millis,
}

impl RunView {
    /// A run that has not begun.
    pub fn new(plan: &Plan) -> Self {
        let phase = |phase: &crate::plan::PhasePlan| PhaseView {
            name: phase.name.clone(),
            description: phase.description.clone(),
            kind: phase.kind.clone(),
            folder: plan.phase_folder(&phase.name).unwrap_or_default(),
            state: PhaseState::Waiting,
            started: None,
            ended: None,
            idle: Millis::default(),
            stragglers_until: None,
            labels: Vec::new(),
            winner: None,
        };
        Self {
            run: None,
            version: String::new(),
            workflow: plan.workflow.clone(),
            request: plan.request.clone(),
            state: RunState::Planned,
            started: None,
            session: None,
            last: None,
            limits: plan.limits,
            limit: None,
            signal: None,
            phases: plan.phases.iter().map(phase).collect(),
            calls: Vec::new(),
            worked: Millis::default(),
        }
    }

    /// The run after all these records.
    pub fn replay(plan: &Plan, records: &[Record]) -> Self {
        let mut view = Self::new(plan);
        for record in records {
            view.apply(record);
        }
        view
    }

    /// Takes one more record in.
    pub fn apply(&mut self, record: &Record) {
        let at = record.at;
        match &record.event {
            Event::RunStarted { run, version, .. } => self.run_started(run, version, at),
            Event::RunResumed { version } => self.run_resumed(version, at),
            Event::LimitReached { limit } => self.limit = Some(limit.clone()),
            Event::LimitsRaised { limits } => self.limits = *limits,
            Event::RunInterrupted { signal } => self.signal = Some(signal.clone()),
            Event::RunEnded { end } => self.run_ended(*end, at),
            Event::PhaseStarted { phase } => self.on_phase(phase, |phase| {
                phase.state = PhaseState::Running;
                phase.started.get_or_insert(at);
            }),
            Event::QuorumReached { phase, until } => {
                self.on_phase(phase, |phase| phase.stragglers_until = Some(*until));
            }
            Event::ProposalsSealed { phase, labels } => self.on_phase(phase, |phase| {
                phase.stragglers_until = None;
                phase.labels.clone_from(labels);
            }),
            Event::WinnerChosen {
                phase,
                call,
                label,
                by,
            } => self.winner_chosen(phase, call, label.as_ref(), by),
            Event::PhaseClosed { phase, closing } => {
                self.phase_ended(phase, PhaseState::Closed(closing.clone()), at);
            }
            Event::PhaseFailed { phase, failure } => {
                self.phase_ended(phase, PhaseState::Failed(failure.clone()), at);
            }
            Event::PersonAsked { phase, question } => {
                self.on_phase(phase, |phase| {
                    phase.state = PhaseState::Asking(question.clone());
                });
            }
            Event::PersonAnswered { phase, .. } => {
                self.on_phase(phase, |phase| phase.state = PhaseState::Running);
            }
            Event::CallCreated { .. }
            | Event::CallReused { .. }
            | Event::CallFailed { .. }
            | Event::RetryScheduled { .. }
            | Event::AttemptStarted { .. }
            | Event::AttemptSpawned { .. }
            | Event::AttemptProgressed { .. }
            | Event::AttemptSucceeded { .. }
            | Event::AttemptFailed { .. } => self.apply_to_call(&record.event, at),
        }
        self.last = Some(at);
    }

    fn run_started(&mut self, run: &RunId, version: &str, at: Timestamp) {
        self.run = Some(run.clone());
        version.clone_into(&mut self.version);
        self.state = RunState::UnderWay;
        self.started = Some(at);
        self.session = Some(at);
    }

    fn run_resumed(&mut self, version: &str, at: Timestamp) {
        let last = self.last.unwrap_or(at);
        self.session_over(last);
        for phase in &mut self.phases {
            if let PhaseState::Failed(_) = phase.state {
                phase.state = PhaseState::Running;
                phase.ended = None;
            }
            if phase.started.is_some() && phase.ended.is_none() {
                phase.idle.0 = phase.idle.0.saturating_add(at.since(last).0);
            }
        }
        version.clone_into(&mut self.version);
        self.state = RunState::UnderWay;
        self.session = Some(at);
        self.limit = None;
        self.signal = None;
    }

    fn run_ended(&mut self, end: RunEnd, at: Timestamp) {
        self.session_over(at);
        self.state = RunState::Ended(end);
    }

    fn session_over(&mut self, at: Timestamp) {
        self.worked = self.totals(at).wall;
        for call in &mut self.calls {
            call.abandoned(at);
        }
    }

    fn winner_chosen(
        &mut self,
        phase: &PhaseName,
        call: &CallId,
        label: Option<&Label>,
        by: &Decider,
    ) {
        self.on_phase(phase, |phase| {
            phase.winner = Some(Winner {
                call: call.clone(),
                label: label.cloned(),
                by: by.clone(),
            });
        });
    }

    fn phase_ended(&mut self, phase: &PhaseName, state: PhaseState, at: Timestamp) {
        self.on_phase(phase, |phase| {
            phase.state = state;
            phase.ended = Some(at);
        });
    }

    /// A call that failed in an earlier session is decided upon anew: its attempts still count.
    pub(super) fn add_call(&mut self, spec: &CallSpec, state: CallState) {
        if let Some(known) = self.calls.iter_mut().find(|call| call.id == spec.id) {
            known.state = state;
            return;
        }
        self.calls.push(CallView {
            id: spec.id.clone(),
            phase: spec.phase.clone(),
            purpose: spec.purpose,
            slot: spec.slot,
            chain: spec.chain.clone(),
            state,
            attempts: Vec::new(),
        });
    }

    fn on_phase(&mut self, name: &PhaseName, change: impl FnOnce(&mut PhaseView)) {
        if let Some(phase) = self.phases.iter_mut().find(|phase| &phase.name == name) {
            change(phase);
        }
    }

    pub(super) fn on_call(&mut self, id: &CallId, change: impl FnOnce(&mut CallView)) {
        if let Some(call) = self.calls.iter_mut().find(|call| &call.id == id) {
            change(call);
        }
    }
}

#[cfg(test)]
#[path = "fold_tests.rs"]
mod tests;
