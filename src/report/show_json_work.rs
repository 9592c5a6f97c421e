//! The part of `show --json` that is about the work: tasks, loops, changes, what was verified.

use serde_json::{Value, json};

use crate::run::{Loop, Verified};

use super::view::{PhaseView, RunView};
use super::view_task::{TaskState, TaskView};
use super::view_work::DeliveryState;
use super::words_work::task_word;
use crate::risk::Acts;

pub(super) fn tasks(view: &RunView, phase: PhaseView<'_>) -> Vec<Value> {
    let task = |task: &TaskView<'_>| {
        let failure = match task.state {
            TaskState::Failed(failure) => Some(failure),
            TaskState::Waiting | TaskState::Running | TaskState::Checking | TaskState::Done => None,
        };
        let call = task.call.map(|call| &call.spec.id);
        json!({
            "id": task.task.id,
            "title": task.task.title,
            "category": task.task.category,
            "state": task_word(task.state),
            "call": call,
            "model": call.and_then(|call| view.model_of(call)),
            "files": task.files,
            "verified": task.verified.map(|one| &one.verification),
            "failure": failure,
        })
    };
    view.tasks(phase).iter().map(task).collect()
}

/// What was run to verify a phase's changes, oldest first.
pub(super) fn verified(view: &RunView, phase: PhaseView<'_>) -> Vec<Value> {
    let one = |one: &Verified| {
        json!({
            "task": one.task,
            "tree": one.tree,
            "round": one.round,
            "result": one.verification,
        })
    };
    view.verified(phase).map(one).collect()
}

/// The times that an audit sent the run back.
pub(super) fn loops(view: &RunView) -> Vec<Value> {
    let one = |one: &Loop| json!({"from": one.from, "to": one.to, "round": one.round, "at": one.at.rfc3339()});
    view.state.loops.iter().map(one).collect()
}

/// What the run changed, and where that is: `state` is `none`, `pending`,
/// `partly` (some of it is applied), `applied`, `kept` or `blocked`.
pub(super) fn changes(view: &RunView) -> Value {
    let (state, to, reason) = match view.delivery_state() {
        DeliveryState::Nothing => ("none", None, None),
        DeliveryState::Pending => ("pending", None, None),
        DeliveryState::Partly { .. } => ("partly", None, None),
        DeliveryState::Applied { to, .. } => ("applied", Some(to), None),
        DeliveryState::Kept { reason } => ("kept", None, Some(reason)),
        DeliveryState::Blocked { reason } => ("blocked", None, Some(reason)),
    };
    let files: Vec<Value> = view
        .changed_files()
        .iter()
        .map(|file| {
            let by: Vec<_> = file.by.iter().map(|call| &call.spec.id).collect();
            json!({
                "path": file.path,
                "kind": file.kind,
                "from": file.from,
                "lines": file.lines,
                "by": by,
            })
        })
        .collect();
    let paths = view.changed_paths();
    let acting = view.acting(&paths);
    let acts = |wanted: Acts| -> Vec<Value> {
        let files = acting.iter().filter(|(acts, _)| *acts == wanted);
        let files = files.flat_map(|(_, files)| files);
        files
            .map(|(path, why)| json!({"path": path, "why": why}))
            .collect()
    };
    json!({
        "state": state,
        "base": view.state.base(),
        "tree": view.state.tree(),
        "to": to,
        "reason": reason,
        "unmerged": view.state.unmerged,
        "files": files,
        "held": view.state.held,
        "acts_on_its_own": acts(Acts::ByThemselves),
        "runs_when_used": acts(Acts::WhenRun),
    })
}
