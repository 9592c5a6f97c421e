//! How phases' views change with what happens to them, to their tasks and to the run's changes.

use crate::model::{
    CallId, CallSpec, Closing, Decider, Destination, Event, Label, Millis, PersonAnswer, PhaseName,
    Purpose, Results, TaskId, Timestamp, Verification,
};
use crate::plan::{PhasePlan, Plan};

use super::fold::RunView;
use super::view::{PastRound, PhaseState, PhaseView, Winner};
use super::view_task::{TaskEnd, TaskOutcome};
use super::view_work::{LoopView, Standing, Verified, Verifying};

/// Why results are kept that were in the project.
const UNDONE: &str = "they were undone";

impl RunView {
    /// Takes in what happened to a phase. One short arm an event, so that none is forgotten.
    pub(super) fn apply_to_phase(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::PhaseStarted { phase } => self.on_phase(phase, |phase| {
                phase.state = PhaseState::Running;
                phase.started.get_or_insert(at);
                phase.ended = None;
            }),
            Event::QuorumReached { phase, until } => {
                self.on_phase(phase, |phase| phase.stragglers_until = Some(*until));
            }
            Event::ProposalsSealed { phase, labels } => self.on_phase(phase, |phase| {
                phase.stragglers_until = None;
                phase.labels.clone_from(labels);
            }),
            Event::WinnerChosen {
                phase,
                call,
                label,
                by,
            } => self.winner_chosen(phase, call, label.as_ref(), by),
            Event::PhaseClosed { phase, closing } => self.phase_closed(phase, closing, at),
            Event::PhaseFailed { phase, failure } => {
                self.phase_ended(phase, PhaseState::Failed(failure.clone()), at);
            }
            Event::PhaseSkipped { phase, condition } => self.on_phase(phase, |phase| {
                phase.state = PhaseState::Skipped(condition.clone());
            }),
            Event::PersonAsked { phase, question } => self.on_phase(phase, |phase| {
                phase.state = PhaseState::Asking(question.clone());
            }),
            Event::PersonAnswered { phase, answer, .. } => self.answered(phase, answer, at),
            Event::DocumentEdited { phase, closing, .. } => self.on_phase(phase, |phase| {
                phase.state = PhaseState::Closed(Box::new(closing.clone()));
            }),
            Event::RoundsAdded { phase, rounds } => self.on_phase(phase, |phase| {
                phase.max_loops = phase.max_loops.map(|most| most.saturating_add(*rounds));
            }),
            Event::LoopedBack { from, to, round } => self.looped_back(from, to, *round, at),
            Event::CallCreated { .. }
            | Event::CallReused { .. }
            | Event::CallFailed { .. }
            | Event::RetryScheduled { .. }
            | Event::AttemptStarted { .. }
            | Event::AttemptSpawned { .. }
            | Event::AttemptProgressed { .. }
            | Event::AttemptSucceeded { .. }
            | Event::AttemptFailed { .. }
            | Event::VerifyStarted { .. }
            | Event::Verified { .. }
            | Event::TaskDone { .. }
            | Event::TaskFailed { .. }
            | Event::ChangesApplied { .. }
            | Event::ChangesKept { .. }
            | Event::ChangesUndone { .. }
            | Event::RunStarted { .. }
            | Event::RunResumed { .. }
            | Event::LimitReached { .. }
            | Event::ModelReplaced { .. }
            | Event::LimitsRaised { .. }
            | Event::RunInterrupted { .. }
            | Event::RunEnded { .. } => {}
        }
    }

    /// Takes in what happened to tasks and changes.
    pub(super) fn apply_to_work(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::VerifyStarted {
                phase,
                task,
                command,
                ..
            } => self.on_phase(phase, |phase| {
                phase.verifying = Some(Verifying {
                    task: task.clone(),
                    command: command.clone(),
                    since: at,
                });
            }),
            Event::Verified {
                phase,
                task,
                tree,
                verification,
            } => self.on_phase(phase, |phase| {
                phase.verified(task.as_ref(), tree, verification)
            }),
            Event::TaskDone {
                phase,
                task,
                call,
                tree,
            } => {
                self.tree = Some(tree.clone());
                let (call, tree) = (call.clone(), tree.clone());
                self.task_ended(phase, task, TaskOutcome::Done { call, tree });
            }
            Event::TaskFailed {
                phase,
                task,
                failure,
            } => self.task_ended(phase, task, TaskOutcome::Failed(failure.clone())),
            Event::ChangesApplied {
                tree,
                documents,
                to,
                files,
                unmerged,
                held,
                ..
            } => {
                let results = Results {
                    tree: tree.clone(),
                    documents: documents.clone(),
                };
                let (to, files) = (to.clone(), *files);
                if to == Destination::Tree {
                    self.in_project = (results.clone(), files);
                    self.unmerged.clone_from(unmerged);
                }
                self.held.clone_from(held);
                let settled = match held.is_empty() || !unmerged.left.is_empty() {
                    true => results,
                    false => self.results(),
                };
                self.decided = Some((settled, Standing::Applied { to, files }));
            }
            Event::ChangesKept {
                blocked, reason, ..
            } => self.decided = Some((self.results(), kept(*blocked, reason))),
            Event::ChangesUndone { unmerged } => {
                self.in_project = (self.before(), 0);
                self.unmerged.clone_from(unmerged);
                self.held.clear();
                self.decided = Some((self.results(), kept(false, UNDONE)));
            }
            Event::CallCreated { call } | Event::CallReused { call, .. } => self.taken_up(call),
            Event::PhaseStarted { .. }
            | Event::QuorumReached { .. }
            | Event::ProposalsSealed { .. }
            | Event::WinnerChosen { .. }
            | Event::PhaseClosed { .. }
            | Event::PhaseFailed { .. }
            | Event::PhaseSkipped { .. }
            | Event::PersonAsked { .. }
            | Event::PersonAnswered { .. }
            | Event::LoopedBack { .. }
            | Event::CallFailed { .. }
            | Event::RetryScheduled { .. }
            | Event::AttemptStarted { .. }
            | Event::AttemptSpawned { .. }
            | Event::AttemptProgressed { .. }
            | Event::AttemptSucceeded { .. }
            | Event::AttemptFailed { .. }
            | Event::RunStarted { .. }
            | Event::RunResumed { .. }
            | Event::LimitReached { .. }
            | Event::DocumentEdited { .. }
            | Event::RoundsAdded { .. }
            | Event::ModelReplaced { .. }
            | Event::LimitsRaised { .. }
            | Event::RunInterrupted { .. }
            | Event::RunEnded { .. } => {}
        }
    }

    fn task_ended(&mut self, phase: &PhaseName, task: &TaskId, outcome: TaskOutcome) {
        self.on_phase(phase, |phase| phase.task_ended(task, outcome));
    }

    /// A task that a new call takes up is open again.
    fn taken_up(&mut self, call: &CallSpec) {
        if let (Purpose::Task, Some(task)) = (call.purpose, &call.task) {
            self.on_phase(&call.phase, |phase| {
                phase.task_ends.retain(|end| end.task != task.id);
            });
        }
    }

    fn winner_chosen(
        &mut self,
        phase: &PhaseName,
        call: &CallId,
        label: Option<&Label>,
        by: &Decider,
    ) {
        self.on_phase(phase, |phase| {
            phase.winner = Some(Winner {
                call: call.clone(),
                label: label.cloned(),
                by: by.clone(),
            });
        });
    }

    fn phase_closed(&mut self, phase: &PhaseName, closing: &Closing, at: Timestamp) {
        if let Some(tree) = &closing.tree {
            self.tree = Some(tree.clone());
        }
        if let Some(document) = &closing.document {
            let (path, object) = (document.path.clone(), document.object.clone());
            if closing.published.is_some() {
                let (there, _) = &mut self.in_project;
                there.documents.insert(path.clone(), object.clone());
            }
            self.documents.insert(path, object);
        }
        self.phase_ended(phase, PhaseState::Closed(Box::new(closing.clone())), at);
    }

    /// The time that the question stood counts for nobody.
    fn answered(&mut self, phase: &PhaseName, answer: &PersonAnswer, at: Timestamp) {
        let waited = at.since(self.last.unwrap_or(at));
        self.session = self.session.map(|began| began.after(waited));
        self.on_phase(phase, |phase| {
            phase.idle.0 = phase.idle.0.saturating_add(waited.0);
            phase.answered();
            if *answer == PersonAnswer::SentBack {
                phase.begin_again(at);
            }
        });
    }

    fn phase_ended(&mut self, phase: &PhaseName, state: PhaseState, at: Timestamp) {
        self.on_phase(phase, |phase| {
            phase.state = state;
            phase.ended = Some(at);
            phase.verifying = None;
        });
    }

    fn looped_back(&mut self, from: &PhaseName, to: &PhaseName, round: u32, at: Timestamp) {
        self.loops.push(LoopView {
            from: from.clone(),
            to: to.clone(),
            round,
            at,
        });
        let place = |name| self.phases.iter().position(|phase| &phase.name == name);
        if let (Some(first), Some(last)) = (place(to), place(from)) {
            let phases = self.phases.iter_mut().take(last.saturating_add(1));
            for phase in phases.skip(first) {
                phase.begin_again(at);
            }
        }
    }

    fn on_phase(&mut self, name: &PhaseName, change: impl FnOnce(&mut PhaseView)) {
        if let Some(phase) = self.phases.iter_mut().find(|phase| &phase.name == name) {
            change(phase);
        }
    }
}

