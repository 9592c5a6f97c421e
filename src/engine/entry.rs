//! Whether a phase begins: its condition, its gate.

use crate::model::{AuditVerdict, Failure, FailureKind, PersonAnswer, PhaseName, Question};
use crate::plan::{Condition, PhasePlan, Subject};
use crate::run::{Event, PhaseEvent, RunState};

use super::phase_context::PhaseContext;

/// The phase begins, or is left out because its condition does not hold.
pub fn enter(phase: &PhasePlan, run: &RunState) -> Event {
    match &phase.when {
        Some(condition) if !holds(condition, run) => PhaseEvent::Skipped {
            condition: condition.text.clone(),
        }
        .of(phase.name.clone()),
        Some(_) | None => PhaseEvent::Started.of(phase.name.clone()),
    }
}

/// What the gate makes follow; `None` if the way is free.
pub fn gate(context: &PhaseContext<'_>) -> Option<Vec<Event>> {
    let text = context.phase.gate.as_ref()?;
    match &context.state.answered {
        Some(
            PersonAnswer::Approved
            | PersonAnswer::Picked(_)
            | PersonAnswer::SentBack
            | PersonAnswer::Again
            | PersonAnswer::Commands { .. },
        ) => None,
        Some(PersonAnswer::Rejected { reason }) => {
            Some(context.fails(Failure::new(FailureKind::Refused, rejection(reason))))
        }
        None if context.state.asked.is_some() => Some(Vec::new()),
        None => Some(vec![
            PhaseEvent::PersonAsked {
                question: Question::Approve { text: text.clone() },
            }
            .of(context.phase.name.clone()),
        ]),
    }
}

fn rejection(reason: &str) -> String {
    match reason.trim() {
        "" => "a person rejected it without giving a reason".to_owned(),
        reason => format!("a person rejected it: {reason}"),
    }
}

fn holds(condition: &Condition, run: &RunState) -> bool {
    let value = match &condition.subject {
        // An input's value is known when the workflow is compiled, and is in the plan.
        Subject::Input(value) => Some(value.as_str()),
        Subject::Verdict(phase) => run.audit(phase).map(|audit| match audit.verdict {
            AuditVerdict::Pass => "pass",
            AuditVerdict::Fail => "fail",
        }),
        Subject::Tests(phase) => tests(phase, run),
    };
    let equal = value == Some(condition.value.as_str());
    equal != condition.negated
}

/// `pass` or `fail`; nothing if the phase ran no command on the present tree.
fn tests(phase: &PhaseName, run: &RunState) -> Option<&'static str> {
    let mut results = run
        .verified()
        .filter(|seen| &seen.phase == phase && &seen.tree == run.tree())
        .peekable();
    results.peek()?;
    let bad = results.any(|seen| seen.verification.is_bad());
    Some(if bad { "fail" } else { "pass" })
}
