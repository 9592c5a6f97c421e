//! The events that follow from a run's state. Asked again until nothing follows.

use crate::model::{
    AtLimit, CallId, Failure, FailureKind, Label, Millis, ModelName, Parked, PhaseName, Purpose,
    ReachedLimit, Timestamp,
};
use crate::plan::{PhaseKind, PhasePlan, Plan};
use crate::run::{CallEvent, CallState, CallStatus, Event, PhaseEvent, RunEvent, RunState};

use super::ending::{self, current};
use super::ensemble::Ensemble;
use super::limits::Room;
use super::parallel::Parallel;
use super::phase_context::PhaseContext;
use super::policy::{self, Next};
use super::routed::Routed;
use super::{closing, entry, limits, single};

/// What follows from the run's state at this time; empty if nothing does.
pub fn decide(plan: &Plan, run: &RunState, now: Timestamp) -> Vec<Event> {
    if run.ended().is_some() {
        return Vec::new();
    }
    let stopping = run.interrupted().is_some() || run.limit().is_some();
    if !stopping {
        let events = progress(plan, run, now);
        if !events.is_empty() {
            return events;
        }
    }
    let phase = current(plan, run);
    if let Some(failed) = phase.and_then(|phase| fail_at_limit(phase, run)) {
        return vec![failed];
    }
    let parked = phase.and_then(|phase| parked_until(phase, run, now));
    ending::end(plan, run, parked.is_some())
}

/// A phase that is to fail at a limit does so as long as it has work to be done.
fn fail_at_limit(phase: &PhasePlan, run: &RunState) -> Option<Event> {
    let ReachedLimit { limit, phase: of } = run.limit()?;
    let mut calls = run.calls();
    let fails = phase.at_limit == AtLimit::Fail;
    (fails && calls.any(|call| is_wanted(call, &phase.name, run))).then(|| {
        let whose = if of.is_some() {
            "its budget"
        } else {
            "the limit of the run"
        };
        let failure = Failure::new(FailureKind::Limit, format!("{whose} is used up: {limit}"))
            .hint("`tipstaff resume --limit` goes on with more room");
        PhaseEvent::Failed { failure }.of(phase.name.clone())
    })
}

fn progress(plan: &Plan, run: &RunState, now: Timestamp) -> Vec<Event> {
    if let Some(looped) = ending::loop_back(plan, run) {
        return vec![looped];
    }
    let Some(phase) = current(plan, run) else {
        return Vec::new();
    };
    let events = in_phase(plan, phase, run, now);
    if !events.is_empty() {
        return events;
    }
    let open = run.open_calls();
    let wanted: Vec<&CallState> = open
        .filter(|call| is_wanted(call, &phase.name, run))
        .collect();
    attempts(plan, phase, run, &wanted, now)
}

/// What follows for calls whose work is wanted: given up, or stopped by a limit, or tried.
fn attempts(
    plan: &Plan,
    phase: &PhasePlan,
    run: &RunState,
    wanted: &[&CallState],
    now: Timestamp,
) -> Vec<Event> {
    let open = wanted.iter().filter(|call| call.status == CallStatus::Open);
    let mut given_up = Vec::new();
    let mut tries = Vec::new();
    for call in open {
        let next = match call.ended_by_person {
            true => Next::GiveUp(Failure::new(FailureKind::Refused, "a person ended it")),
            false => policy::next(call, &phase.substitutes, run, now),
        };
        match next {
            // One at a time: the next one finds it taken.
            Next::Try { model, .. }
                if policy::stands_in(&model, call, run)
                    && tries.iter().any(|(_, other, _)| *other == model) => {}
            Next::Try { model, after } => tries.push((call, model, after)),
            Next::Parked(_) => {}
            Next::GiveUp(failure) => {
                given_up.push(CallEvent::Failed { failure }.of(call.spec.id.clone()));
            }
        }
    }
    if !given_up.is_empty() {
        return given_up;
    }
    let mut room = Room::of(plan, phase, run);
    let left_out = tries
        .iter()
        .filter(|(call, model, _)| room.leaves_out(&call.spec, model));
    let left_out: Vec<Event> = left_out
        .map(|(call, ..)| {
            let failure = Failure::new(FailureKind::Limit, "left out, as there is no room for it");
            CallEvent::Failed { failure }.of(call.spec.id.clone())
        })
        .collect();
    if !left_out.is_empty() {
        return left_out;
    }
    // Where nobody works and nobody wants to, no limit is in the way.
    if !wanted.is_empty()
        && let Some(reached) = limits::reached(plan, phase, run, now)
    {
        let limit = reached.limit;
        return vec![match reached.phase {
            Some(phase) => PhaseEvent::LimitReached { limit }.of(phase),
            None => RunEvent::LimitReached { limit }.into(),
        }];
    }
    let mut tests = Vec::new();
    let tries = tries.into_iter().filter_map(|(call, model, after)| {
        // After a rate limit each call waits by itself.
        let held = run
            .parked(&model)
            .filter(|held| held.holds(now) || held.why == FailureKind::Quota);
        let is_free = held.is_none_or(|held| {
            !held.holds(now) && !tests.contains(held) && !is_tested(held, &model, run)
        });
        let event = attempt(plan, call, (model, after), (now, is_free), &mut room)?;
        if let CallEvent::AttemptStarted { .. } = event {
            tests.extend(held);
        }
        Some(event.of(call.spec.id.clone()))
    });
    tries.collect()
}

