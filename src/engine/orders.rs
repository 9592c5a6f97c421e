//! What has to be carried out, according to the run's state.

use std::sync::Arc;

use crate::model::{
    CallId, CallSpec, Destination, ModelName, PhaseName, Question, Results, RunEnd, Timestamp,
};
use crate::plan::Plan;
use crate::run::{CallStatus, PendingVerification, RunState, Winner};

use super::decide::is_left_behind;
use super::limits::Stop;
use super::phase_context::PhaseContext;
use super::{closing, ending, limits};

/// What the driver has to carry out.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Run an attempt in a fresh process.
    StartAttempt {
        call: Arc<CallSpec>,
        /// Which attempt, from 1.
        attempt: u32,
        model: ModelName,
    },
    /// End an attempt's process; its end is to be reported as usual.
    CancelAttempt {
        call: CallId,
        attempt: u32,
        stop: Stop,
    },
    /// Run a command on a checkout of a tree.
    Verify {
        phase: PhaseName,
        verifying: PendingVerification,
    },
    /// Put the run's results where they belong.
    Deliver {
        results: Results,
        to: Destination,
    },
    /// Ask the person who attends; the supervisor goes on with the answer.
    Ask {
        phase: PhaseName,
        question: Question,
    },
    /// Nothing is left to be done before an account serves again; the supervisor stays.
    Park(Timestamp),
    /// Write the phase's deliverable and handoff, and publish.
    ClosePhase {
        phase: PhaseName,
        winner: Winner,
    },
    /// Send `Tick` at this time; replaces any earlier wake-up.
    WakeAt(Timestamp),
    End(RunEnd),
}

/// Everything that has to be under way at present. Two equal effects are the same one.
pub fn orders(run: &RunState, plan: &Plan) -> Vec<Effect> {
    if let Some(end) = run.ended() {
        return vec![Effect::End(end)];
    }
    let of_limit = run.limit().and_then(limits::stops);
    let stop_all = match run.interrupted() {
        Some(_) => Some(Stop::Now),
        None => of_limit,
    };
    let mut orders = Vec::new();
    for (call, attempt) in run.running() {
        let is_unwanted = call.ended_by_person || is_left_behind(call, run);
        let stop = is_unwanted.then_some(Stop::Now).or(stop_all);
        // One that goes on elsewhere is followed first, so that it can be cancelled.
        if let Some(model) = call.model() {
            orders.push(Effect::StartAttempt {
                call: call.spec.clone(),
                attempt,
                model: model.clone(),
            });
        }
        if let Some(stop) = stop {
            orders.push(Effect::CancelAttempt {
                call: call.spec.id.clone(),
                attempt,
                stop,
            });
        }
    }
    for phase in &plan.phases {
        let Some(state) = run.phase(&phase.name) else {
            continue;
        };
        if state.closed().is_some() || state.failed.is_some() {
            continue;
        }
        let context = PhaseContext {
            plan,
            phase,
            run,
            state,
        };
        if let Some(verifying) = state.verifying().filter(|_| stop_all.is_none()) {
            orders.push(Effect::Verify {
                phase: phase.name.clone(),
                verifying: verifying.clone(),
            });
        }
        if let Some(winner) = state.winner().filter(|_| closing::is_ready(&context)) {
            orders.push(Effect::ClosePhase {
                phase: phase.name.clone(),
                winner: winner.clone(),
            });
        }
    }
    if let Some(to) = ending::to_deliver(plan, run) {
        orders.push(Effect::Deliver {
            results: run.results(),
            to: to.clone(),
        });
    }
    orders
}

/// When to ask again although nothing was heard.
pub fn wake(plan: &Plan, run: &RunState, now: Timestamp) -> Option<Timestamp> {
    if run.ended().is_some() || run.rests() {
        return None;
    }
    let retries = run
        .open_calls()
        .filter(|call| call.status == CallStatus::Open)
        .filter_map(|call| call.not_before);
    let stragglers = plan
        .phases
        .iter()
        .filter_map(|phase| run.phase(&phase.name)?.straggler_limit());
    let waits = run.running().next().is_none() && !run.parked_accounts(now).is_empty();
    let wall = limits::wall_end(plan.limits, run, now);
    let wall = wall.filter(|_| run.limit().is_none() && !waits);
    let accounts = run.accounts.values().map(|account| account.parked.until);
    retries
        .chain(accounts)
        .chain(stragglers)
        .chain(wall)
        .filter(|at| *at > now)
        .min()
}
