//! Between the decision and the end of a phase: a handoff that its author left out is asked for once.

use crate::model::{Artifact, CallInput, CallSpec, Contract, InputSource, Purpose};
use crate::plan::{Distill, PhaseKind};
use crate::run::{CallState, Event, RunState};

use super::phase_context::{CallBuilder, PhaseContext};

/// What follows before the phase can be closed; empty while something is under way or all is there.
pub fn distill(context: &PhaseContext<'_>) -> Vec<Event> {
    match wanted(context) {
        Some(call) if context.known(&call).is_none() => vec![context.create(call)],
        Some(_) | None => Vec::new(),
    }
}

/// Whether nothing is between the decision and the closing.
pub fn is_ready(context: &PhaseContext<'_>) -> bool {
    wanted(context).is_none_or(|call| context.known(&call).is_some_and(CallState::is_over))
}

fn wanted(context: &PhaseContext<'_>) -> Option<CallSpec> {
    let Distill::Model(chain) = &context.phase.distill else {
        return None;
    };
    // The phase's text is made of several calls' there; each has a handoff of its own.
    if matches!(context.phase.kind, PhaseKind::Routed { .. }) {
        return None;
    }
    let document = undistilled(context.run, context)?;
    let input = CallInput {
        source: InputSource::Deliverable(context.phase.name.clone()),
        artifact: Some(document),
    };
    Some(context.call(CallBuilder {
        inputs: vec![input],
        ..CallBuilder::writer(Purpose::Distill, 1, chain.clone(), Contract::Handoff)
    }))
}

/// The winner's document, if its author left no handoff.
fn undistilled(run: &RunState, context: &PhaseContext<'_>) -> Option<Artifact> {
    let winner = run.call(&context.state.winner()?.call)?.result()?;
    winner
        .handoff
        .is_none()
        .then(|| winner.deliverable.clone())
        .flatten()
}
