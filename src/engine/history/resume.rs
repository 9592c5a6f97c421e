//! What a run that is taken up again forgets, and what it keeps.

use crate::model::{Answer, CallResult, FailureKind, PersonAnswer, PhaseName, TaskId};

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
    /// is not decided: edits of a task that was given up, with what its commands said of them, and answers
    /// that nobody could read.
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
        for call in self.calls.values_mut() {
            let CallStatus::Done(result) = &call.status else {
                continue;
            };
            let task = call.spec.task.as_ref().map(|task| &task.id);
            if gave_up(&call.spec.phase, task) || unreadable(&call.spec.phase, result) {
                call.status = CallStatus::Shelved;
            }
        }
        self.verified
            .retain(|seen| !gave_up(&seen.phase, seen.task.as_ref()));
    }
}
