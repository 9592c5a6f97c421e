//! What is shown of a run: its plan beside its state.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::model::{
    CallId, Closing, Criterion, Failure, FailureKind, Label, Millis, ModelName, PhaseName, Purpose,
    Question, RunEnd, Timestamp, Usage,
};
use crate::plan::{PhaseKind, PhasePlan, Plan};
use crate::run::{CallState, CallStatus, PhaseState, Record, RunState, Stage};

#[derive(Debug, Clone)]
pub struct RunView {
    pub plan: Plan,
    pub state: RunState,
    /// Lines that the run added and removed in all, by file, as git counts them where several calls changed one; may
    /// be empty.
    pub net: BTreeMap<String, Option<(u64, u64)>>,
    /// What is known of a phase that the run has not come to.
    untouched: PhaseState,
}

#[derive(Debug, Clone, Copy)]
pub struct PhaseView<'a> {
    pub plan: &'a PhasePlan,
    pub state: &'a PhaseState,
}

/// How far a run is, by its journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStatus {
    Planned,
    /// A supervisor began and has not said that it stopped.
    UnderWay,
    Ended(RunEnd),
}

/// Whether a supervisor holds the run now; the journal alone cannot tell (it may have been killed).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Supervisor {
    Alive,
    Gone,
}

/// How far a phase is, in a word.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PhaseStatus<'a> {
    Waiting,
    Running,
    Asking(&'a Question),
    Closed(&'a Closing),
    Failed(&'a Failure),
    /// Left out, because this condition does not hold.
    Skipped(&'a str),
}

/// How far a call is, in a word.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CallProgress<'a> {
    /// No attempt runs; one will, as soon as it may.
    Waiting,
    Running,
    /// The next attempt comes not before this time.
    Retrying(Timestamp),
    /// It was stopped at its checkpoint; another call goes on with its work.
    Stopped,
    Done,
    /// It takes the result of a finished call.
    Reused(&'a CallId),
    /// It ended for good without a result.
    Failed(&'a Failure),
    /// tipstaff ended it: a straggler, or the user interrupted.
    Cancelled(&'a Failure),
}

/// Sums over a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    pub attempts: u64,
    pub usage: Usage,
    /// Wall-clock time while a supervisor worked on the run.
    pub wall: Millis,
}

impl RunView {
    /// The run after all these records.
    pub fn replay(plan: &Plan, records: &[Record]) -> Self {
        let view = Self {
            plan: plan.clone(),
            state: RunState::of(records),
            net: BTreeMap::new(),
            untouched: PhaseState::default(),
        };
        match view.state.ended() {
            Some(_) => view.without_supervisor(),
            None => view,
        }
    }

    /// The run as it is when no supervisor works on it, whatever its journal says: what was under way is
    /// interrupted.
    pub fn without_supervisor(self) -> Self {
        Self {
            state: self.state.without_supervisor(),
            ..self
        }
    }

    /// Takes one more record in.
    pub fn apply(&mut self, record: &Record) {
        self.state.apply(record.at, &record.event);
    }

    pub fn status(&self) -> RunStatus {
        match (&self.state.id, self.state.ended()) {
            (None, _) => RunStatus::Planned,
            (Some(_), None) => RunStatus::UnderWay,
            (Some(_), Some(end)) => RunStatus::Ended(end),
        }
    }

    /// Until when it is parked.
    pub fn parked_until(&self) -> Option<Timestamp> {
        let stopped = self.state.limit().is_some() || self.state.interrupted().is_some();
        let failed = self
            .phases()
            .any(|phase| matches!(phase.status(), PhaseStatus::Failed(_)));
        let status = self.status();
        let may_be = matches!(
            status,
            RunStatus::UnderWay | RunStatus::Ended(RunEnd::Limited)
        );
        let until = self.state.parked_until();
        until.filter(|_| may_be && !stopped && !failed)
    }

    /// Its name; empty before it began.
    pub fn run(&self) -> &str {
        self.state.id.as_ref().map_or("", |run| run.as_str())
    }

    /// Its phases, in the plan's order.
    pub fn phases(&self) -> impl Iterator<Item = PhaseView<'_>> {
        let state = |plan: &PhasePlan| self.state.phase(&plan.name);
        self.plan.phases.iter().map(move |plan| PhaseView {
            plan,
            state: state(plan).unwrap_or(&self.untouched),
        })
    }

    pub fn phase(&self, name: &PhaseName) -> Option<PhaseView<'_>> {
        self.phases().find(|phase| phase.name() == name)
    }

    /// How often a phase may send the run back when its verdict is fail, if it may.
    pub fn max_loops(&self, phase: PhaseView<'_>) -> Option<u32> {
        let rule = phase.plan.on_fail.as_ref()?;
        Some(rule.max.saturating_add(phase.state.rounds_added))
    }

    /// Sums over the run. `now` counts only while a supervisor works on it.
    pub fn totals(&self, now: Timestamp) -> Totals {
        let spent = self.state.spent();
        Totals {
            attempts: spent.attempts,
            usage: spent.usage,
            wall: self.state.worked(now),
        }
    }
}

impl<'a> PhaseView<'a> {
    pub fn name(&self) -> &'a PhaseName {
        &self.plan.name
    }

    /// Which call is behind each label, once the proposals are sealed.
    pub fn labels(&self) -> &'a [(Label, CallId)] {
        self.state.sealed().unwrap_or_default()
    }

    /// What proposals get points for, if the workflow says so.
    pub fn criteria(&self) -> &'a [Criterion] {
        match &self.plan.kind {
            PhaseKind::Ensemble { judge, .. } => &judge.criteria,
            PhaseKind::Single { .. } | PhaseKind::Routed { .. } | PhaseKind::Parallel { .. } => &[],
        }
    }

    /// Whether its judges name what the winner is to take over of the others.
    pub fn grafts(&self) -> bool {
        matches!(&self.plan.kind, PhaseKind::Ensemble { judge, .. } if judge.grafts)
    }

    /// How far it is, in its present round.
    pub fn status(&self) -> PhaseStatus<'a> {
        let state = self.state;
        match (&state.asked, state.failure(), &state.stage) {
            (Some(question), ..) => PhaseStatus::Asking(question),
            (None, Some(failure), _) => PhaseStatus::Failed(failure),
            (None, None, Stage::Pending) => PhaseStatus::Waiting,
            (None, None, Stage::Skipped(condition)) => PhaseStatus::Skipped(condition),
            (None, None, Stage::Begun(_)) => match state.closed() {
                Some(closing) => PhaseStatus::Closed(closing),
                None => PhaseStatus::Running,
            },
        }
    }
}