fn kept(blocked: bool, reason: &str) -> Standing {
    let reason = reason.to_owned();
    match blocked {
        true => Standing::Blocked { reason },
        false => Standing::Kept { reason },
    }
}

impl PhaseView {
    /// A phase that has not begun.
    pub(super) fn new(plan: &Plan, phase: &PhasePlan) -> Self {
        Self {
            name: phase.name.clone(),
            description: phase.description.clone(),
            kind: phase.kind.clone(),
            folder: plan.phase_folder(&phase.name).unwrap_or_default(),
            edits: phase.edits,
            max_loops: phase.on_fail.as_ref().map(|back| back.max),
            state: PhaseState::Waiting,
            started: None,
            ended: None,
            idle: Millis::default(),
            stragglers_until: None,
            labels: Vec::new(),
            winner: None,
            past: Vec::new(),
            task_ends: Vec::new(),
            verifying: None,
            verified: Vec::new(),
        }
    }

    /// What follows a person's no is an event of its own.
    fn answered(&mut self) {
        self.state = match self.started {
            Some(_) => PhaseState::Running,
            None => PhaseState::Waiting,
        };
    }

    /// A resumed run gives tasks that were given up another chance, as long as the phase is not decided.
    pub(super) fn taken_up_again(&mut self) {
        self.verifying = None;
        if self.winner.is_none() {
            self.task_ends
                .retain(|end| matches!(end.outcome, TaskOutcome::Done { .. }));
        }
    }

