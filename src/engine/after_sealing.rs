//! An `ensemble` phase from the sealing on: candidates are judged, the verdict is carried out, or a person is
//! asked.

use crate::model::{Decider, PersonAnswer, Question};
use crate::plan::Judging;
use crate::run::{Event, PhaseEvent};

use super::judging::{Candidate, Judged, Round, chosen, judged, winner};
use super::phase_context::PhaseContext;
use super::refining::{Refining, is_refined};

/// What follows in a phase whose proposals are sealed; empty while something is under way.
pub fn after_sealing(
    context: &PhaseContext<'_>,
    judging: &Judging,
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
    // What became of a winner meets that one alone.
    let (refined, first): (Vec<Candidate>, Vec<Candidate>) = sealed
        .iter()
        .cloned()
        .partition(|(_, call)| is_refined(context, call));
    match judged(context, judging, &first, Round::All) {
        Judged::Pending => Vec::new(),
        Judged::Next(calls) => calls.into_iter().map(|call| context.create(call)).collect(),
        Judged::Decided(winner, said) => {
            let refining = Refining {
                context,
                judging,
                first: &first,
                refined: refined.first(),
            };
            refining.after(winner, said)
        }
        Judged::Failed(failure) => context.fails(failure),
        Judged::Undecided(kind, reason) => {
            let all = context.run.candidates(phase);
            let weakened = all.iter().filter_map(|one| {
                let command = &one.weakened?.command;
                Some(format!(
                    "{} fails `{command}` with the project's tests as they were; ",
                    one.label
                ))
            });
            let reason = weakened.collect::<String>() + &reason;
            let question = Question::PickWinner {
                reason,
                kind: Some(kind),
            };
            vec![PhaseEvent::PersonAsked { question }.of(phase.clone())]
        }
    }
}
