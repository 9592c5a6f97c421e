//! The tasks of a decomposed plan: what was written down, and how far each is.

use crate::model::{ChangedFile, Failure, PhaseName, Purpose, Task, TaskId};
use crate::plan::PhaseKind;
use crate::run::{CallState, TaskEnd, Verified};

use super::query::task_list;
use super::view::{PhaseView, RunView, is_open};

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TaskState<'a> {
    /// No call took it up yet.
    Waiting,
    Running,
    /// What the call left is being looked at.
    Checking,
    /// Its changes are part of the run's tree.
    Done,
    Failed(&'a Failure),
}

#[derive(Debug, Clone, PartialEq)]
pub struct TaskView<'a> {
    pub task: &'a Task,
    pub state: TaskState<'a>,
    /// The latest call that took it up.
    pub call: Option<&'a CallState>,
    /// The files that its calls changed, as far as that is part of the run's tree; oldest first.
    pub files: Vec<&'a ChangedFile>,
    /// The latest result of its own `verify` command.
    pub verified: Option<&'a Verified>,
}

impl RunView {
    /// The tasks of a `routed` phase in the order in which they were written, as far as known.
    pub fn tasks<'a>(&'a self, phase: PhaseView<'a>) -> Vec<TaskView<'a>> {
        let contributions = self.contributions();
        let task = |task: &'a Task| {
            let is_its = |call: &&CallState| {
                let spec = &call.spec;
                &spec.phase == phase.name()
                    && spec.purpose == Purpose::Task
                    && spec.task.as_ref().is_some_and(|one| one.id == task.id)
            };
            let call = self.state.calls().rfind(is_its);
            let its = contributions.iter().filter(|(call, _)| is_its(call));
            let verified = self.verified(phase);
            TaskView {
                task,
                state: state(phase, &task.id, call),
                call,
                files: its.flat_map(|(_, changes)| &changes.files).collect(),
                verified: verified
                    .filter(|verified| verified.task.as_ref() == Some(&task.id))
                    .last(),
            }
        };
        self.written_tasks(phase).into_iter().map(task).collect()
    }

    /// The id of a task of a phase, and its title as far as known.
    pub fn task_name(&self, phase: &PhaseName, id: &TaskId) -> String {
        let phase = self.phase(phase);
        let tasks = phase.map_or_else(Vec::new, |phase| self.written_tasks(phase));
        tasks.into_iter().find(|task| &task.id == id).map_or_else(
            || id.to_string(),
            |task| format!("{} {}", task.id, task.title),
        )
    }

    /// The latest list of the phase that decomposes, and what calls took up beyond it.
    fn written_tasks<'a>(&'a self, phase: PhaseView<'a>) -> Vec<&'a Task> {
        let PhaseKind::Routed { tasks: source, .. } = &phase.plan.kind else {
            return Vec::new();
        };
        let list = self.calls_of(source).filter_map(task_list).last();
        let mut tasks: Vec<&Task> = list.iter().flat_map(|list| &list.tasks).collect();
        let calls = self.calls_of(phase.name());
        for task in calls.filter_map(|call| call.spec.task.as_ref()) {
            if !tasks.iter().any(|known| known.id == task.id) {
                tasks.push(task);
            }
        }
        tasks
    }
}

/// What the latest round says in which the task was taken up.
fn state<'a>(phase: PhaseView<'a>, id: &TaskId, call: Option<&CallState>) -> TaskState<'a> {
    let state = phase.state;
    let earlier = call.and_then(|call| usize::try_from(call.spec.id.round()).ok()?.checked_sub(1));
    let past = earlier.and_then(|round| state.past.get(round));
    let end = past.map_or_else(|| state.task(id), |past| past.round.tasks.get(id));
    let goes_on = |call: &CallState| call.result().is_some_and(|left| left.stopped().is_some());
    match (end, call) {
        (Some(TaskEnd::Done(_)), _) => TaskState::Done,
        (Some(TaskEnd::Failed(failure)), _) => TaskState::Failed(failure),
        (None, None) => TaskState::Waiting,
        (None, Some(call)) if is_open(call) || goes_on(call) => TaskState::Running,
        (None, Some(_)) => TaskState::Checking,
    }
}
