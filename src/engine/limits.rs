//! The limits of a whole run and the budgets of its phases: when one is reached, no further attempt
//! starts.

use crate::model::{Budget, Millis, ReachedLimit, RunLimits, Timestamp};
use crate::plan::{PhasePlan, Plan};
use crate::run::{RunState, Spent};

/// The limit that forbids a further attempt of the phase, and perhaps those under way, if one does: of the
/// run, or of the phase.
pub fn reached(
    plan: &Plan,
    phase: &PhasePlan,
    run: &RunState,
    now: Timestamp,
) -> Option<ReachedLimit> {
    let idle = run.running().next().is_none();
    let limits = run.limits(plan.limits);
    let of_run = used_up(limits.budget(), run.own_spent(), idle)
        .or_else(|| worked_enough(limits, run, now))
        .map(|limit| ReachedLimit { limit, phase: None });
    of_run.or_else(|| {
        let spent = run.own_spent_by(&phase.name);
        let limit = used_up(run.budget(&phase.name, phase.budget), spent, idle)?;
        Some(ReachedLimit {
            limit,
            phase: Some(phase.name.clone()),
        })
    })
}

/// The number of calls forbids nothing to what was started already, so it is looked at when all is `idle`.
fn used_up(budget: Budget, spent: Spent, idle: bool) -> Option<String> {
    if let Some(tokens) = budget
        .tokens
        .filter(|tokens| spent.usage.tokens() >= *tokens)
    {
        return Some(format!("tokens: {tokens}"));
    }
    // Money that was never spent cannot exceed anything: a free model passes a limit of zero.
    if let Some(cost) = budget
        .cost
        .filter(|cost| spent.usage.cost.0 > 0 && spent.usage.cost >= *cost)
    {
        return Some(format!("cost: {cost}"));
    }
    let calls = budget
        .calls
        .filter(|calls| idle && spent.attempts >= *calls)?;
    Some(format!("calls: {calls}"))
}

fn worked_enough(limits: RunLimits, run: &RunState, now: Timestamp) -> Option<String> {
    let wall = limits.wall.filter(|wall| run.worked(now) >= *wall)?;
    Some(format!("wall: {wall}"))
}

/// Attempts that may be started now.
pub fn free(plan: &Plan, phase: &PhasePlan, run: &RunState) -> usize {
    if run.is_paused() {
        return 0;
    }
    let limits = run.limits(plan.limits);
    let running = run.running().count() as u64;
    let at_one_time = u64::from(limits.concurrency.max(1)).saturating_sub(running);
    let left = |calls: Option<u64>, spent: Spent| {
        calls.map_or(u64::MAX, |calls| calls.saturating_sub(spent.attempts))
    };
    let free = at_one_time
        .min(left(limits.calls, run.own_spent()))
        .min(left(
            run.budget(&phase.name, phase.budget).calls,
            run.own_spent_by(&phase.name),
        ));
    usize::try_from(free).unwrap_or(usize::MAX)
}

/// When the wall-clock limit will be reached if nothing else happens.
pub fn wall_end(planned: RunLimits, run: &RunState, now: Timestamp) -> Option<Timestamp> {
    let wall = run.limits(planned).wall?;
    let left = wall.0.saturating_sub(run.worked(now).0);
    Some(now.after(Millis(left)))
}

/// Whether reaching this limit also ends what is under way: money, tokens and time go on being
/// spent by a running attempt, the number of calls does not.
pub fn ends_running(reached: &ReachedLimit) -> bool {
    !reached.limit.starts_with("calls")
}
