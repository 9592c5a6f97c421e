//! What a run that is taken up again forgets, and what it keeps.

use std::collections::BTreeSet;

use crate::model::{
    Answer, CallId, CallResult, CallSpec, FailureKind, InputSource, PersonAnswer, PhaseName,
    TaskId, Timestamp,
};

use super::{CallStatus, Delivery, PhaseState, RunState, TaskEnd};

impl RunState {
    /// Nobody has worked on it from the last event until now, so neither did attempts under way.
    pub(super) fn left_alone(&mut self, now: Timestamp) {
        let away = now.since(self.last.unwrap_or(now));
        for call in self.calls.values_mut() {
            call.left_alone(away);
        }
    }

    /// A resumed run gets a new chance: what stopped it is forgotten, what finished stays.
    pub(super) fn resume(&mut self, at: Timestamp) {
        self.limit = None;
        self.interrupted = None;
        self.ended = None;
        // What is in the user's project stays there.
        self.delivered
            .take_if(|(_, how)| !matches!(how, Delivery::Applied { .. }));
        self.supersede_what_did_not_do();
        for phase in self.phases.values_mut() {
            phase.failed = None;
            phase.asked = None;
            // Who said no is asked again; who said yes is not.
            if let Some(PersonAnswer::Rejected { .. }) = phase.answered {
                phase.answered = None;
            }
            phase.on_round(|round| {
                round.verifying = None;
                if round.winner().is_none() {
                    round.tasks.retain(|_, end| matches!(end, TaskEnd::Done(_)));
                }
            });
        }
        for call in self.calls.values_mut() {
            if !matches!(call.status, CallStatus::Done(_)) {
                call.abandon(at);
                call.counted_from = call.attempts.len();
                call.superseded |= matches!(call.status, CallStatus::Failed(_));
            }
        }
    }

    /// The run as it is when no supervisor works on it, whatever its journal says: what was under way is
    /// interrupted. For those who look at it; who goes on with it has to know what was under way.
    pub fn without_supervisor(mut self) -> Self {
        let last = self.last.unwrap_or_default();
        for call in self.calls.values_mut() {
            call.abandon(last);
        }
        self
    }

    /// Calls that ended well are asked again all the same if what they left was of no use to a phase that
    /// is not decided: edits of a task that was given up, with what its commands said of them, answers
    /// that nobody could read, and the last part of work that did not move any more.
    fn supersede_what_did_not_do(&mut self) {
        let phases = &self.phases;
        let gave_up = |phase: &PhaseName, task: Option<&TaskId>| {
            let undecided = phases.get(phase).filter(|phase| phase.winner().is_none());
            undecided
                .zip(task)
                .is_some_and(|(state, task)| state.failed_tasks().any(|(failed, _)| failed == task))
        };
        let failure = |phase: &PhaseName| phases.get(phase).and_then(PhaseState::failure);
        let unreadable = |phase: &PhaseName, result: &CallResult| {
            failure(phase).is_some_and(|failure| failure.kind == FailureKind::BadOutput)
                && matches!(result.answer, Answer::Invalid { .. })
        };
        let gone_on = self.gone_on();
        let stuck = |call: &CallSpec, result: &CallResult| {
            let failed = failure(&call.phase).is_some();
            failed && result.stopped().is_some() && !gone_on.contains(&call.id)
        };
        for call in self.calls.values_mut() {
            let CallStatus::Done(result) = &call.status else {
                continue;
            };
            let task = call.spec.task.as_ref().map(|task| &task.id);
            let phase = &call.spec.phase;
            call.superseded |=
                gave_up(phase, task) || unreadable(phase, result) || stuck(&call.spec, result);
        }
        for seen in &mut self.verified {
            seen.superseded |= gave_up(&seen.phase, seen.task.as_ref());
        }
    }

    /// The stopped calls whose work another call has taken up.
    fn gone_on(&self) -> BTreeSet<CallId> {
        let inputs = self.calls.values().flat_map(|call| &call.spec.inputs);
        let states = inputs.filter_map(|input| match &input.source {
            InputSource::State(state) => Some(state.of.clone()),
            _ => None,
        });
        states.collect()
    }
}
