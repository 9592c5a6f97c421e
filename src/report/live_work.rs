//! What the live frame says of the work beside its calls.

use super::fold::RunView;
use super::view::{CallView, PhaseState};
use super::view_task::TaskState;
use super::words::{clean, title};

/// What is looked at while no call of an editing phase runs: its changes are captured, and its
/// `verify` commands may take their time.
pub(super) fn checking(view: &RunView) -> Option<String> {
    let phase = view.phases.iter().find(|phase| {
        let round = phase.round();
        let mut calls = view.calls_of(&phase.name);
        phase.edits
            && phase.state == PhaseState::Running
            && calls.any(|call| call.round == round)
            && !view.calls_of(&phase.name).any(CallView::is_open)
    })?;
    let tasks = view.tasks(phase);
    let task = tasks.iter().find(|task| task.state == TaskState::Checking);
    let what = match task {
        Some(task) => title(&format!("{} {}", task.task.id, task.task.title)),
        None => clean(phase.name.as_str()),
    };
    Some(format!("  {what}: checking the changes"))
}

/// `1 of 3 tasks done`, of the phase at work.
pub(super) fn task_count(view: &RunView) -> Option<String> {
    let mut phases = view.phases.iter();
    let phase = phases.find(|phase| phase.state == PhaseState::Running)?;
    let tasks = view.tasks(phase);
    let done = tasks.iter().filter(|task| task.state == TaskState::Done);
    (!tasks.is_empty()).then(|| format!("{} of {} tasks done", done.count(), tasks.len()))
}
