//! What has to be carried out, according to a history.

use crate::model::{
    CallId, CallSpec, Destination, ModelName, PhaseName, Question, Results, RunEnd, Timestamp,
};
use crate::plan::Plan;

use super::decide::is_left_behind;
use super::scene::Scene;
use super::{CallStatus, History, Proving, Winner, closing, ending, limits};

/// Something to carry out. Two equal orders are the same order.
#[derive(Debug, Clone, PartialEq)]
pub enum Order {
    /// Run this attempt.
    Start {
        call: Box<CallSpec>,
        attempt: u32,
        model: ModelName,
    },
    /// End this attempt.
    Cancel { call: CallId, attempt: u32 },
    /// Run a command on a tree.
    Verify { phase: PhaseName, proving: Proving },
    /// Ask the person who attends.
    Ask {
        phase: PhaseName,
        question: Question,
    },
    /// Write and publish what the phase leaves.
    Close { phase: PhaseName, winner: Winner },
    /// Put the results where they belong.
    Deliver { results: Results, to: Destination },
    /// Stop working.
    End(RunEnd),
}

/// All orders that hold at present.
pub fn orders(history: &History, plan: &Plan) -> Vec<Order> {
    if let Some(end) = history.ended() {
        return vec![Order::End(end)];
    }
    let stop_all =
        history.interrupted().is_some() || history.limit().is_some_and(limits::ends_running);
    let mut orders = Vec::new();
    for (call, attempt) in history.running() {
        if stop_all || is_left_behind(call, history) {
            orders.push(Order::Cancel {
                call: call.spec.id.clone(),
                attempt,
            });
        } else if let Some(model) = call.model() {
            orders.push(Order::Start {
                call: Box::new(call.spec.clone()),
                attempt,
                model: model.clone(),
            });
        }
    }
    for phase in &plan.phases {
        let Some(state) = history.phase(&phase.name) else {
            continue;
        };
        if state.closing.is_some() || state.failed.is_some() {
            continue;
        }
        let scene = Scene {
            plan,
            phase,
            history,
            state,
        };
        if let Some(proving) = state.proving.as_ref().filter(|_| !stop_all) {
            orders.push(Order::Verify {
                phase: phase.name.clone(),
                proving: proving.clone(),
            });
        }
        if let Some(winner) = state.winner.as_ref().filter(|_| closing::is_ready(&scene)) {
            orders.push(Order::Close {
                phase: phase.name.clone(),
                winner: winner.clone(),
            });
        }
    }
    if let Some(to) = ending::to_deliver(plan, history) {
        orders.push(Order::Deliver {
            results: history.results(),
            to: to.clone(),
        });
    }
    orders
}

/// When to ask again although nothing was heard.
pub fn wake(plan: &Plan, history: &History, now: Timestamp) -> Option<Timestamp> {
    if history.ended().is_some() {
        return None;
    }
    let retries = history
        .calls()
        .filter(|call| call.status == CallStatus::Open)
        .filter_map(|call| call.not_before);
    let stragglers = plan.phases.iter().filter_map(|phase| {
        let state = history.phase(&phase.name)?;
        state.straggler_limit.filter(|_| state.sealed.is_none())
    });
    let wall = limits::wall_end(plan.limits, history, now).filter(|_| history.limit().is_none());
    retries
        .chain(stragglers)
        .chain(wall)
        .filter(|at| *at > now)
        .min()
}
