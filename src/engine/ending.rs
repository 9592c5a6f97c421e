//! The ends: of a round of an audit loop, and of the run.

use crate::model::{AuditVerdict, Destination, Failure, FailureKind, PhaseName, Remedy, RunEnd};
use crate::plan::{PhasePlan, Plan};
use crate::run::{Delivery, Event, PhaseEvent, PhaseState, RunEvent, RunState, Stage};

/// The first phase that is neither closed nor left out.
pub fn current<'a>(plan: &'a Plan, run: &RunState) -> Option<&'a PhasePlan> {
    plan.phases.iter().find(|phase| {
        let state = run.phase(&phase.name);
        state.is_none_or(|state| {
            state.closed().is_none() && !matches!(state.stage, Stage::Skipped(_))
        })
    })
}

/// The way back that an audit's verdict makes necessary, as long as its loop allows.
pub fn loop_back(plan: &Plan, run: &RunState) -> Option<Event> {
    let next = current(plan, run).map(|phase| &phase.name);
    let mut over = plan
        .phases
        .iter()
        .take_while(|phase| Some(&phase.name) != next);
    over.find_map(|phase| {
        let state = run.phase(&phase.name)?;
        let rule = phase.on_fail.as_ref()?;
        let failed = run.audit(&phase.name)?.verdict == AuditVerdict::Fail;
        let most = rule.max.saturating_add(state.rounds_added);
        (failed && run.loops_of(&phase.name) < most).then(|| {
            Event::Run(RunEvent::LoopedBack {
                from: phase.name.clone(),
                to: rule.goto.clone(),
                round: run.loops_of(&phase.name) + 1,
            })
        })
    })
}

/// The audits whose last word is fail and that have a way back.
pub fn failed_loops<'a>(plan: &'a Plan, run: &'a RunState) -> impl Iterator<Item = &'a PhaseName> {
    let looped = plan.phases.iter().filter(|phase| phase.on_fail.is_some());
    let failed = looped.filter(|phase| {
        let audit = run.audit(&phase.name);
        audit.is_some_and(|audit| audit.verdict == AuditVerdict::Fail)
    });
    failed.map(|phase| &phase.name)
}

/// Whether some audit's last word is fail.
fn audit_failed(plan: &Plan, run: &RunState) -> bool {
    plan.phases.iter().any(|phase| {
        run.audit(&phase.name)
            .is_some_and(|audit| audit.verdict == AuditVerdict::Fail)
    })
}

/// Whether the run's results wait for being delivered.
pub fn to_deliver<'a>(plan: &'a Plan, run: &RunState) -> Option<&'a Destination> {
    let finished = current(plan, run).is_none();
    let missing =
        plan.destination != Destination::Nowhere && run.results() != run.held_by(&plan.destination);
    let decided = match run.delivered() {
        // A person may have put them elsewhere.
        Some(Delivery::Applied { to, .. }) => *to == plan.destination,
        Some(Delivery::Kept(_) | Delivery::Blocked(_) | Delivery::Failed(_)) => true,
        None => false,
    };
    let open = !decided && run.ended().is_none() && !run.is_paused();
    let stopping = run.interrupted().is_some() || run.limit().is_some();
    let all_good = !audit_failed(plan, run);
    (finished && missing && open && !stopping && all_good).then_some(&plan.destination)
}

/// What ends a run whose decisions go in circles: its phase fails, and with nothing under way the run does.
pub fn give_up(plan: &Plan, run: &RunState) -> Vec<Event> {
    let message = "internal: the decisions of the engine go in circles";
    let hint = "this is a defect of tipstaff; please report it with the run's folder";
    let failed = current(plan, run).map(|phase| {
        PhaseEvent::Failed {
            failure: Failure::new(FailureKind::Machine, message).hint(hint),
        }
        .of(phase.name.clone())
    });
    let idle = run.running().next().is_none();
    let ended = idle.then_some(Event::Run(RunEvent::Ended {
        end: RunEnd::Failed,
    }));
    failed.into_iter().chain(ended).collect()
}

/// What ends the run, once nothing is under way; where its phase is parked, it can only wait.
pub fn end(plan: &Plan, run: &RunState, parked: bool) -> Vec<Event> {
    let Some(end) = how(plan, run, parked) else {
        return Vec::new();
    };
    let kept = match end {
        RunEnd::Done if plan.rehearsal.is_some() => keep(run, "this is a rehearsal"),
        RunEnd::Done => keep(run, "the run was told to keep them"),
        RunEnd::AuditFailed => keep(run, "the audit's verdict is fail"),
        // It is not over: what becomes of the changes is not decided yet.
        RunEnd::Failed | RunEnd::Waiting | RunEnd::Limited | RunEnd::Interrupted => None,
    };
    kept.into_iter()
        .chain([Event::Run(RunEvent::Ended { end })])
        .collect()
}

/// Results that are not to be applied by themselves are said to be kept.
fn keep(run: &RunState, reason: &str) -> Option<Event> {
    let is_known = run.results() == *run.in_project() || run.delivered().is_some();
    (!is_known).then(|| {
        Event::Run(RunEvent::ChangesKept {
            tree: run.tree().clone(),
            blocked: false,
            failed: false,
            reason: reason.to_owned(),
        })
    })
}

fn how(plan: &Plan, run: &RunState, parked: bool) -> Option<RunEnd> {
    if run.running().next().is_some() {
        return None;
    }
    if run.interrupted().is_some() {
        return Some(RunEnd::Interrupted);
    }
    let Some(phase) = current(plan, run) else {
        return how_finished(plan, run);
    };
    let state = run.phase(&phase.name);
    if let Some(failure) = state.and_then(PhaseState::failure) {
        let limited = failure.kind.rule().remedy == Remedy::Park;
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
    if run.limit().is_some() {
        return Some(RunEnd::Limited);
    }
    if parked {
        return Some(RunEnd::Limited);
    }
    let state = state?;
    if state.winner().is_some() {
        return None;
    }
    state.asked.as_ref().map(|_| RunEnd::Waiting)
}

fn how_finished(plan: &Plan, run: &RunState) -> Option<RunEnd> {
    if run.is_paused() || to_deliver(plan, run).is_some() {
        return None;
    }
    if audit_failed(plan, run) {
        return Some(RunEnd::AuditFailed);
    }
    Some(match run.delivered() {
        Some(Delivery::Failed(_)) => RunEnd::Failed,
        Some(Delivery::Blocked(_)) => RunEnd::Waiting,
        Some(Delivery::Applied { .. } | Delivery::Kept(_)) | None => RunEnd::Done,
    })
}
