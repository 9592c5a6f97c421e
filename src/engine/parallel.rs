//! A `parallel` phase: several read-only calls at one time, each with its own question, joined.

use crate::model::{CallInput, InputSource, ModelName, Purpose};
use crate::plan::LensPlan;
use crate::run::{CallState, CallStatus, Event};

use super::phase_context::{CallBuilder, PhaseContext};
use super::single::document_call;

/// A parallel phase with everything its decisions depend on.
pub struct Parallel<'a> {
    pub context: PhaseContext<'a>,
    pub lenses: &'a [LensPlan],
    pub judge: Option<&'a [ModelName]>,
}

impl Parallel<'_> {
    /// What follows next in the phase; empty while something is under way.
    pub fn next(&self) -> Vec<Event> {
        let inputs = self.context.inputs();
        let calls: Vec<_> = (1u32..)
            .zip(self.lenses)
            .map(|(slot, lens)| self.context.call(self.builder(slot, lens, &inputs)))
            .collect();
        let missing: Vec<Event> = calls
            .iter()
            .filter(|call| self.context.known(call).is_none())
            .map(|call| self.context.create(call.clone()))
            .collect();
        if !missing.is_empty() {
            return missing;
        }
        let states: Vec<&CallState> = calls
            .iter()
            .filter_map(|call| self.context.known(call))
            .collect();
        if states.iter().any(|call| !call.is_over()) {
            return Vec::new();
        }
        // A lens that is missing would pass for one that found nothing.
        let failed = states.iter().find_map(|call| match &call.status {
            CallStatus::Failed(failure) => Some(failure.clone()),
            CallStatus::Open | CallStatus::Running | CallStatus::Done(_) => None,
        });
        if let Some(failure) = failed {
            return self.context.fails(failure);
        }
        match self.judge {
            Some(chain) => self.join(chain, &states),
            None => states
                .first()
                .map(|first| self.context.decided(first.spec.id.clone()))
                .unwrap_or_default(),
        }
    }

    fn builder(&self, slot: u32, lens: &LensPlan, inputs: &[CallInput]) -> CallBuilder {
        let workspace = self.context.workspace();
        CallBuilder {
            name: lens.name.clone(),
            inputs: inputs.to_owned(),
            ..CallBuilder::reader(Purpose::Lens, slot, lens.chain.clone(), workspace)
        }
    }

    fn join(&self, chain: &[ModelName], lenses: &[&CallState]) -> Vec<Event> {
        let mut inputs = self.context.inputs();
        inputs.extend(
            self.lenses
                .iter()
                .zip(lenses)
                .map(|(lens, call)| CallInput {
                    source: InputSource::Lens(lens.name.clone()),
                    artifact: call.result().and_then(|result| result.deliverable.clone()),
                }),
        );
        document_call(&self.context, chain, inputs)
    }
}
