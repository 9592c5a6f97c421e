//! Between the decision and the end of a phase: a handoff that its author left out is asked for once.

use crate::model::{Artifact, CallInput, CallSpec, Contract, InputSource, Purpose};
use crate::plan::{Distill, PhaseKind};
use crate::run::{CallState, Event, RunState};

use super::scene::{Draft, Scene};

/// What follows before the phase can be closed; empty while something is under way or all is there.
pub fn distill(scene: &Scene<'_>) -> Vec<Event> {
    match wanted(scene) {
        Some(call) if scene.known(&call).is_none() => vec![scene.create(call)],
        Some(_) | None => Vec::new(),
    }
}

/// Whether nothing stands between the decision and the closing.
pub fn is_ready(scene: &Scene<'_>) -> bool {
    wanted(scene).is_none_or(|call| scene.known(&call).is_some_and(CallState::is_over))
}

fn wanted(scene: &Scene<'_>) -> Option<CallSpec> {
    let Distill::Model(chain) = &scene.phase.distill else {
        return None;
    };
    // The phase's text is made of several calls' there; each has a handoff of its own.
    if matches!(scene.phase.kind, PhaseKind::Routed { .. }) {
        return None;
    }
    let document = undistilled(scene.history, scene)?;
    let input = CallInput {
        source: InputSource::Deliverable(scene.phase.name.clone()),
        artifact: Some(document),
    };
    Some(scene.call(Draft {
        inputs: vec![input],
        ..Draft::scribe(Purpose::Distill, 1, chain.clone(), Contract::Handoff)
    }))
}

/// The winner's document, if its author left no handoff.
fn undistilled(history: &RunState, scene: &Scene<'_>) -> Option<Artifact> {
    let winner = history.call(&scene.state.winner()?.call)?.result()?;
    winner
        .handoff
        .is_none()
        .then(|| winner.deliverable.clone())
        .flatten()
}
