//! Whether a phase begins: its condition, its gate.

use crate::model::{AuditVerdict, Event, Failure, FailureKind, PersonAnswer, PhaseName, Question};
use crate::plan::{Condition, PhasePlan, Subject};

use super::History;
use super::scene::Scene;

/// The phase begins, or is left out because its condition does not hold.
pub fn enter(phase: &PhasePlan, history: &History) -> Event {
    match &phase.when {
        Some(condition) if !holds(condition, history) => Event::PhaseSkipped {
            phase: phase.name.clone(),
            condition: condition.text.clone(),
        },
        Some(_) | None => Event::PhaseStarted {
            phase: phase.name.clone(),
        },
    }
}

/// What the gate makes follow; `None` if the way is free.
pub fn gate(scene: &Scene<'_>) -> Option<Vec<Event>> {
    let text = scene.phase.gate.as_ref()?;
    match &scene.state.answered {
        Some(
            PersonAnswer::Approved
            | PersonAnswer::Picked(_)
            | PersonAnswer::SentBack
            | PersonAnswer::Commands { .. },
        ) => None,
        Some(PersonAnswer::Rejected { reason }) => {
            Some(scene.fails(Failure::new(FailureKind::Refused, rejection(reason))))
        }
        None if scene.state.asked.is_some() => Some(Vec::new()),
        None => Some(vec![Event::PersonAsked {
            phase: scene.phase.name.clone(),
            question: Question::Approve { text: text.clone() },
        }]),
    }
}

fn rejection(reason: &str) -> String {
    match reason.trim() {
        "" => "a person rejected it without giving a reason".to_owned(),
        reason => format!("a person rejected it: {reason}"),
    }
}

fn holds(condition: &Condition, history: &History) -> bool {
    let value = match &condition.subject {
        // An input's value is known when the workflow is compiled, and stands in the plan.
        Subject::Input(value) => Some(value.as_str()),
        Subject::Verdict(phase) => history.audit(phase).map(|audit| match audit.verdict {
            AuditVerdict::Pass => "pass",
            AuditVerdict::Fail => "fail",
        }),
        Subject::Tests(phase) => tests(phase, history),
    };
    let equal = value == Some(condition.value.as_str());
    equal != condition.negated
}

/// `pass` or `fail`; nothing if the phase ran no command on the present tree.
fn tests(phase: &PhaseName, history: &History) -> Option<&'static str> {
    let mut results = history
        .verified()
        .iter()
        .filter(|seen| &seen.phase == phase && seen.tree == history.tree())
        .peekable();
    results.peek()?;
    let bad = results.any(|seen| seen.verification.is_bad());
    Some(if bad { "fail" } else { "pass" })
}
