//! The evidence gate of an ensemble that edits: the phase's commands run on the tree that all candidates started from,
//! then on each candidate. Who fails what passed before cannot win, whoever judges.

use crate::model::{
    CallId, Decider, Failure, FailureKind, InputSource, Label, ModelName, PersonAnswer, Purpose,
    Question, TreeId, Undecided, VerifyOutcome,
};
use crate::plan::{Judging, OnNone};
use crate::run::{CallStatus, Candidate, Event, Out, PhaseEvent};

use super::after_sealing;
use super::cross_tests::uncrossed;
use super::editing::Feedback;
use super::phase_context::PhaseContext;

/// What the gate of a phase depends on.
pub struct Gate<'a> {
    pub context: PhaseContext<'a>,
    pub proposers: &'a [Vec<ModelName>],
    pub judge: &'a Judging,
    pub on_none: OnNone,
}

/// What follows once the candidates are sealed; empty while something is under way.
pub fn after_sealing(gate: &Gate<'_>, sealed: &[(Label, CallId)]) -> Vec<Event> {
    let Gate { context, judge, .. } = gate;
    // A person chooses among all of them, and has seen why.
    let picked = matches!(context.state.answered, Some(PersonAnswer::Picked(_)));
    if picked || context.state.asked.is_some() {
        return after_sealing::after_sealing(context, judge, sealed);
    }
    if let Some((tree, command)) = unproved(context) {
        return context.verify(None, tree, command);
    }
    let all = context.run.candidates(&context.phase.name);
    let ground = context.state.begun().map(|round| &round.ground);
    let is_idle = |candidate: &Candidate<'_>| Some(&candidate.changes.tree) == ground;
    let left = all.iter().filter(|candidate| candidate.out.is_none());
    let left: Vec<Candidate<'_>> = left.copied().collect();
    if let Some(wanted) = uncrossed(context, &left) {
        return context.run_command(wanted);
    }
    match left.as_slice() {
        [] => none_passed(gate, &all, sealed),
        // Who does nothing breaks nothing: that is no win over those who tried.
        [alone] if is_idle(alone) && !all.iter().all(is_idle) => none_passed(gate, &all, sealed),
        // There is nothing to weigh, unless it passes by what it did to the tests.
        [alone] if alone.weakened.is_none() => vec![
            PhaseEvent::WinnerChosen {
                call: alone.call.clone(),
                label: Some(alone.label.clone()),
                by: Decider::Evidence,
            }
            .of(context.phase.name.clone()),
        ],
        several => {
            let several = several.iter();
            let several: Vec<(Label, CallId)> = several
                .map(|one| (one.label.clone(), one.call.clone()))
                .collect();
            after_sealing::after_sealing(context, judge, &several)
        }
    }
}

/// The next command, and the tree to run it on: first on what all started from, and later commands only on
/// candidates that passed the earlier ones.
fn unproved(context: &PhaseContext<'_>) -> Option<(TreeId, String)> {
    let (phase, run) = (&context.phase.name, context.run);
    for command in context.commands() {
        let Some(before) = run.on_ground(phase, &command) else {
            return Some((context.state.begun()?.ground.clone(), command));
        };
        if before.outcome == VerifyOutcome::Flaky {
            continue;
        }
        let all = run.candidates(phase).into_iter();
        let mut open = all.filter(|candidate| {
            let mut results = context.results(None, &candidate.changes.tree).into_iter();
            candidate.out.is_none() && results.all(|result| result.command != command)
        });
        if let Some(candidate) = open.next() {
            return Some((candidate.changes.tree.clone(), command));
        }
    }
    None
}

fn none_passed(gate: &Gate<'_>, all: &[Candidate<'_>], sealed: &[(Label, CallId)]) -> Vec<Event> {
    let context = &gate.context;
    let fails = all.iter().filter_map(|candidate| match candidate.out {
        Some(Out::Fails(result)) => Some(format!("{} fails `{}`", candidate.label, result.command)),
        Some(Out::SameAs(_)) => None,
        None => Some(format!("{} changes nothing", candidate.label)),
    });
    let fails = fails.collect::<Vec<_>>().join(", ");
    let reason = format!("no candidate passes what passed before: {fails}");
    let mended = match gate.on_none {
        OnNone::Repair => repairs(gate, all, sealed),
        OnNone::Ask => None,
        OnNone::Fail => {
            let failure = Failure::new(FailureKind::NonePassed, reason);
            return context.fails(failure.hint("`tipstaff resume` has all of them made anew"));
        }
    };
    mended.unwrap_or_else(|| {
        let question = Question::PickWinner {
            reason,
            kind: Some(Undecided::NonePassed),
        };
        vec![PhaseEvent::PersonAsked { question }.of(context.phase.name.clone())]
    })
}

/// Each candidate gets once what failed, and the mended ones are sealed under the same letters; nothing if that
/// was done already.
fn repairs(
    gate: &Gate<'_>,
    all: &[Candidate<'_>],
    sealed: &[(Label, CallId)],
) -> Option<Vec<Event>> {
    let context = &gate.context;
    let (mut created, mut pending, mut mended) = (Vec::new(), false, Vec::new());
    for candidate in all {
        let author = context.run.call(candidate.call)?;
        let mut inputs = author.spec.inputs.iter();
        if inputs.any(|input| matches!(input.source, InputSource::Feedback(_))) {
            return None;
        }
        let mut last = candidate.call.clone();
        if let Some(Out::Fails(_)) = candidate.out {
            let slot = author.spec.slot;
            let chain = gate.chain(slot);
            let tree = &candidate.changes.tree;
            let results = context.results(None, tree);
            let feedback = Feedback::on(author.result()?, &results, tree, false)?;
            let call =
                context.call(feedback.given(context.editor(Purpose::Propose, slot, chain), 2));
            match context.known(&call).map(|known| &known.status) {
                None => created.push(context.create(call)),
                Some(CallStatus::Open | CallStatus::Running) => pending = true,
                Some(CallStatus::Done(_)) => last = call.id,
                Some(CallStatus::Failed(_)) => {}
            }
        }
        mended.push((candidate.label.clone(), last));
    }
    if pending || !created.is_empty() {
        return Some(created);
    }
    let sealed_anew = PhaseEvent::ProposalsSealed {
        labels: mended.clone(),
    };
    (mended != sealed).then(|| vec![sealed_anew.of(context.phase.name.clone())])
}

impl Gate<'_> {
    fn chain(&self, slot: u32) -> &[ModelName] {
        let index = usize::try_from(slot)
            .ok()
            .and_then(|slot| slot.checked_sub(1));
        let chain = index.and_then(|index| self.proposers.get(index));
        chain.map_or(&[], Vec::as_slice)
    }
}
