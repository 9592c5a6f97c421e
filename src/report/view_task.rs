//! The tasks of a decomposed plan: what was written down, and how far each is.

use crate::model::{CallId, ChangedFile, Failure, PhaseName, Purpose, Task, TaskId};
use crate::plan::PhaseKind;

use super::fold::RunView;
use super::view::{CallView, PhaseView};
use super::view_work::Verified;

/// How a task ended.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskEnd {
    /// The task.
    pub task: TaskId,
    /// How.
    pub outcome: TaskOutcome,
}

/// How a task can end.
#[derive(Debug, Clone, PartialEq)]
pub enum TaskOutcome {
    /// Its changes are part of the run's tree.
    Done {
        /// The call that did it.
        call: CallId,
        /// The git tree with its changes.
        tree: String,
    },
    /// It was given up.
    Failed(Failure),
}

/// How far a task is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TaskState<'a> {
    /// No call took it up yet.
    Waiting,
    /// A call works on it.
    Running,
    /// What the call left is being looked at.
    Checking,
    /// Its changes are part of the run's tree.
    Done,
    /// It was given up.
    Failed(&'a Failure),
}

/// A task as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskView<'a> {
    /// What it is.
    pub task: &'a Task,
    /// How far it is.
    pub state: TaskState<'a>,
    /// The latest call that took it up.
    pub call: Option<&'a CallView>,
    /// The files that its calls changed, as far as that is part of the run's tree; oldest first.
    pub files: Vec<&'a ChangedFile>,
    /// The latest result of its own `verify` command.
    pub verified: Option<&'a Verified>,
}

impl RunView {
    /// The tasks of a `routed` phase in the order in which they were written, as far as known.
    pub fn tasks<'a>(&'a self, phase: &'a PhaseView) -> Vec<TaskView<'a>> {
        let contributions = self.contributions();
        self.written_tasks(phase)
            .into_iter()
            .map(|task| {
                let is_its = |call: &&CallView| {
                    call.phase == phase.name
                        && call.purpose == Purpose::Task
                        && call.task.as_ref().is_some_and(|one| one.id == task.id)
                };
                let call = self.calls.iter().rfind(is_its);
                let files = contributions
                    .iter()
                    .filter(|(call, _)| is_its(call))
                    .flat_map(|(_, changes)| &changes.files)
                    .collect();
                TaskView {
                    task,
                    state: state(phase, &task.id, call),
                    call,
                    files,
                    verified: phase
                        .verified
                        .iter()
                        .rfind(|verified| verified.task.as_ref() == Some(&task.id)),
                }
            })
            .collect()
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
    fn written_tasks<'a>(&'a self, phase: &'a PhaseView) -> Vec<&'a Task> {
        let PhaseKind::Routed { tasks: source, .. } = &phase.kind else {
            return Vec::new();
        };
        let list = self
            .calls_of(source)
            .filter_map(|call| self.task_list(call));
        let mut tasks: Vec<&Task> = list
            .last()
            .map(|list| list.tasks.iter().collect())
            .unwrap_or_default();
        for task in self
            .calls_of(&phase.name)
            .filter_map(|call| call.task.as_ref())
        {
            if !tasks.iter().any(|known| known.id == task.id) {
                tasks.push(task);
            }
        }
        tasks
    }
}

fn state<'a>(phase: &'a PhaseView, id: &TaskId, call: Option<&CallView>) -> TaskState<'a> {
    let end = phase.task_ends.iter().find(|end| &end.task == id);
    match (end.map(|end| &end.outcome), call) {
        (Some(TaskOutcome::Done { .. }), _) => TaskState::Done,
        (Some(TaskOutcome::Failed(failure)), _) => TaskState::Failed(failure),
        (None, None) => TaskState::Waiting,
        (None, Some(call)) if call.is_open() || call.is_stopped() => TaskState::Running,
        (None, Some(_)) => TaskState::Checking,
    }
}
