//! What a run that is taken up again forgets, and what it keeps.

use std::collections::BTreeSet;

use crate::model::{
    Answer, CallId, CallResult, CallSpec, FailureKind, InputSource, PersonAnswer, PhaseName, TaskId,
};

use super::{CallStatus, Delivery, History};

impl History {
    /// A resumed run gets a new chance: what stopped it is forgotten, what finished stays.
    pub(super) fn resume(&mut self) {
        self.limit = None;
        self.interrupted = None;
        self.ended = None;
        // What stands in the user's project stands there.
        self.delivered
            .take_if(|(_, how)| !matches!(how, Delivery::Applied(_)));
        self.shelve_what_did_not_do();
        for phase in self.phases.values_mut() {
            phase.failed = None;
            phase.asked = None;
            // Who said no is asked again; who said yes is not.
            if let Some(PersonAnswer::Rejected { .. }) = phase.answered {
                phase.answered = None;
            }
            phase.proving = None;
            if phase.winner.is_none() {
                phase.tasks_failed.clear();
            }
        }
        for call in self.calls.values_mut() {
            if !matches!(call.status, CallStatus::Done(_)) {
                call.counted_from = call.attempts.len();
                call.not_before = None;
                if matches!(call.status, CallStatus::Failed(_)) {
                    call.status = CallStatus::Shelved;
                }
            }
        }
    }

    /// Calls that ended well are asked again all the same if what they left was of no use to a phase that
    /// is not decided: edits of a task that was given up, with what its commands said of them, answers
    /// that nobody could read, and the last part of work that did not move any more.
    fn shelve_what_did_not_do(&mut self) {
        let gave_up = |phase: &PhaseName, task: Option<&TaskId>| {
            let undecided = self
                .phases
                .get(phase)
                .filter(|phase| phase.winner.is_none());
            undecided
                .zip(task)
                .is_some_and(|(state, task)| state.tasks_failed.contains_key(task))
        };
        let unreadable = |phase: &PhaseName, result: &CallResult| {
            let failure = self
                .phases
                .get(phase)
                .and_then(|state| state.failed.as_ref());
            failure.is_some_and(|failure| failure.kind == FailureKind::BadOutput)
                && matches!(result.answer, Answer::Invalid { .. })
        };
        let gone_on = self.gone_on();
        let stuck = |call: &CallSpec, result: &CallResult| {
            let failed = self
                .phases
                .get(&call.phase)
                .is_some_and(|state| state.failed.is_some());
            failed && result.stopped().is_some() && !gone_on.contains(&call.id)
        };
        for call in self.calls.values_mut() {
            let CallStatus::Done(result) = &call.status else {
                continue;
            };
            let task = call.spec.task.as_ref().map(|task| &task.id);
            let phase = &call.spec.phase;
            if gave_up(phase, task) || unreadable(phase, result) || stuck(&call.spec, result) {
                call.status = CallStatus::Shelved;
            }
        }
        self.verified
            .retain(|seen| !gave_up(&seen.phase, seen.task.as_ref()));
    }

    /// The stopped calls whose work another call has taken up.
    fn gone_on(&self) -> BTreeSet<CallId> {
        let inputs = self.calls.values().flat_map(|call| &call.spec.inputs);
        let mut gone_on = BTreeSet::new();
        for input in inputs {
            if let InputSource::State(state) = &input.source {
                gone_on.insert(state.of.clone());
            }
        }
        gone_on
    }
}
