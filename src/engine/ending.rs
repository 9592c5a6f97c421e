//! The ends: of a round of an audit loop, and of the run.

use crate::model::{AuditVerdict, Destination, Failure, FailureKind, PhaseName, RunEnd};
use crate::plan::{PhasePlan, Plan};
use crate::run::{Delivery, Event, PhaseEvent, PhaseState, RunEvent, RunState, Stage};

/// The first phase that is neither closed nor left out.
pub fn current<'a>(plan: &'a Plan, history: &RunState) -> Option<&'a PhasePlan> {
    plan.phases.iter().find(|phase| {
        let state = history.phase(&phase.name);
        state.is_none_or(|state| {
            state.closed().is_none() && !matches!(state.stage, Stage::Skipped(_))
        })
    })
}

/// The way back that an audit's verdict makes necessary, as long as its loop allows.
pub fn loop_back(plan: &Plan, history: &RunState) -> Option<Event> {
    let next = current(plan, history).map(|phase| &phase.name);
    let mut over = plan
        .phases
        .iter()
        .take_while(|phase| Some(&phase.name) != next);
    over.find_map(|phase| {
        let state = history.phase(&phase.name)?;
        let rule = phase.on_fail.as_ref()?;
        let failed = history.audit(&phase.name)?.verdict == AuditVerdict::Fail;
        let most = rule.max.saturating_add(state.rounds_added);
        (failed && history.loops_of(&phase.name) < most).then(|| {
            Event::Run(RunEvent::LoopedBack {
                from: phase.name.clone(),
                to: rule.goto.clone(),
                round: history.loops_of(&phase.name) + 1,
            })
        })
    })
}

/// The audits whose last word is fail and that have a way back.
pub fn failed_loops<'a>(
    plan: &'a Plan,
    history: &'a RunState,
) -> impl Iterator<Item = &'a PhaseName> {
    let looped = plan.phases.iter().filter(|phase| phase.on_fail.is_some());
    let failed = looped.filter(|phase| {
        let audit = history.audit(&phase.name);
        audit.is_some_and(|audit| audit.verdict == AuditVerdict::Fail)
    });
    failed.map(|phase| &phase.name)
}

/// Whether some audit's last word is fail.
fn audit_failed(plan: &Plan, history: &RunState) -> bool {
    plan.phases.iter().any(|phase| {
        history
            .audit(&phase.name)
            .is_some_and(|audit| audit.verdict == AuditVerdict::Fail)
    })
}

/// Whether the run's results wait for being delivered.
pub fn to_deliver<'a>(plan: &'a Plan, history: &RunState) -> Option<&'a Destination> {
    let finished = current(plan, history).is_none();
    let missing = plan.destination != Destination::Nowhere
        && history.results() != history.held_by(&plan.destination);
    let decided = match history.delivered() {
        // A person may have put them elsewhere.
        Some(Delivery::Applied { to, .. }) => *to == plan.destination,
        Some(Delivery::Kept(_) | Delivery::Blocked(_)) => true,
        None => false,
    };
    let open = !decided && history.ended().is_none();
    let stopping = history.interrupted().is_some() || history.limit().is_some();
    let all_good = !audit_failed(plan, history);
    (finished && missing && open && !stopping && all_good).then_some(&plan.destination)
}

/// What ends a run whose decisions go in circles: its phase fails, and with nothing under way the run does.
pub fn give_up(plan: &Plan, history: &RunState) -> Vec<Event> {
    let message = "internal: the decisions of the engine go in circles";
    let hint = "this is a defect of tipstaff; please report it with the run's folder";
    let failed = current(plan, history).map(|phase| {
        PhaseEvent::Failed {
            failure: Failure::new(FailureKind::Machine, message).hint(hint),
        }
        .of(phase.name.clone())
    });
    let idle = history.running().next().is_none();
    let ended = idle.then_some(Event::Run(RunEvent::Ended {
        end: RunEnd::Failed,
    }));
    failed.into_iter().chain(ended).collect()
}

/// What ends the run, once nothing is under way.
pub fn end(plan: &Plan, history: &RunState) -> Vec<Event> {
    let Some(end) = how(plan, history) else {
        return Vec::new();
    };
    let kept = match end {
        RunEnd::Done if plan.rehearsal.is_some() => keep(history, "this is a rehearsal"),
        RunEnd::Done => keep(history, "the run was told to keep them"),
        RunEnd::AuditFailed => keep(history, "the audit's verdict is fail"),
        // It is not over: what becomes of the changes is not decided yet.
        RunEnd::Failed | RunEnd::Waiting | RunEnd::Limited | RunEnd::Interrupted => None,
    };
    kept.into_iter()
        .chain([Event::Run(RunEvent::Ended { end })])
        .collect()
}

/// Results that are not to be applied by themselves are said to be kept.
fn keep(history: &RunState, reason: &str) -> Option<Event> {
    let told = history.results() == *history.in_project() || history.delivered().is_some();
    (!told).then(|| {
        Event::Run(RunEvent::ChangesKept {
            tree: history.tree().clone(),
            blocked: false,
            reason: reason.to_owned(),
        })
    })
}

fn how(plan: &Plan, history: &RunState) -> Option<RunEnd> {
    if history.running().next().is_some() {
        return None;
    }
    if history.interrupted().is_some() {
        return Some(RunEnd::Interrupted);
    }
    let Some(phase) = current(plan, history) else {
        return how_finished(plan, history);
    };
    let state = history.phase(&phase.name);
    if let Some(failure) = state.and_then(PhaseState::failure) {
        let limited = failure.kind == FailureKind::Quota;
        return Some(if limited {
            RunEnd::Limited
        } else {
            RunEnd::Failed
        });
    }
    if state.is_some_and(|state| state.verifying().is_some()) {
        return None;
    }
    // The time may be up before the next phase has begun.
    if history.limit().is_some() {
        return Some(RunEnd::Limited);
    }
    let state = state?;
    if state.winner().is_some() {
        return None;
    }
    state.asked.as_ref().map(|_| RunEnd::Waiting)
}

fn how_finished(plan: &Plan, history: &RunState) -> Option<RunEnd> {
    if to_deliver(plan, history).is_some() {
        return None;
    }
    if audit_failed(plan, history) {
        return Some(RunEnd::AuditFailed);
    }
    Some(match history.delivered() {
        Some(Delivery::Blocked(_)) => RunEnd::Waiting,
        Some(Delivery::Applied { .. } | Delivery::Kept(_)) | None => RunEnd::Done,
    })
}