    fn verified(&mut self, task: Option<&TaskId>, tree: &str, verification: &Verification) {
        self.verifying = None;
        self.verified.push(Verified {
            task: task.cloned(),
            tree: tree.to_owned(),
            round: self.round(),
            verification: verification.clone(),
        });
    }

    fn task_ended(&mut self, task: &TaskId, outcome: TaskOutcome) {
        self.task_ends.retain(|end| &end.task != task);
        self.task_ends.push(TaskEnd {
            task: task.clone(),
            outcome,
        });
    }

    /// An audit sent the run back: what the present round left is kept, the next one may begin.
    fn begin_again(&mut self, at: Timestamp) {
        if let Some(time) = self.round_time(at) {
            self.past.push(PastRound {
                time,
                closing: match &self.state {
                    PhaseState::Closed(closing) => Some(closing.as_ref().clone()),
                    PhaseState::Waiting
                    | PhaseState::Running
                    | PhaseState::Asking(_)
                    | PhaseState::Failed(_)
                    | PhaseState::Skipped(_) => None,
                },
            });
        }
        self.state = PhaseState::Waiting;
        self.started = None;
        self.ended = None;
        self.idle = Millis::default();
        self.stragglers_until = None;
        self.verifying = None;
        self.labels.clear();
        self.winner = None;
    }
}
