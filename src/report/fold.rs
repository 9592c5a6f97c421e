//! The fold of a plan and its records that everything else in this room shows.
//!
//! Pure and total: records that make no sense (a call nobody created) are passed over, because a
//! display must never be what stops a run.

use crate::model::{
    CallId, CallSpec, Documents, Event, HeldChange, Millis, ReachedLimit, Record, Results, RunEnd,
    RunId, RunLimits, Timestamp, Unmerged,
};
use crate::plan::{Plan, Rehearsal};

use super::view::{CallState, CallView, PhaseState, PhaseView, RunState};
use super::view_work::{LoopView, Standing};

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
    pub limit: Option<ReachedLimit>,
    /// The signal that interrupted it last, if one did.
    pub signal: Option<String>,
    /// Its phases, in the plan's order.
    pub phases: Vec<PhaseView>,
    /// Its calls, in the order they were created.
    pub calls: Vec<CallView>,
    /// The times that an audit sent it back, oldest first.
    pub loops: Vec<LoopView>,
    /// The git tree that it began with.
    pub base: Option<String>,
    /// The git tree that holds its changes so far; `base` as long as there are none.
    pub tree: Option<String>,
    /// If its models are scripted.
    pub rehearsal: Option<Rehearsal>,
    /// Its documents so far.
    pub(super) documents: Documents,
    /// What the user's working tree holds of it, and how many files that changed.
    pub(super) in_project: (Results, u64),
    /// Files that a person's last `apply` or `undo` could not merge.
    pub unmerged: Unmerged,
    /// What the last delivery held back.
    pub held: Vec<HeldChange>,
    /// What became of its results, once that is decided, and which ones those were.
    pub(super) decided: Option<(Results, Standing)>,
    /// Wall-clock time of the supervisors' earlier work.
    pub(super) worked: Millis,
}

impl RunView {
    /// A run that has not begun.
    pub fn new(plan: &Plan) -> Self {
        let phase = |phase| PhaseView::new(plan, phase);
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
            loops: Vec::new(),
            base: None,
            tree: None,
            rehearsal: plan.rehearsal.clone(),
            documents: Documents::new(),
            in_project: Default::default(),
            unmerged: Unmerged::default(),
            held: Vec::new(),
            decided: None,
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

    /// The run as it is when no supervisor works on it, whatever its journal says: what was under way is
    /// interrupted.
    pub fn without_supervisor(mut self) -> Self {
        let last = self.last.unwrap_or_default();
        for call in &mut self.calls {
            call.abandoned(last);
        }
        self
    }

    /// Takes one more record in.
    pub fn apply(&mut self, record: &Record) {
        let at = record.at;
        match &record.event {
            Event::RunStarted {
                run, version, base, ..
            } => self.run_started(run, version, base, at),
            Event::RunResumed { version } => self.run_resumed(version, at),
            Event::LimitReached { limit, phase } => {
                self.limit = Some(ReachedLimit {
                    limit: limit.clone(),
                    phase: phase.clone(),
                });
            }
            Event::LimitsRaised { limits, .. } => self.limits = *limits,
            // Which model an attempt uses stands with the attempt.
            Event::ModelReplaced { .. } => {}
            Event::RunInterrupted { signal } => self.signal = Some(signal.clone()),
            Event::RunEnded { end } => self.run_ended(*end, at),
            Event::PhaseStarted { .. }
            | Event::QuorumReached { .. }
            | Event::ProposalsSealed { .. }
            | Event::WinnerChosen { .. }
            | Event::PhaseClosed { .. }
            | Event::PhaseFailed { .. }
            | Event::PhaseSkipped { .. }
            | Event::PersonAsked { .. }
            | Event::PersonAnswered { .. }
            | Event::DocumentEdited { .. }
            | Event::RoundsAdded { .. }
            | Event::LoopedBack { .. } => self.apply_to_phase(&record.event, at),
            Event::VerifyStarted { .. }
            | Event::Verified { .. }
            | Event::TaskDone { .. }
            | Event::TaskFailed { .. }
            | Event::ChangesApplied { .. }
            | Event::ChangesKept { .. }
            | Event::ChangesUndone { .. } => self.apply_to_work(&record.event, at),
            Event::CallCreated { .. } | Event::CallReused { .. } => {
                self.apply_to_call(&record.event, at);
                self.apply_to_work(&record.event, at);
            }
            Event::CallFailed { .. }
            | Event::RetryScheduled { .. }
            | Event::AttemptStarted { .. }
            | Event::AttemptSpawned { .. }
            | Event::AttemptProgressed { .. }
            | Event::AttemptSucceeded { .. }
            | Event::AttemptFailed { .. } => self.apply_to_call(&record.event, at),
        }
        // Nobody worked on the run until a person did something about its results.
        if !record.event.is_by_hand() {
            self.last = Some(at);
        }
    }

    fn run_started(&mut self, run: &RunId, version: &str, base: &str, at: Timestamp) {
        self.base = Some(base.to_owned());
        self.tree = Some(base.to_owned());
        self.in_project = (self.before(), 0);
        self.run = Some(run.clone());
        version.clone_into(&mut self.version);
        self.state = RunState::UnderWay;
        self.started = Some(at);
        self.session = Some(at);
    }

    fn run_resumed(&mut self, version: &str, at: Timestamp) {
        let last = self.last.unwrap_or(at);
        self.session_over(last);
        self.decided
            .take_if(|(_, standing)| !matches!(standing, Standing::Applied { .. }));
        for phase in &mut self.phases {
            phase.taken_up_again();
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
        // Nobody worked on it while it waited for an answer.
        let asked = self.questions().next().and(self.last);
        self.session_over(asked.unwrap_or(at));
        self.state = RunState::Ended(end);
    }

    fn session_over(&mut self, at: Timestamp) {
        self.worked = self.totals(at).wall;
        for call in &mut self.calls {
            call.abandoned(at);
        }
    }

    /// A call that failed in an earlier session is decided upon anew: its attempts still count.
    pub(super) fn add_call(&mut self, spec: &CallSpec, state: CallState) {
        if let Some(known) = self.calls.iter_mut().find(|call| call.id == spec.id) {
            known.state = state;
            return;
        }
        let round = self.phase(&spec.phase).map_or(1, PhaseView::round);
        self.calls.push(CallView {
            id: spec.id.clone(),
            phase: spec.phase.clone(),
            purpose: spec.purpose,
            slot: spec.slot,
            chain: spec.chain.clone(),
            task: spec.task.clone(),
            round,
            continues: spec.continues.clone(),
            state,
            attempts: Vec::new(),
        });
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
