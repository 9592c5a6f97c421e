//! A `single` phase: one call, whose document is the phase's.

use crate::model::{Contract, Decider, Event, Ground, ModelName, Profile, Purpose};
use crate::plan::{PhasePlan, Plan};

use super::decide::create;
use super::spec::{self, Draft};
use super::{CallStatus, History};

/// What follows next in the phase; empty while its call is under way.
pub fn next(plan: &Plan, phase: &PhasePlan, chain: &[ModelName], history: &History) -> Vec<Event> {
    let call = Draft {
        purpose: Purpose::Work,
        slot: 1,
        chain: chain.to_vec(),
        inputs: spec::inputs(plan, phase, history),
        contract: Contract::Document,
        task: None,
        edits: None,
        profile: Profile::Reader,
        ground: Ground::Snapshot,
    }
    .into_call(phase);
    let Some(state) = history.call(&call.id) else {
        return vec![create(call, history)];
    };
    match &state.status {
        CallStatus::Open | CallStatus::Running | CallStatus::Shelved => Vec::new(),
        CallStatus::Done(_) => vec![Event::WinnerChosen {
            phase: phase.name.clone(),
            call: call.id,
            label: None,
            by: Decider::Only,
        }],
        CallStatus::Failed(failure) => vec![Event::PhaseFailed {
            phase: phase.name.clone(),
            failure: failure.clone(),
        }],
    }
}