/// Whether a request is under way that tells whether an account serves again. All others wait for it.
fn is_tested(held: &Parked, model: &ModelName, run: &RunState) -> bool {
    let mut attempts = run.running().filter_map(|(call, _)| call.attempts.last());
    attempts.any(|attempt| {
        attempt.started >= held.since
            && run.parked(&attempt.model) == Some(held)
            && run.parked(model) == Some(held)
    })
}

/// Until when none of the calls that want to work can, because of their accounts; nothing if one can, or others wait
/// for something else.
pub fn parked_until(phase: &PhasePlan, run: &RunState, now: Timestamp) -> Option<Timestamp> {
    let state = run.phase(&phase.name)?;
    if run.is_paused() || state.straggler_limit().is_some_and(|limit| limit > now) {
        return None;
    }
    let wanted = run
        .open_calls()
        .filter(|call| is_wanted(call, &phase.name, run));
    let each = wanted.map(
        |call| match policy::next(call, &phase.substitutes, run, now) {
            Next::Parked(until) if call.status == CallStatus::Open => Some(until),
            _ => None,
        },
    );
    each.collect::<Option<Vec<_>>>()?.into_iter().min()
}

fn in_phase(plan: &Plan, phase: &PhasePlan, run: &RunState, now: Timestamp) -> Vec<Event> {
    let Some(state) = run
        .phase(&phase.name)
        .filter(|state| state.begun().is_some())
    else {
        return vec![entry::enter(phase, run)];
    };
    if state.failed.is_some() {
        return Vec::new();
    }
    let context = PhaseContext {
        plan,
        phase,
        run,
        state,
    };
    if state.winner().is_some() {
        return closing::distill(&context);
    }
    if let Some(events) = entry::gate(&context) {
        return events;
    }
    match &phase.kind {
        PhaseKind::Single { chain, yields } => single::next(&context, chain, yields),
        PhaseKind::Ensemble { .. } => {
            Ensemble::of(context).map_or_else(Vec::new, |ensemble| ensemble.next(now))
        }
        PhaseKind::Routed {
            tasks,
            routing,
            go_on,
            named: _,
        } => Routed {
            context,
            tasks,
            routing,
            go_on: *go_on,
        }
        .next(),
        PhaseKind::Parallel { lenses, judge } => Parallel {
            context,
            lenses,
            judge: judge.as_deref(),
        }
        .next(),
    }
}

/// Whether a call's work is still asked for.
pub fn is_wanted(call: &CallState, phase: &PhaseName, run: &RunState) -> bool {
    let begun = match call.status {
        CallStatus::Open | CallStatus::Running => &call.spec.phase == phase,
        CallStatus::Done(_) | CallStatus::Failed(_) => false,
    };
    // Once the phase is decided, only its handoff may still be distilled; while a person is to decide, nobody works for it.
    let undecided = run.phase(phase).is_some_and(|phase| {
        let distills = call.spec.purpose == Purpose::Distill;
        (phase.winner().is_none() || distills) && phase.failed.is_none() && phase.asked.is_none()
    });
    begun && undecided && !is_left_behind(call, run)
}

/// A proposer whose ensemble has been sealed without it, in this round or in an earlier one.
pub fn is_left_behind(call: &CallState, run: &RunState) -> bool {
    let phase = run.phase(&call.spec.phase);
    phase.is_some_and(|phase| {
        let earlier = call.spec.id.round() < phase.round();
        let is_in = |sealed: &[(Label, CallId)]| {
            let mut sealed = sealed.iter().filter_map(|(_, id)| run.any_call(id));
            sealed.any(|one| one.spec.slot == call.spec.slot)
        };
        let sealed_out = phase.sealed().is_some_and(|sealed| !is_in(sealed));
        earlier || call.spec.purpose == Purpose::Propose && sealed_out
    })
}

fn attempt(
    plan: &Plan,
    call: &CallState,
    (model, after): (ModelName, Millis),
    (now, is_free): (Timestamp, bool),
    room: &mut Room<'_>,
) -> Option<CallEvent> {
    if after.0 > 0 && call.not_before.is_none() {
        let until = now.after(after);
        Some(CallEvent::RetryScheduled { until })
    } else if call.not_before.is_none_or(|until| until <= now)
        && is_free
        && room.take(&call.spec, &model)
    {
        let agent = plan.models.get(&model).map(|model| model.agent.clone());
        Some(CallEvent::AttemptStarted {
            attempt: call.last_attempt() + 1,
            agent: agent.unwrap_or_else(|| "".into()),
            model,
        })
    } else {
        None
    }
}
