//! A `single` phase: one model, one deliverable: a document, tasks, an audit, or edits.

use crate::model::{Answer, CallInput, Contract, ModelName, Purpose};
use crate::plan::OutputKind;
use crate::run::{CallStatus, Event};

use super::editing::{Edited, Editing};
use super::phase_context::{CallBuilder, PhaseContext};
use super::structured::{Structured, structured};

/// What follows next in the phase; empty while something is under way.
pub fn next(context: &PhaseContext<'_>, chain: &[ModelName], yields: &OutputKind) -> Vec<Event> {
    match yields {
        OutputKind::Document => document_call(context, chain, context.inputs()),
        OutputKind::Tasks(categories) => {
            let contract = Contract::Tasks(categories.clone());
            data_call(context, chain, &contract, |answer| {
                matches!(answer, Answer::Tasks(_))
            })
        }
        OutputKind::Audit => data_call(context, chain, &Contract::Audit, |answer| {
            matches!(answer, Answer::Audit(_))
        }),
        OutputKind::Edits => edit_call(context, chain),
    }
}

/// One call whose document is the phase's.
pub fn document_call(
    context: &PhaseContext<'_>,
    chain: &[ModelName],
    inputs: Vec<CallInput>,
) -> Vec<Event> {
    let builder = CallBuilder::reader(Purpose::Work, 1, chain.to_vec(), context.workspace());
    let call = context.call(CallBuilder { inputs, ..builder });
    let Some(state) = context.known(&call) else {
        return vec![context.create(call)];
    };
    match &state.status {
        CallStatus::Open | CallStatus::Running => Vec::new(),
        CallStatus::Done(_) => context.decided(call.id),
        CallStatus::Failed(failure) => context.fails(failure.clone()),
    }
}

/// Calls for data, until a model gives some that is valid.
fn data_call(
    context: &PhaseContext<'_>,
    chain: &[ModelName],
    contract: &Contract,
    wanted: impl Fn(&Answer) -> bool,
) -> Vec<Event> {
    let ask = |slot, model: &ModelName| CallBuilder {
        inputs: context.inputs(),
        contract: contract.clone(),
        ..CallBuilder::reader(
            Purpose::Work,
            slot,
            vec![model.clone()],
            context.workspace(),
        )
    };
    let usable = |answer: &Answer, _: &_| {
        wanted(answer)
            .then_some(())
            .ok_or_else(|| "this is not what was asked for".to_owned())
    };
    match structured(context, chain, ask, usable) {
        Structured::Pending => Vec::new(),
        Structured::Next(call) => vec![context.create(*call)],
        Structured::Answered { by, .. } => context.decided(by),
        Structured::Exhausted(failure) => context.fails(failure),
    }
}

fn edit_call(context: &PhaseContext<'_>, chain: &[ModelName]) -> Vec<Event> {
    let work = Editing {
        context: *context,
        task: None,
        chain,
        verify: context.commands(),
        must_pass: false,
    };
    let builder = |_| context.editor(Purpose::Work, 1, chain);
    match work.status(builder) {
        Edited::Pending => Vec::new(),
        Edited::Next(call) => vec![context.create(*call)],
        Edited::Verify { tree, command } => context.verify(None, tree, command),
        Edited::Done { call, .. } => context.decided(call),
        Edited::Failed(failure) => context.fails(failure),
    }
}
