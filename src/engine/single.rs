//! A `single` phase: one model, one deliverable: a document, tasks, an audit, or edits.

use crate::model::{Answer, CallInput, Contract, EditScope, Ground, ModelName, Profile, Purpose};
use crate::plan::{Strategy, Yields};
use crate::run::{CallStatus, Event};

use super::editing::{Edited, Editing};
use super::scene::{Draft, Scene};
use super::structured::{Structured, structured};

/// What follows next in the phase; empty while something is under way.
pub fn next(scene: &Scene<'_>, chain: &[ModelName], yields: &Yields) -> Vec<Event> {
    match yields {
        Yields::Document => document_call(scene, chain, scene.inputs()),
        Yields::Tasks(categories) => {
            let contract = Contract::Tasks(categories.clone());
            data_call(scene, chain, &contract, |answer| {
                matches!(answer, Answer::Tasks(_))
            })
        }
        Yields::Audit => data_call(scene, chain, &Contract::Audit, |answer| {
            matches!(answer, Answer::Audit(_))
        }),
        Yields::Edits => edit_call(scene, chain),
    }
}

/// One call whose document is the phase's.
pub fn document_call(scene: &Scene<'_>, chain: &[ModelName], inputs: Vec<CallInput>) -> Vec<Event> {
    let draft = Draft::reader(Purpose::Work, 1, chain.to_vec(), scene.ground());
    let call = scene.call(Draft { inputs, ..draft });
    let Some(state) = scene.known(&call) else {
        return vec![scene.create(call)];
    };
    match &state.status {
        CallStatus::Open | CallStatus::Running => Vec::new(),
        CallStatus::Done(_) => scene.decided(call.id),
        CallStatus::Failed(failure) => scene.fails(failure.clone()),
    }
}

/// Calls for data, until a model gives some that is valid.
fn data_call(
    scene: &Scene<'_>,
    chain: &[ModelName],
    contract: &Contract,
    wanted: impl Fn(&Answer) -> bool,
) -> Vec<Event> {
    let ask = |slot, model: &ModelName| Draft {
        inputs: scene.inputs(),
        contract: contract.clone(),
        ..Draft::reader(Purpose::Work, slot, vec![model.clone()], scene.ground())
    };
    let usable = |answer: &Answer, _: &_| {
        wanted(answer)
            .then_some(())
            .ok_or_else(|| "this is not what was asked for".to_owned())
    };
    match structured(scene, chain, ask, usable) {
        Structured::Pending => Vec::new(),
        Structured::Next(call) => vec![scene.create(*call)],
        Structured::Answered { by, .. } => scene.decided(by),
        Structured::Exhausted(failure) => scene.fails(failure),
    }
}

fn edit_call(scene: &Scene<'_>, chain: &[ModelName]) -> Vec<Event> {
    let work = Editing {
        scene: *scene,
        task: None,
        chain,
        verify: scene.commands(),
        must_pass: false,
    };
    let draft = |_| {
        let (ground, edits) = match scene.phase.strategy {
            Strategy::Scoped => {
                let files = scene.phase.scope.files.clone();
                (scene.scoped(&[], &[]), EditScope::Only(files))
            }
            Strategy::Full | Strategy::Distilled | Strategy::Fresh => {
                (Ground::Tree(scene.tree().to_owned()), EditScope::Anywhere)
            }
        };
        Draft {
            inputs: scene.inputs(),
            contract: Contract::Edits,
            edits: Some(edits),
            profile: Profile::Worker,
            ..Draft::reader(Purpose::Work, 1, chain.to_vec(), ground)
        }
    };
    match work.stand(draft) {
        Edited::Pending => Vec::new(),
        Edited::Next(call) => vec![scene.create(*call)],
        Edited::Prove { tree, command } => scene.prove(None, tree, command),
        Edited::Done { call, .. } => scene.decided(call),
        Edited::Failed(failure) => scene.fails(failure),
    }
}