pub fn progress(call: &CallState) -> CallProgress<'_> {
    if let Some(failure) = call.failure() {
        return match failure.kind {
            FailureKind::Cancelled => CallProgress::Cancelled(failure),
            _ => CallProgress::Failed(failure),
        };
    }
    match (&call.status, &call.reused, call.not_before) {
        (CallStatus::Done(_), Some(from), _) => CallProgress::Reused(from),
        (CallStatus::Done(result), None, _) => match result.stopped() {
            Some(_) => CallProgress::Stopped,
            None => CallProgress::Done,
        },
        (CallStatus::Open, _, Some(until)) => CallProgress::Retrying(until),
        (CallStatus::Running, ..) => CallProgress::Running,
        (CallStatus::Open | CallStatus::Failed(_), ..) => CallProgress::Waiting,
    }
}

/// Whether something is still to come from a call.
pub fn is_open(call: &CallState) -> bool {
    matches!(call.status, CallStatus::Open | CallStatus::Running) && call.failure().is_none()
}

/// A call's name without the phase's: `propose-2` of `plan.propose-2`; a task's with its title:
/// `T1.2 Count requests` of `execute.task-T1.2`.
pub fn short_name(call: &CallState) -> Cow<'_, str> {
    let spec = &call.spec;
    let id = spec.id.as_str();
    let place = id
        .strip_prefix(spec.phase.as_str())
        .and_then(|rest| rest.strip_prefix('.'))
        .unwrap_or(id);
    match (spec.purpose, &spec.task) {
        (Purpose::Task, Some(task)) => {
            let try_of_task = place.strip_prefix("task-").unwrap_or(place);
            format!("{try_of_task} {}", task.title).into()
        }
        (_, _) => place.into(),
    }
}

/// The model of a call's last attempt, else its first choice.
pub fn model(call: &CallState) -> Option<&ModelName> {
    call.model().or_else(|| call.spec.chain.first())
}

/// What all attempts of a call used.
pub fn usage(call: &CallState) -> Usage {
    let used = call.attempts.iter().map(|attempt| attempt.usage);
    used.fold(Usage::default(), |sum, usage| sum + usage)
}

#[cfg(test)]
#[path = "view_tests.rs"]
mod tests;
