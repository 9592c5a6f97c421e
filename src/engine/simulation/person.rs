//! What people do in a run: they answer, say why, and change documents.

use crate::model::{Closing, Decider, Digest, PersonAnswer, PhaseName, Question};
use crate::plan::Plan;
use crate::run::{Event, PhaseEvent, RunEvent, RunState};

use super::facts::{Facts, Stand};
use super::fault_plan::{FaultPlan, Person};

/// What a person does about the question that is open; nothing if none is, or for now.
pub fn acts(faults: &FaultPlan, spoken: &mut usize, plan: &Plan, run: &RunState) -> Vec<Event> {
    let person = faults.people.get(*spoken).copied();
    *spoken += 1;
    let Some((phase, question)) = run.open_question() else {
        return Vec::new();
    };
    let state = run.phase(phase).unwrap();
    let because = format!("reason {spoken}");
    let says = |answer, because: &str| {
        PhaseEvent::PersonAnswered {
            answer,
            because: because.to_owned(),
        }
        .of(phase.clone())
    };
    let picks = |index: u8| {
        let labels = state.sealed().unwrap();
        let (label, _) = &labels[usize::from(index) % labels.len()];
        vec![says(PersonAnswer::Picked(label.clone()), "")]
    };
    match (person.unwrap_or(Person::Agrees(0)), question) {
        (Person::Silent, _) => Vec::new(),
        (person, Question::RunCommands { commands }) => {
            let commands = commands.clone();
            let run = matches!(person, Person::Agrees(_));
            let reason = None;
            let answer = PersonAnswer::Commands {
                commands,
                run,
                reason,
            };
            vec![says(answer, "")]
        }
        (Person::Agrees(_), Question::Approve { .. }) => vec![says(PersonAnswer::Approved, "")],
        (Person::Agrees(index), Question::PickWinner { .. }) => picks(index),
        (Person::Rejects, Question::Approve { .. })
            if spoken.is_multiple_of(2) && run.may_be_sent_back(phase) =>
        {
            vec![says(PersonAnswer::Again, &because)]
        }
        (Person::Rejects, Question::Approve { .. }) => {
            vec![says(PersonAnswer::Rejected { reason: because }, "")]
        }
        (Person::Corrects, Question::Approve { .. }) => {
            let mut acts = vec![says(PersonAnswer::Approved, &because)];
            let text = format!("note {spoken}");
            acts.push(match *spoken % 2 {
                0 => Event::Run(RunEvent::Noted { text }),
                _ => PhaseEvent::Noted { text }.of(phase.clone()),
            });
            acts.extend(edit(plan, run, *spoken));
            acts
        }
        (Person::Rejects | Person::Corrects, Question::PickWinner { .. }) => {
            match state.may_be_sent_back() {
                true => vec![says(PersonAnswer::SentBack, &because)],
                false => picks(0),
            }
        }
    }
}

/// What is sent back where this phase waits to begin.
pub fn before_gate(facts: &Facts<'_>, gate: &PhaseName) -> Option<PhaseName> {
    let phases = facts.plan.phases.iter().map(|phase| &phase.name);
    let closed = |name: &&PhaseName| facts.phase(name).stand == Stand::Closed;
    phases
        .take_while(|name| *name != gate)
        .filter(closed)
        .last()
        .cloned()
}

/// The document of one of the closed phases is changed.
fn edit(plan: &Plan, run: &RunState, number: usize) -> Option<Event> {
    let closed = |name: &PhaseName| run.phase(name)?.closed().cloned();
    let phases = plan.phases.iter();
    let mut closings: Vec<(&PhaseName, Closing)> = phases
        .filter_map(|phase| Some((&phase.name, closed(&phase.name)?)))
        .collect();
    let which = number.checked_rem(closings.len())?;
    let (phase, mut closing) = closings.swap_remove(which);
    closing.deliverable.digest = Digest::new(format!("document {number}"));
    closing.handoff.digest = Digest::new(format!("handoff {number}"));
    if let Some(document) = &mut closing.document {
        document.object = closing.deliverable.digest.to_string();
    }
    Some(
        PhaseEvent::DocumentEdited {
            by: Decider::Person,
            closing: Box::new(closing),
        }
        .of(phase.clone()),
    )
}
