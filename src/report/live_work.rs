//! What the live frame says of the work beside its calls.

use crate::model::Timestamp;

use super::view::{PhaseStatus, PhaseView, RunView, is_open};
use super::view_task::TaskState;
use super::words::{clean, title, whole};

/// What is looked at while no call of an editing phase runs: its changes are captured, or a command
/// that verifies them takes its time.
pub(super) fn checking(view: &RunView, now: Timestamp) -> Option<String> {
    let phase = view.phases().find(|phase| is_checked(view, *phase))?;
    let tasks = view.tasks(phase);
    let task = tasks.iter().find(|task| task.state == TaskState::Checking);
    let what = match task {
        Some(task) => title(&format!("{} {}", task.task.id, task.task.title)),
        None => clean(phase.name()),
    };
    let round = phase.state.begun();
    Some(match round.and_then(|round| round.verifying.as_ref()) {
        Some((verifying, since)) => format!(
            "  {what}: running `{}`, {}",
            title(&verifying.command),
            whole(now.since(*since))
        ),
        None => format!("  {what}: checking the changes"),
    })
}

fn is_checked(view: &RunView, phase: PhaseView<'_>) -> bool {
    let mut of_round = view.state.calls_of(phase.name()).peekable();
    let began = of_round.peek().is_some();
    let idle = !of_round.any(is_open);
    let running = phase.status() == PhaseStatus::Running;
    phase.plan.edits && running && began && idle || phase.state.verifying().is_some()
}

/// `1 of 3 tasks done`, of the phase at work.
pub(super) fn task_count(view: &RunView) -> Option<String> {
    let mut phases = view.phases();
    let phase = phases.find(|phase| phase.status() == PhaseStatus::Running)?;
    let tasks = view.tasks(phase);
    let done = tasks.iter().filter(|task| task.state == TaskState::Done);
    (!tasks.is_empty()).then(|| format!("{} of {} tasks done", done.count(), tasks.len()))
}
