//! The events that follow from a history. Asked again until nothing follows.

use crate::model::{CallSpec, Event, Failure, FailureKind, PhaseName, RunEnd, Timestamp};
use crate::plan::{PhaseKind, PhasePlan, Plan};

use super::ensemble::Ensemble;
use super::policy::{self, Next};
use super::{CallState, CallStatus, History, limits, single};

/// What follows from the history at this time; empty if nothing does.
pub fn decide(plan: &Plan, history: &History, now: Timestamp) -> Vec<Event> {
    if history.ended().is_some() {
        return Vec::new();
    }
    if history.limit().is_none()
        && let Some(limit) = limits::reached(plan, history, now)
    {
        return vec![Event::LimitReached { limit }];
    }
    let stopping = history.interrupted().is_some() || history.limit().is_some();
    if !stopping {
        let events = progress(plan, history, now);
        if !events.is_empty() {
            return events;
        }
    }
    end(plan, history).map_or_else(Vec::new, |end| vec![Event::RunEnded { end }])
}

/// The event that brings a call into the run: created, or reused where its work is done already.
pub fn create(call: CallSpec, history: &History) -> Event {
    match history.finished(&call.key) {
        Some(done) => Event::CallReused {
            from: done.spec.id.clone(),
            call,
        },
        None => Event::CallCreated { call },
    }
}

fn progress(plan: &Plan, history: &History, now: Timestamp) -> Vec<Event> {
    let Some(phase) = current(plan, history) else {
        return Vec::new();
    };
    let events = in_phase(plan, phase, history, now);
    if !events.is_empty() {
        return events;
    }
    let concurrency = limits::concurrency(plan, history);
    let mut free = concurrency.saturating_sub(history.running().count());
    let mut events = Vec::new();
    for call in history
        .calls()
        .filter(|call| is_wanted(call, &phase.name, history))
    {
        events.extend(attempt(plan, call, now, &mut free));
    }
    events
}

/// The first phase that is not closed.
fn current<'a>(plan: &'a Plan, history: &History) -> Option<&'a PhasePlan> {
    plan.phases.iter().find(|phase| {
        history
            .phase(&phase.name)
            .is_none_or(|state| state.closing.is_none())
    })
}

fn in_phase(plan: &Plan, phase: &PhasePlan, history: &History, now: Timestamp) -> Vec<Event> {
    let Some(state) = history.phase(&phase.name) else {
        return vec![Event::PhaseStarted {
            phase: phase.name.clone(),
        }];
    };
    if state.winner.is_some() || state.failed.is_some() {
        return Vec::new();
    }
    match &phase.kind {
        PhaseKind::Single { chain, .. } => single::next(plan, phase, chain, history),
        PhaseKind::Ensemble {
            proposers,
            judge,
            mode,
            quorum,
            quorum_named,
            straggler_timeout,
        } => Ensemble {
            plan,
            phase,
            proposers,
            judge,
            mode: *mode,
            quorum: *quorum,
            quorum_named: *quorum_named,
            straggler_timeout: *straggler_timeout,
            history,
            state,
        }
        .next(now),
        PhaseKind::Unsupported(unsupported) => vec![Event::PhaseFailed {
            phase: phase.name.clone(),
            failure: Failure::new(
                FailureKind::Unsupported,
                format!("this version cannot run {} yet", unsupported.what),
            )
            .hint("what was done so far is kept; a later version can go on with `tipstaff resume`"),
        }],
        _ => unreachable!("SOON"),
    }
}

/// Whether an open call's work is still asked for.
fn is_wanted(call: &CallState, phase: &PhaseName, history: &History) -> bool {
    let open = call.status == CallStatus::Open && &call.spec.phase == phase;
    let undecided = history
        .phase(phase)
        .is_some_and(|phase| phase.winner.is_none() && phase.failed.is_none());
    open && undecided && !is_left_behind(call, history)
}

/// A proposer whose ensemble has been sealed without it.
pub fn is_left_behind(call: &CallState, history: &History) -> bool {
    call.spec.purpose == crate::model::Purpose::Propose
        && history
            .phase(&call.spec.phase)
            .is_some_and(|phase| phase.sealed.is_some())
}

fn attempt(plan: &Plan, call: &CallState, now: Timestamp, free: &mut usize) -> Option<Event> {
    let id = call.spec.id.clone();
    match policy::next(&call.spec, call.counted_failures()) {
        Next::GiveUp(failure) => Some(Event::CallFailed { call: id, failure }),
        Next::Try { after, .. } if after.0 > 0 && call.not_before.is_none() => {
            Some(Event::RetryScheduled {
                call: id,
                until: now.after(after),
            })
        }
        Next::Try { model, .. } => {
            let due = call.not_before.is_none_or(|until| until <= now);
            if !due || *free == 0 {
                return None;
            }
            *free -= 1;
            let agent = plan.models.get(&model).map(|model| model.agent.clone());
            Some(Event::AttemptStarted {
                call: id,
                attempt: call.last_attempt() + 1,
                agent: agent.unwrap_or_else(|| "".into()),
                model,
            })
        }
    }
}

/// How the run ends, once nothing is under way.
fn end(plan: &Plan, history: &History) -> Option<RunEnd> {
    if history.running().next().is_some() {
        return None;
    }
    if history.interrupted().is_some() {
        return Some(RunEnd::Interrupted);
    }
    let Some(phase) = current(plan, history) else {
        return Some(RunEnd::Done);
    };
    let state = history.phase(&phase.name)?;
    if let Some(failure) = &state.failed {
        let limited = failure.kind == FailureKind::Quota;
        return Some(if limited {
            RunEnd::Limited
        } else {
            RunEnd::Failed
        });
    }
    if state.winner.is_some() {
        return None;
    }
    if history.limit().is_some() {
        return Some(RunEnd::Limited);
    }
    let waits = state.asked.is_some() && state.answered.is_none();
    waits.then_some(RunEnd::Waiting)
}
