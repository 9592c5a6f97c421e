//! What the others in this room ask of a run's view.

use crate::model::{
    Answer, Audit, CallId, CallResult, Decider, Failure, Judgement, Label, ModelName, PhaseName,
    Question, TaskList, Timestamp,
};

use super::fold::RunView;
use super::view::{CallState, CallView, PhaseState, PhaseView, RunState, Totals};

impl RunView {
    /// The phase of that name.
    pub fn phase(&self, name: &PhaseName) -> Option<&PhaseView> {
        self.phases.iter().find(|phase| &phase.name == name)
    }

    /// The call of that name.
    pub fn call(&self, id: &CallId) -> Option<&CallView> {
        self.calls.iter().find(|call| &call.id == id)
    }

    /// The calls of a phase, in the order they were created.
    pub fn calls_of<'a>(&'a self, phase: &'a PhaseName) -> impl Iterator<Item = &'a CallView> {
        self.calls.iter().filter(move |call| &call.phase == phase)
    }

    /// A call's result, also where it was taken from another call.
    pub fn result<'a>(&'a self, call: &'a CallView) -> Option<&'a CallResult> {
        match &self.origin(call).state {
            CallState::Done(result) => Some(result),
            CallState::Waiting
            | CallState::Running
            | CallState::Retrying(_)
            | CallState::Reused(_)
            | CallState::Failed(_)
            | CallState::Cancelled(_) => None,
        }
    }

    /// The model whose work a call's result is, also where it was taken from another call.
    pub fn model_of(&self, call: &CallId) -> Option<&ModelName> {
        self.origin(self.call(call)?).model()
    }

    /// The call behind a label of a phase.
    pub fn behind(&self, phase: &PhaseView, label: &Label) -> Option<&CallView> {
        let (_, call) = phase.labels.iter().find(|(name, _)| name == label)?;
        self.call(call)
    }

    /// The verdict of a phase and the judge's call: the one that decided, else the latest.
    pub fn verdict<'a>(&'a self, phase: &'a PhaseView) -> Option<(&'a CallView, &'a Judgement)> {
        let decider = phase.winner.as_ref().and_then(|winner| match &winner.by {
            Decider::Judge(call) => Some(call),
            Decider::Person | Decider::Only => None,
        });
        let judged = |call| match &self.result(call)?.answer {
            Answer::Judgement(judgement) => Some((call, judgement)),
            Answer::Document
            | Answer::Tasks(_)
            | Answer::Audit(_)
            | Answer::Unfinished(_)
            | Answer::Invalid { .. } => None,
        };
        decider
            .and_then(|call| self.call(call))
            .and_then(judged)
            .or_else(|| self.calls_of(&phase.name).filter_map(judged).last())
    }

    /// The audits of a phase with the calls that gave them, oldest first.
    pub fn audits<'a>(
        &'a self,
        phase: &'a PhaseView,
    ) -> impl Iterator<Item = (&'a CallView, &'a Audit)> {
        self.calls_of(&phase.name)
            .filter_map(|call| match &self.result(call)?.answer {
                Answer::Audit(audit) => Some((call, audit)),
                Answer::Document
                | Answer::Judgement(_)
                | Answer::Tasks(_)
                | Answer::Unfinished(_)
                | Answer::Invalid { .. } => None,
            })
    }

    /// The tasks that a call wrote down.
    pub fn task_list<'a>(&'a self, call: &'a CallView) -> Option<&'a TaskList> {
        match &self.result(call)?.answer {
            Answer::Tasks(tasks) => Some(tasks),
            Answer::Document
            | Answer::Judgement(_)
            | Answer::Audit(_)
            | Answer::Unfinished(_)
            | Answer::Invalid { .. } => None,
        }
    }

    /// Whether a call of the phase ended with just this failure.
    pub(super) fn is_said_of_a_call(&self, phase: &PhaseName, failure: &Failure) -> bool {
        self.calls_of(phase)
            .any(|call| matches!(&call.state, CallState::Failed(own) if own == failure))
    }

    /// The phases that need a person, with what they ask.
    pub fn questions(&self) -> impl Iterator<Item = (&PhaseView, &Question)> {
        self.phases.iter().filter_map(|phase| match &phase.state {
            PhaseState::Asking(question) => Some((phase, question)),
            PhaseState::Waiting
            | PhaseState::Running
            | PhaseState::Closed(_)
            | PhaseState::Failed(_)
            | PhaseState::Skipped(_) => None,
        })
    }

    /// Sums over the run. `now` counts only while a supervisor works on it.
    pub fn totals(&self, now: Timestamp) -> Totals {
        let mut totals = Totals {
            wall: self.worked,
            ..Totals::default()
        };
        for attempt in self.calls.iter().flat_map(|call| &call.attempts) {
            totals.attempts += 1;
            totals.usage += attempt.usage;
        }
        if let (RunState::UnderWay, Some(session)) = (self.state, self.session) {
            totals.wall.0 = totals.wall.0.saturating_add(now.since(session).0);
        }
        totals
    }

    /// The call whose work a reused call's result is; bounded, should records form a circle.
    fn origin<'a>(&'a self, call: &'a CallView) -> &'a CallView {
        let mut call = call;
        for _ in 0..self.calls.len() {
            let CallState::Reused(from) = &call.state else {
                break;
            };
            let Some(origin) = self.call(from) else {
                break;
            };
            call = origin;
        }
        call
    }
}
