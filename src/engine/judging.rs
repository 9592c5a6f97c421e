//! An `ensemble` phase from the sealing on: candidates are judged, the verdict is carried out, or a person is
//! asked.

use crate::model::{
    Answer, CallId, CallInput, CallSpec, Contract, Decider, Decision, InputSource, Judgement,
    Label, ModelName, PersonAnswer, Purpose, Question,
};
use crate::run::{CallState, Event, PhaseEvent, Winner};

use super::phase_context::{CallBuilder, PhaseContext};
use super::shown;
use super::structured::{Structured, structured};

/// A proposal that may win, under its blinded name.
type Candidate = (Label, CallId);

/// How far the judging is.
enum Judged {
    Pending,
    Next(Vec<CallSpec>),
    Decided(Winner),
    /// It came to no winner: a person is asked, and told why.
    Undecided(String),
}

/// What follows in a phase whose proposals are sealed; empty while something is under way.
pub fn after_sealing(
    context: &PhaseContext<'_>,
    judge: &[ModelName],
    sealed: &[Candidate],
) -> Vec<Event> {
    let phase = &context.phase.name;
    if let Some(PersonAnswer::Picked(label)) = &context.state.answered {
        let winner = winner(sealed, label, Decider::Person);
        return winner.into_iter().map(|won| chosen(context, won)).collect();
    }
    if context.state.asked.is_some() {
        return Vec::new();
    }
    match judged(context, judge, sealed) {
        Judged::Pending => Vec::new(),
        Judged::Next(calls) => calls.into_iter().map(|call| context.create(call)).collect(),
        Judged::Decided(winner) => vec![chosen(context, winner)],
        Judged::Undecided(reason) => {
            let question = Question::PickWinner { reason };
            vec![PhaseEvent::PersonAsked { question }.of(phase.clone())]
        }
    }
}

/// Has the candidates judged that may win.
fn judged(context: &PhaseContext<'_>, judge: &[ModelName], candidates: &[Candidate]) -> Judged {
    match ballot(context, judge, candidates) {
        Structured::Pending => Judged::Pending,
        Structured::Next(call) => Judged::Next(vec![*call]),
        Structured::Answered {
            by,
            asked,
            answer: Answer::Judgement(verdict),
        } => decided(candidates, by, asked, verdict),
        Structured::Answered { .. } => Judged::Undecided("the judge left no verdict".to_owned()),
        Structured::Exhausted(failure) => Judged::Undecided(failure.message),
    }
}

fn decided(candidates: &[Candidate], by: CallId, asked: CallId, verdict: Judgement) -> Judged {
    let by = Decider::Judge(by);
    let winner = match (verdict.decision, &verdict.winner) {
        (Decision::Pick, Some(label)) => winner(candidates, label, by),
        (Decision::Synthesize, _) => Some(Winner {
            call: asked,
            label: None,
            by,
        }),
        (Decision::None | Decision::Pick, _) => None,
    };
    winner.map_or_else(
        || {
            let why = verdict.rationale;
            Judged::Undecided(format!("the judge found no proposal good enough: {why}"))
        },
        Judged::Decided,
    )
}

fn ballot(context: &PhaseContext<'_>, judge: &[ModelName], candidates: &[Candidate]) -> Structured {
    let document = |call| {
        let result = context.run.call(call).and_then(CallState::result)?;
        result.deliverable.clone()
    };
    let ask = |slot, model: &ModelName| {
        let workspace = context.workspace();
        let mut inputs = context.inputs();
        inputs.extend(candidates.iter().map(|(label, call)| {
            let changes = shown::shown(context, label, call);
            changes.unwrap_or_else(|| CallInput {
                source: InputSource::Proposal(label.clone()),
                artifact: document(call),
            })
        }));
        let labels = candidates.iter().map(|(label, _)| label.clone()).collect();
        CallBuilder {
            inputs,
            contract: Contract::Judgement { labels },
            ..CallBuilder::reader(Purpose::Judge, slot, vec![model.clone()], workspace)
        }
    };
    structured(context, judge, ask, |answer, asked| match answer {
        Answer::Judgement(verdict)
            if verdict.decision == Decision::Synthesize && context.phase.edits =>
        {
            Err("changes to files cannot be synthesized: pick one of them, or none".to_owned())
        }
        Answer::Judgement(verdict) if verdict.decision == Decision::Synthesize => {
            let written = asked.deliverable.is_some();
            let missing = "the verdict says `synthesize`, but no document was left";
            written.then_some(()).ok_or_else(|| missing.to_owned())
        }
        Answer::Judgement(_) => Ok(()),
        Answer::Document
        | Answer::Tasks(_)
        | Answer::Audit(_)
        | Answer::Unfinished(_)
        | Answer::Invalid { .. } => Err("this is no verdict".to_owned()),
    })
}

fn winner(candidates: &[Candidate], label: &Label, by: Decider) -> Option<Winner> {
    let (label, call) = candidates.iter().find(|(known, _)| known == label)?;
    Some(Winner {
        call: call.clone(),
        label: Some(label.clone()),
        by,
    })
}

fn chosen(context: &PhaseContext<'_>, winner: Winner) -> Event {
    let Winner { call, label, by } = winner;
    PhaseEvent::WinnerChosen { call, label, by }.of(context.phase.name.clone())
}
