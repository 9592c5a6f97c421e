//! A `routed` phase: the tasks of a decomposition, one after another, each by its specialist.

use std::collections::BTreeMap;

use crate::context::tasks;
use crate::model::{
    Answer, CallId, Contract, EditScope, Failure, FailureKind, ModelName, PhaseName, Profile,
    Purpose, Question, Task, TaskId, TaskList, TreeId, WorkspaceSource,
};
use crate::plan::Strategy;
use crate::run::{CallState, Event, PhaseEvent, PhaseState, TaskEnd};

use super::editing::{Edited, Editing};
use super::phase_context::{CallBuilder, PhaseContext, unverified};

/// A routed phase with everything its decisions depend on.
pub struct Routed<'a> {
    pub context: PhaseContext<'a>,
    pub tasks: &'a PhaseName,
    pub routing: &'a BTreeMap<String, Vec<ModelName>>,
    pub go_on: bool,
}

impl Routed<'_> {
    /// What follows next in the phase; empty while something is under way.
    pub fn next(&self) -> Vec<Event> {
        let Some(list) = self.list() else {
            return self.context.fails(Failure::new(
                FailureKind::NoDeliverable,
                format!("phase `{}` left no tasks", self.tasks),
            ));
        };
        if let Some(events) = self.ask_about_commands(list) {
            return events;
        }
        if !self.go_on && self.state().failed_tasks().next().is_some() {
            return self.finish(list);
        }
        match self.upcoming(list) {
            Some(task) => self.next_of(task, list),
            None => self.finish(list),
        }
    }

    /// What has to be known before the first task: whether the commands may run that a model wrote for them,
    /// all at once. Nothing if the way is free.
    fn ask_about_commands(&self, list: &TaskList) -> Option<Vec<Event>> {
        let PhaseContext { plan, run, .. } = self.context;
        let written = list.tasks.iter().filter_map(|task| task.verify.as_deref());
        let open =
            written.filter(|command| !plan.verify.allow(command) && run.may_run(command).is_none());
        let mut commands: Vec<String> = Vec::new();
        for command in open {
            if !commands.iter().any(|known| known == command) {
                commands.push(command.to_owned());
            }
        }
        if commands.is_empty() {
            return None;
        }
        if self.state().asked.is_some() {
            return Some(Vec::new());
        }
        Some(vec![
            PhaseEvent::PersonAsked {
                question: Question::RunCommands { commands },
            }
            .of(self.context.phase.name.clone()),
        ])
    }

    /// What proves a task; a command that nobody allowed proves nothing.
    fn verify_of(&self, task: &Task) -> Vec<String> {
        let PhaseContext { plan, run, .. } = self.context;
        let may_run =
            |command: &&String| plan.verify.allow(command) || run.may_run(command) == Some(true);
        task.verify.iter().filter(may_run).cloned().collect()
    }

    /// The task whose turn it is. One that is begun is ended first, since others would move the tree that
    /// it works on: a resumed run tries tasks afresh that come before it.
    fn upcoming<'l>(&self, list: &'l TaskList) -> Option<&'l Task> {
        let open: Vec<&Task> = tasks::order(list)
            .into_iter()
            .filter(|id| self.state().task(id).is_none())
            .filter_map(|id| list.tasks.iter().find(|task| task.id == id))
            .collect();
        let begun = open.iter().find(|task| {
            let first_try = self.context.id(Purpose::Task, task.id.as_str());
            self.context.run.call(&first_try).is_some()
        });
        begun.or(open.first()).copied()
    }

    fn state(&self) -> &PhaseState {
        self.context.state
    }

    fn list(&self) -> Option<&TaskList> {
        match self.context.run.answer(self.tasks)? {
            Answer::Tasks(list) => Some(list),
            Answer::Document
            | Answer::Judgement(_)
            | Answer::Audit(_)
            | Answer::Unfinished(_)
            | Answer::Invalid { .. } => None,
        }
    }

    fn next_of(&self, task: &Task, list: &TaskList) -> Vec<Event> {
        if let Some(blocked) = task
            .depends_on
            .iter()
            .find(|id| matches!(self.state().task(id), Some(TaskEnd::Failed(_))))
        {
            let message = format!("it depends on {blocked}, which failed");
            return self.give_up(task, Failure::new(FailureKind::Cancelled, message));
        }
        let Some(chain) = self
            .routing
            .get(&task.category)
            .or_else(|| self.routing.get("default"))
        else {
            let message = format!("no model is named for the category `{}`", task.category);
            return self.give_up(task, Failure::new(FailureKind::UnknownModel, message));
        };
        let slot = list
            .tasks
            .iter()
            .zip(1u32..)
            .find(|(other, _)| other.id == task.id);
        let slot = slot.map_or(1, |(_, slot)| slot);
        let work = Editing {
            context: self.context,
            task: Some(task),
            chain,
            verify: self.verify_of(task),
            must_pass: true,
        };
        match work.status(|_| self.builder(task, slot, chain)) {
            Edited::Pending => Vec::new(),
            Edited::Next(call) => vec![self.context.create(*call)],
            Edited::Verify { tree, command } => self.context.verify(Some(&task.id), tree, command),
            Edited::Done { call, tree } => self.done(task, call, tree),
            Edited::Failed(failure) => self.give_up(task, failure),
        }
    }

    fn builder(&self, task: &Task, slot: u32, chain: &[ModelName]) -> CallBuilder {
        let limited = !task.files.edit.is_empty();
        let workspace = match self.context.phase.strategy {
            Strategy::Scoped => self.context.scoped(&task.files.edit, &task.files.read),
            Strategy::Full | Strategy::Distilled | Strategy::Fresh => {
                WorkspaceSource::Tree(self.context.tree().clone())
            }
        };
        CallBuilder {
            name: task.id.to_string(),
            inputs: self.context.inputs(),
            contract: Contract::Edits,
            task: Some(task.clone()),
            edits: Some(if limited {
                EditScope::Only([&task.files.edit[..], &self.context.phase.scope.files].concat())
            } else {
                EditScope::Anywhere
            }),
            profile: Profile::Worker,
            ..CallBuilder::reader(Purpose::Task, slot, chain.to_vec(), workspace)
        }
    }

    /// What was done in an earlier round has been part of the run's tree since then.
    fn done(&self, task: &Task, call: CallId, tree: TreeId) -> Vec<Event> {
        let run = self.context.run;
        let known = run.call(&call);
        let there = known.is_some_and(|call| run.is_taken_over(&call.spec.key));
        vec![
            PhaseEvent::TaskDone {
                task: task.id.clone(),
                call,
                tree: if there { run.tree().clone() } else { tree },
            }
            .of(self.context.phase.name.clone()),
        ]
    }

    fn give_up(&self, task: &Task, failure: Failure) -> Vec<Event> {
        vec![
            PhaseEvent::TaskFailed {
                task: task.id.clone(),
                failure,
            }
            .of(self.context.phase.name.clone()),
        ]
    }

    fn finish(&self, list: &TaskList) -> Vec<Event> {
        if let Some((task, failure)) = self.state().failed_tasks().next()
            && (!self.go_on || self.state().done_tasks().next().is_none())
        {
            let message = format!("task {task} failed: {}", failure.message);
            let failure = Failure {
                message,
                ..failure.clone()
            };
            return self.context.fails(failure);
        }
        let tree = self.context.tree().clone();
        let results = self.context.results(None, &tree);
        if let Some(command) = unverified(&self.context.commands(), &results) {
            return self.context.verify(None, tree, command);
        }
        let last = list
            .tasks
            .iter()
            .rev()
            .find_map(|task| self.call_of(&task.id));
        last.map(|call| self.context.decided(call.spec.id.clone()))
            .unwrap_or_default()
    }

    fn call_of(&self, task: &TaskId) -> Option<&CallState> {
        match self.state().task(task)? {
            TaskEnd::Done(call) => self.context.run.call(call),
            TaskEnd::Failed(_) => None,
        }
    }
}
