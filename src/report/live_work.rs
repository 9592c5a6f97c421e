//! What the live frame says of the work beside its calls.

use crate::model::Timestamp;

use super::fold::RunView;
use super::view::{CallView, PhaseState, PhaseView};
use super::view_task::TaskState;
use super::words::{clean, title};

/// What is looked at while no call of an editing phase runs: its changes are captured, or a command
/// that proves them takes its time.
pub(super) fn checking(view: &RunView, now: Timestamp) -> Option<String> {
    let phase = view.phases.iter().find(|phase| is_checked(view, phase))?;
    let tasks = view.tasks(phase);
    let task = tasks.iter().find(|task| task.state == TaskState::Checking);
    let what = match task {
        Some(task) => title(&format!("{} {}", task.task.id, task.task.title)),
        None => clean(phase.name.as_str()),
    };
    Some(match &phase.verifying {
        Some(verifying) => format!(
            "  {what}: running `{}`, {}",
            title(&verifying.command),
            now.since(verifying.since)
        ),
        None => format!("  {what}: checking the changes"),
    })
}

fn is_checked(view: &RunView, phase: &PhaseView) -> bool {
    let mut of_round = view
        .calls_of(&phase.name)
        .filter(|call| call.round == phase.round())
        .peekable();
    let began = of_round.peek().is_some();
    let idle = !of_round.any(CallView::is_open);
    let edits = phase.edits && phase.state == PhaseState::Running && began && idle;
    edits || phase.verifying.is_some()
}

/// `1 of 3 tasks done`, of the phase at work.
pub(super) fn task_count(view: &RunView) -> Option<String> {
    let mut phases = view.phases.iter();
    let phase = phases.find(|phase| phase.state == PhaseState::Running)?;
    let tasks = view.tasks(phase);
    let done = tasks.iter().filter(|task| task.state == TaskState::Done);
    (!tasks.is_empty()).then(|| format!("{} of {} tasks done", done.count(), tasks.len()))
}
