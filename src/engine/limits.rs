//! The limits of a whole run: when one is reached, no further attempt starts.

use crate::model::{Millis, RunLimits, Timestamp};
use crate::plan::Plan;

use super::History;

/// The limit that forbids a further attempt, and perhaps those under way, with its value, if one does.
pub fn reached(plan: &Plan, history: &History, now: Timestamp) -> Option<String> {
    let limits = history.limits(plan.limits);
    let used = history.usage();
    if let Some(tokens) = limits.tokens.filter(|tokens| used.tokens() >= *tokens) {
        return Some(format!("tokens: {tokens}"));
    }
    // Money that was never spent cannot exceed anything: a free model passes a limit of zero.
    if let Some(cost) = limits
        .cost
        .filter(|cost| used.cost.0 > 0 && used.cost >= *cost)
    {
        return Some(format!("cost: {cost}"));
    }
    if let Some(wall) = limits.wall.filter(|wall| history.worked(now) >= *wall) {
        return Some(format!("wall: {wall}"));
    }
    let calls = limits
        .calls
        .filter(|calls| history.attempts_started() >= *calls)?;
    let idle = history.running().next().is_none();
    idle.then(|| format!("calls: {calls}"))
}

/// Attempts that may be under way at one time.
pub fn concurrency(plan: &Plan, history: &History) -> usize {
    let limits = history.limits(plan.limits);
    let running = u64::try_from(history.running().count()).unwrap_or(u64::MAX);
    let left = limits.calls.map_or(u64::MAX, |calls| {
        calls
            .saturating_sub(history.attempts_started())
            .saturating_add(running)
    });
    usize::try_from(left.min(limits.concurrency.max(1).into())).unwrap_or(usize::MAX)
}

/// When the wall-clock limit will be reached if nothing else happens.
pub fn wall_end(planned: RunLimits, history: &History, now: Timestamp) -> Option<Timestamp> {
    let wall = history.limits(planned).wall?;
    let left = wall.0.saturating_sub(history.worked(now).0);
    Some(now.after(Millis(left)))
}

/// Whether reaching this limit also ends what is under way: money, tokens and time go on being
/// spent by a running attempt, the number of calls does not.
pub fn ends_running(limit: &str) -> bool {
    !limit.starts_with("calls")
}
