//! What the others in this module ask of a run's view.

use crate::model::{
    Answer, Audit, CallId, Contract, Decider, Failure, Judgement, Label, ModelName, PhaseName,
    Purpose, Question, TaskList,
};
use crate::run::{CallState, CallStatus};

use super::view::{PhaseStatus, PhaseView, RunView, model};
use super::words::{clean, decision_word, failure_word, or_nothing};

/// What a judge said, in the phase's letters.
pub struct Verdict<'a> {
    pub call: &'a CallState,
    pub judgement: Judgement,
    pub order: Vec<&'a Label>,
}

impl<'a> Verdict<'a> {
    fn of(call: &'a CallState) -> Option<Self> {
        let judgement = call.judgement()?;
        let Contract::Judgement { labels, .. } = &call.spec.contract else {
            return None;
        };
        let ballot = call.spec.ballot.as_ref();
        let order = labels.iter();
        let order = order.map(|seen| ballot.map_or(Some(seen), |own| own.behind(seen)));
        Some(Self {
            call,
            judgement,
            order: order.flatten().collect(),
        })
    }

    /// What it read and said: `read A, B, C, picked a proposal: A`.
    pub(super) fn line(&self) -> String {
        format!("read {}, {}", self.read(), self.words())
    }

    /// `picked a proposal: A`.
    pub(super) fn words(&self) -> String {
        let named = self.judgement.winner.as_ref();
        let named = named.map_or_else(String::new, |label| format!(": {}", clean(label)));
        format!("{}{named}", decision_word(self.judgement.decision))
    }

    /// `A, B, C`.
    pub(super) fn read(&self) -> String {
        let letters: Vec<String> = self.order.iter().map(clean).collect();
        letters.join(", ")
    }
}

impl RunView {
    pub fn call(&self, id: &CallId) -> Option<&CallState> {
        self.state.any_call(id)
    }

    /// The calls of a phase in all its rounds, in the order they were created.
    pub fn calls_of<'a>(&'a self, phase: &'a PhaseName) -> impl Iterator<Item = &'a CallState> {
        self.state
            .calls()
            .filter(move |call| &call.spec.phase == phase)
    }

    /// The model whose work a call's result is, also where it was taken from another call.
    pub fn model_of(&self, call: &CallId) -> Option<&ModelName> {
        let call = self.call(call)?;
        let origin = call.reused.as_ref().and_then(|from| self.call(from));
        model(origin.unwrap_or(call))
    }

    /// The same in words.
    pub(super) fn model_words(&self, call: &CallId) -> String {
        or_nothing(self.model_of(call).map(clean))
    }

    /// Which model it works in the place of, if its own is none of the call's.
    pub(super) fn in_place_of(&self, call: &CallId) -> Option<String> {
        let (model, chain) = (self.model_of(call)?, &self.call(call)?.spec.chain);
        let first = chain.first().filter(|_| !chain.contains(model))?;
        Some(format!("in the place of {}", clean(first)))
    }

    /// The verdict of a phase: the one that decided, else the first for who won, else the first.
    pub fn verdict<'a>(&'a self, phase: PhaseView<'a>) -> Option<Verdict<'a>> {
        let winner = phase.state.winner();
        let decider = winner.and_then(|winner| match &winner.by {
            Decider::Judge(call) => self.call(call),
            Decider::Person | Decider::Evidence | Decider::Only => None,
        });
        let label = winner.and_then(|winner| winner.label.as_ref());
        let first = || {
            let mut all = self.verdicts(phase);
            all.sort_by_key(|one| one.judgement.winner.as_ref() != label);
            all.into_iter().next()
        };
        decider.and_then(Verdict::of).or_else(first)
    }

    /// All verdicts of a phase's present round, each with the order in which its judge saw the proposals.
    pub fn verdicts<'a>(&'a self, phase: PhaseView<'a>) -> Vec<Verdict<'a>> {
        let round = phase.state.round();
        let calls = self.calls_of(phase.name());
        let calls = calls.filter(|call| call.spec.id.round() == round);
        calls.filter_map(Verdict::of).collect()
    }

    /// The judges of a phase's present round that failed, each with why.
    pub fn failed_judges<'a>(&'a self, phase: PhaseView<'a>) -> Vec<(&'a CallState, String)> {
        let round = phase.state.round();
        let judges = self
            .calls_of(phase.name())
            .filter(|call| (call.spec.purpose, call.spec.id.round()) == (Purpose::Judge, round));
        let why = |failure: &Failure| {
            let (word, message) = (failure_word(failure.kind), clean(&failure.message));
            format!("failed: {word}: {message}")
        };
        let failed = judges.filter_map(|call| match &call.status {
            CallStatus::Failed(failure) => Some((call, why(failure))),
            _ => None,
        });
        failed.collect()
    }

    /// The audits of a phase with the calls that gave them, oldest first.
    pub fn audits<'a>(
        &'a self,
        phase: PhaseView<'a>,
    ) -> impl Iterator<Item = (&'a CallState, &'a Audit)> {
        let calls = self.calls_of(phase.name());
        calls.filter_map(|call| match answer(call)? {
            Answer::Audit(audit) => Some((call, audit)),
            _ => None,
        })
    }

    /// Whether a call of the phase ended with just this failure.
    pub(super) fn is_said_of_a_call(&self, phase: &PhaseName, failure: &Failure) -> bool {
        self.calls_of(phase)
            .any(|call| matches!(&call.status, CallStatus::Failed(own) if own == failure))
    }

    /// The phases that need a person, with what they ask.
    pub fn questions(&self) -> impl Iterator<Item = (PhaseView<'_>, &Question)> {
        self.phases().filter_map(|phase| match phase.status() {
            PhaseStatus::Asking(question) => Some((phase, question)),
            _ => None,
        })
    }
}

/// The tasks that a call wrote down.
pub(super) fn task_list(call: &CallState) -> Option<&TaskList> {
    match answer(call)? {
        Answer::Tasks(tasks) => Some(tasks),
        _ => None,
    }
}

fn answer(call: &CallState) -> Option<&Answer> {
    Some(&call.result()?.answer)
}
