//! What a run that is taken up again forgets, and what it keeps.

use std::collections::BTreeSet;

use crate::model::{
    Answer, CallId, CallKey, FailureKind, InputSource, PersonAnswer, Purpose, Rung, Timestamp,
};

use super::{CallState, CallStatus, Delivery, RunState, TaskEnd};

impl RunState {
    /// Nobody has worked on it between these times, so neither did attempts under way but for those elsewhere. What was
    /// left of a time to wait still is, also where the clock was set back.
    pub(super) fn left_alone(&mut self, (from, to): (Timestamp, Timestamp), elsewhere: &[CallId]) {
        let away = to.since(from);
        let calls = self.calls.iter_mut();
        for call in calls.filter(|call| !elsewhere.contains(&call.spec.id)) {
            call.left_alone(away);
        }
        for phase in self.phases.values_mut() {
            phase.on_round(|round| {
                let limit = &mut round.straggler_limit;
                *limit = limit.map(|until| to.after(until.since(from)));
            });
        }
    }

    /// A resumed run gets a new chance: what stopped it is forgotten, what finished stays.
    /// Calls `elsewhere` go on as if nothing had been.
    pub(super) fn resume(&mut self, at: Timestamp, (sandbox, elsewhere): (Rung, &[CallId])) {
        self.sandbox = sandbox;
        self.limit = None;
        self.interrupted = None;
        self.paused = false;
        self.accounts.clear();
        self.ended = None;
        // What is in the user's project stays there.
        self.delivered
            .take_if(|(_, how)| !matches!(how, Delivery::Applied { .. }));
        self.supersede_what_did_not_do();
        for phase in self.phases.values_mut() {
            let failed = phase.failed.take().map(|(failure, _)| failure.kind);
            phase.asked = None;
            // Who said no is asked again; who said yes is not.
            if let Some(PersonAnswer::Rejected { .. }) = phase.answered {
                phase.answered = None;
            }
            phase.on_round(|round| {
                round.verifying = None;
                if failed == Some(FailureKind::NonePassed) {
                    (round.sealed, round.straggler_limit) = (None, None);
                }
                if round.winner().is_none() {
                    round.tasks.retain(|_, end| matches!(end, TaskEnd::Done(_)));
                }
            });
        }
        for call in self.calls.iter_mut() {
            let goes_on = call.status == CallStatus::Running && elsewhere.contains(&call.spec.id);
            if goes_on {
                call.counted_from = call.attempts.len().saturating_sub(1);
            } else if !matches!(call.status, CallStatus::Done(_)) {
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
        for call in self.calls.iter_mut() {
            call.abandon(last);
        }
        self
    }

    /// Work that ended well is asked again all the same if it was of no use to a phase that is not decided. It is
    /// known by its key, as it is where it is reused: the work of other rounds stays known unless it is the same.
    /// With the edits of a task goes what its commands said of them.
    fn supersede_what_did_not_do(&mut self) {
        let gone_on = self.gone_on();
        let present = self.phases.keys().flat_map(|phase| self.calls_of(phase));
        let useless: BTreeSet<CallKey> = present
            .filter(|call| self.is_of_no_use(call, &gone_on))
            .map(|call| call.spec.key.clone())
            .collect();
        for call in self.calls.iter_mut() {
            let Some(result) = call.result().filter(|_| useless.contains(&call.spec.key)) else {
                continue;
            };
            if let (Some(task), Some(changes)) = (&call.spec.task, &result.changes) {
                for seen in &mut self.verified {
                    seen.superseded |= seen.phase == call.spec.phase
                        && seen.task.as_ref() == Some(&task.id)
                        && seen.tree == changes.tree;
                }
            }
            call.superseded = true;
        }
    }

    /// Whether it is edits of a task that was given up, a candidate where none passed, an answer that nobody could read, or the last part of
    /// work that did not move any more.
    fn is_of_no_use(&self, call: &CallState, gone_on: &BTreeSet<CallId>) -> bool {
        let (Some(result), Some(phase)) = (call.result(), self.phase(&call.spec.phase)) else {
            return false;
        };
        let task = call.spec.task.as_ref().map(|task| &task.id);
        let given_up = phase.winner().is_none()
            && phase.failed_tasks().any(|(failed, _)| Some(failed) == task);
        let failure = phase.failure().map(|failure| failure.kind);
        let unreadable = failure == Some(FailureKind::BadOutput)
            && matches!(result.answer, Answer::Invalid { .. });
        // At a limit it is the last part only because nothing more was begun.
        let stuck = failure.is_some_and(|kind| kind != FailureKind::Limit)
            && result.stopped().is_some()
            && !gone_on.contains(&call.spec.id);
        let unproved =
            failure == Some(FailureKind::NonePassed) && call.spec.purpose == Purpose::Propose;
        given_up || unreadable || stuck || unproved
    }

    /// The stopped calls whose work another call has taken up.
    fn gone_on(&self) -> BTreeSet<CallId> {
        let inputs = self.calls.iter().flat_map(|call| &call.spec.inputs);
        let states = inputs.filter_map(|input| match &input.source {
            InputSource::State(state) => Some(state.of.clone()),
            _ => None,
        });
        states.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PhaseName;
    use crate::run::{PhaseEvent, RunEvent};

    #[test]
    fn stragglers_have_what_was_left_of_their_time_after_a_clock_was_set_back() {
        let (phase, at) = (PhaseName::new("plan"), |hour: u64| {
            Timestamp(hour * 3_600_000)
        });
        let mut run = RunState::default();
        run.apply(at(900), &PhaseEvent::Started.of(phase.clone()));
        let until = at(902);
        run.apply(
            at(901),
            &PhaseEvent::QuorumReached { until }.of(phase.clone()),
        );
        let resumed = RunEvent::Resumed {
            version: String::new(),
            sandbox: Rung::default(),
            elsewhere: Vec::new(),
        };
        for (hour, until) in [(10, 11), (20, 21), (12, 13)] {
            run.apply(at(hour), &resumed.clone().into());
            let known = run.phase(&phase).and_then(|phase| phase.straggler_limit());
            assert_eq!(known, Some(at(until)));
        }
    }
}
