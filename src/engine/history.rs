//! The fold of the events: what is known of a run. Only `apply` changes it.

mod answers;
mod person;
mod results;
mod resume;

use std::collections::{BTreeMap, BTreeSet};

use super::known::{
    AttemptEnd, AttemptState, CallState, CallStatus, Delivery, Findings, PhaseState, Proving,
    Spent, Verified, Winner,
};
use crate::model::{
    Answer, Artifact, Audit, Budget, CallId, CallKey, CallSpec, Destination, Documents, Event,
    FrozenFile, Millis, ModelName, PhaseName, ReachedLimit, Record, Results, RunEnd, RunLimits,
    TaskId, Timestamp, Usage, Verification,
};
use crate::plan::PhasePlan;

/// What is known of a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    phases: BTreeMap<PhaseName, PhaseState>,
    /// The phases in the order in which the run first came to them.
    order: Vec<PhaseName>,
    base: String,
    tree: Option<String>,
    /// The work whose changes are part of that tree.
    taken_over: BTreeSet<CallKey>,
    verified: Vec<Verified>,
    /// The commands of models that a person was asked about, and whether they may run.
    commands: BTreeMap<String, bool>,
    documents: Documents,
    /// What the user's working tree holds of the run.
    in_project: Results,
    /// Documents in the project that are as a person changed them.
    of_persons: BTreeSet<String>,
    /// What became of the results, and which ones those were.
    delivered: Option<(Results, Delivery)>,
    calls: BTreeMap<CallId, Box<CallState>>,
    files: Vec<FrozenFile>,
    worked: Millis,
    last: Option<Timestamp>,
    raised: Option<RunLimits>,
    budgets: BTreeMap<PhaseName, Budget>,
    /// The models that a person put into others' places.
    replaced: BTreeMap<ModelName, ModelName>,
    limit: Option<ReachedLimit>,
    interrupted: Option<String>,
    ended: Option<RunEnd>,
}

impl History {
    /// The fold of a whole journal.
    pub fn of(records: &[Record]) -> Self {
        let mut history = Self::default();
        for record in records {
            history.apply(record.at, &record.event);
        }
        history
    }

    /// Takes one more event in.
    pub fn apply(&mut self, at: Timestamp, event: &Event) {
        self.count_time(at, event);
        self.apply_to_run(event);
        self.apply_to_call(event);
        self.apply_to_phase(event);
    }

    fn apply_to_run(&mut self, event: &Event) {
        match event {
            Event::RunStarted { files, base, .. } => {
                self.files.clone_from(files);
                self.base.clone_from(base);
                self.in_project = self.before();
            }
            Event::RunResumed { .. } => self.resume(),
            Event::LoopedBack { from, to, .. } => self.loop_back(from, to),
            Event::ChangesApplied {
                tree,
                documents,
                to,
                held,
                unmerged,
                ..
            } => {
                let results = Results {
                    tree: tree.clone(),
                    documents: documents.clone(),
                };
                if *to == Destination::Tree {
                    self.in_project.clone_from(&results);
                }
                // What is held back is decided upon too: it waits for nobody but who accepts it.
                let settled = match held.is_empty() || !unmerged.left.is_empty() {
                    true => results,
                    false => self.results(),
                };
                self.delivered = Some((settled, Delivery::Applied(to.clone())));
            }
            Event::ChangesKept { blocked, .. } => {
                let how = if *blocked {
                    Delivery::Blocked
                } else {
                    Delivery::Kept
                };
                self.delivered = Some((self.results(), how));
            }
            Event::ChangesUndone { .. } => {
                self.in_project = self.before();
                self.delivered = Some((self.results(), Delivery::Kept));
            }
            Event::LimitReached { limit, phase } => {
                self.limit = Some(ReachedLimit {
                    limit: limit.clone(),
                    phase: phase.clone(),
                });
            }
            Event::LimitsRaised {
                limits, budgets, ..
            } => {
                self.raised = Some(*limits);
                self.budgets.clone_from(budgets);
            }
            Event::PersonAsked { .. }
            | Event::PersonAnswered { .. }
            | Event::DocumentEdited { .. }
            | Event::RoundsAdded { .. }
            | Event::ModelReplaced { .. } => self.apply_act(event),
            Event::RunInterrupted { signal } => self.interrupted = Some(signal.clone()),
            Event::RunEnded { end } => self.ended = Some(*end),
            Event::CallCreated { .. }
            | Event::CallReused { .. }
            | Event::AttemptStarted { .. }
            | Event::AttemptSpawned { .. }
            | Event::AttemptProgressed { .. }
            | Event::AttemptSucceeded { .. }
            | Event::AttemptFailed { .. }
            | Event::RetryScheduled { .. }
            | Event::CallFailed { .. }
            | Event::PhaseStarted { .. }
            | Event::QuorumReached { .. }
            | Event::ProposalsSealed { .. }
            | Event::WinnerChosen { .. }
            | Event::PhaseClosed { .. }
            | Event::PhaseFailed { .. }
            | Event::VerifyStarted { .. }
            | Event::Verified { .. }
            | Event::TaskDone { .. }
            | Event::TaskFailed { .. }
            | Event::PhaseSkipped { .. } => {}
        }
    }

    /// What is known of a phase, if anything is.
    pub fn phase(&self, name: &PhaseName) -> Option<&PhaseState> {
        self.phases.get(name)
    }

    /// What is known of a call that counts.
    pub fn call(&self, id: &CallId) -> Option<&CallState> {
        self.calls
            .get(id)
            .map(Box::as_ref)
            .filter(|call| call.status != CallStatus::Shelved)
    }

    /// All calls, by id.
    pub fn calls(&self) -> impl Iterator<Item = &CallState> {
        self.calls.values().map(Box::as_ref)
    }

    /// The calls of a phase that count, of its present round only, by id.
    pub fn calls_of(&self, phase: &PhaseName) -> impl Iterator<Item = &CallState> {
        let round = self.phase(phase).map_or(1, |state| state.round + 1);
        self.calls().filter(move |call| {
            let known = call.status != CallStatus::Shelved;
            known && &call.spec.phase == phase && call.spec.id.round() == round
        })
    }

    /// The attempts under way: the call and the attempt's number.
    pub fn running(&self) -> impl Iterator<Item = (&CallState, u32)> {
        let running = self
            .calls()
            .filter(|call| call.status == CallStatus::Running);
        running.map(|call| (call, call.last_attempt()))
    }

    /// A finished call with that key, whatever its place. One that was stopped at its checkpoint has not
    /// finished anything that could stand in another place.
    pub fn finished(&self, key: &CallKey) -> Option<&CallState> {
        self.calls().find(|call| {
            let result = call.result();
            &call.spec.key == key && result.is_some_and(|result| result.stopped().is_none())
        })
    }

    /// Whether the changes that a task's call made are part of the run's tree.
    pub fn is_taken_over(&self, key: &CallKey) -> bool {
        self.taken_over.contains(key)
    }

    /// The git tree that the run began with.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The git tree with all changes that were taken over so far.
    pub fn tree(&self) -> &str {
        self.tree.as_deref().unwrap_or(&self.base)
    }

    /// The results of a phase's commands, or of one of its tasks', on a tree.
    pub fn verifications(
        &self,
        phase: &PhaseName,
        task: Option<&TaskId>,
        tree: &str,
    ) -> Vec<&Verification> {
        self.verified
            .iter()
            .filter(|seen| &seen.phase == phase && seen.task.as_ref() == task && seen.tree == tree)
            .map(|seen| &seen.verification)
            .collect()
    }

    /// The commands that a phase and its tasks were proved with, in the order of their runs.
    pub fn commands_of(&self, phase: &PhaseName) -> impl Iterator<Item = &str> {
        let verified = self
            .verified
            .iter()
            .filter(move |seen| &seen.phase == phase);
        verified.map(|seen| seen.verification.command.as_str())
    }

    /// All results of commands, oldest first.
    pub fn verified(&self) -> &[Verified] {
        &self.verified
    }

    /// What a phase decided, as data, once it has.
    pub fn answer(&self, phase: &PhaseName) -> Option<&Answer> {
        let winner = self.phase(phase)?.winner.as_ref()?;
        Some(&self.call(&winner.call)?.result()?.answer)
    }

    /// The audit that a phase gave, if it is decided.
    pub fn audit(&self, phase: &PhaseName) -> Option<&Audit> {
        match self.answer(phase)? {
            Answer::Audit(audit) => Some(audit),
            Answer::Document
            | Answer::Judgement(_)
            | Answer::Tasks(_)
            | Answer::Unfinished(_)
            | Answer::Invalid { .. } => None,
        }
    }

    /// The user's files that are inputs.
    pub fn files(&self) -> &[FrozenFile] {
        &self.files
    }

    /// Everything used so far, by attempts under way too.
    pub fn spent(&self) -> Spent {
        Spent::by(self.calls())
    }

    /// The same of one phase, in all its rounds.
    pub fn spent_by(&self, phase: &PhaseName) -> Spent {
        Spent::by(self.calls().filter(|call| &call.spec.phase == phase))
    }

    /// How long supervisors have worked on the run, up to `now`.
    pub fn worked(&self, now: Timestamp) -> Millis {
        let since = match (self.ended, self.last) {
            (None, Some(last)) if self.open_question().is_none() => now.since(last),
            _ => Millis(0),
        };
        Millis(self.worked.0 + since.0)
    }

    /// The limits in force: the plan's, or what the user raised them to.
    pub fn limits(&self, planned: RunLimits) -> RunLimits {
        self.raised.unwrap_or(planned)
    }

    /// The budget of a phase that is in force: the plan's, or what the user raised it to.
    pub fn budget(&self, phase: &PhasePlan) -> Budget {
        let raised = self.budgets.get(&phase.name);
        raised.copied().unwrap_or(phase.budget)
    }

    /// The budgets that the user has changed.
    pub fn changed_budgets(&self) -> &BTreeMap<PhaseName, Budget> {
        &self.budgets
    }

    /// The limit that was reached.
    pub fn limit(&self) -> Option<&ReachedLimit> {
        self.limit.as_ref()
    }

    /// The signal that interrupted the run.
    pub fn interrupted(&self) -> Option<&str> {
        self.interrupted.as_deref()
    }

    /// How the supervisor's work ended, if it has.
    pub fn ended(&self) -> Option<RunEnd> {
        self.ended
    }

    /// Everything from the phase that has to mend on is open again; what its calls did stays known.
    fn loop_back(&mut self, from: &PhaseName, to: &PhaseName) {
        let findings = self.findings_of(from);
        let again = self
            .order
            .iter()
            .position(|phase| phase == to)
            .unwrap_or(self.order.len());
        for name in &self.order[again..] {
            let state = self.phases.entry(name.clone()).or_default();
            *state = state.again();
        }
        self.phase_mut(from).loops += 1;
        self.phase_mut(to).findings = findings.map(|artifact| Findings {
            from: from.clone(),
            artifact,
        });
    }

    fn findings_of(&self, phase: &PhaseName) -> Option<Artifact> {
        let winner = self.phase(phase)?.winner.as_ref()?;
        self.call(&winner.call)?.result()?.structured.clone()
    }

    fn apply_to_call(&mut self, event: &Event) {
        match event {
            Event::CallCreated { call } => self.add_call(call, CallStatus::Open),
            Event::CallReused { call, from } => {
                let status = self.calls.get(from).map(|call| call.status.clone());
                self.add_call(call, status.unwrap_or(CallStatus::Open));
            }
            Event::AttemptStarted { call, model, .. } => self.start_attempt(call, model),
            Event::AttemptSpawned { .. } => {}
            Event::AttemptProgressed {
                call,
                attempt,
                usage,
                ..
            } => {
                if let Some(state) = self.attempt(call, *attempt) {
                    state.usage = *usage;
                }
            }
            Event::AttemptSucceeded {
                call,
                attempt,
                result,
            } => {
                if let Some(state) = self.attempt(call, *attempt) {
                    state.usage = result.usage;
                    state.end = Some(AttemptEnd::Succeeded);
                }
                self.set_status(call, CallStatus::Done(result.clone()));
            }
            Event::AttemptFailed {
                call,
                attempt,
                failure,
                usage,
            } => {
                if let Some(state) = self.attempt(call, *attempt) {
                    state.usage = *usage;
                    state.end = Some(AttemptEnd::Failed(failure.clone()));
                }
                self.set_status(call, CallStatus::Open);
            }
            Event::RetryScheduled { call, until } => {
                if let Some(call) = self.calls.get_mut(call) {
                    call.not_before = Some(*until);
                }
            }
            Event::CallFailed { call, failure } => {
                self.set_status(call, CallStatus::Failed(failure.clone()));
            }
            Event::RunStarted { .. }
            | Event::RunResumed { .. }
            | Event::LoopedBack { .. }
            | Event::ChangesApplied { .. }
            | Event::ChangesKept { .. }
            | Event::ChangesUndone { .. }
            | Event::LimitReached { .. }
            | Event::LimitsRaised { .. }
            | Event::DocumentEdited { .. }
            | Event::RoundsAdded { .. }
            | Event::ModelReplaced { .. }
            | Event::RunInterrupted { .. }
            | Event::RunEnded { .. }
            | Event::PhaseStarted { .. }
            | Event::QuorumReached { .. }
            | Event::ProposalsSealed { .. }
            | Event::WinnerChosen { .. }
            | Event::PhaseClosed { .. }
            | Event::PhaseFailed { .. }
            | Event::PersonAsked { .. }
            | Event::PersonAnswered { .. }
            | Event::VerifyStarted { .. }
            | Event::Verified { .. }
            | Event::TaskDone { .. }
            | Event::TaskFailed { .. }
            | Event::PhaseSkipped { .. } => {}
        }
    }

    fn apply_to_phase(&mut self, event: &Event) {
        match event {
            Event::PhaseStarted { phase } => {
                self.come_to(phase);
                self.phase_mut(phase).started = true;
            }
            Event::QuorumReached { phase, until } => {
                self.phase_mut(phase).straggler_limit = Some(*until);
            }
            Event::ProposalsSealed { phase, labels } => {
                self.phase_mut(phase).sealed = Some(labels.clone());
            }
            Event::WinnerChosen {
                phase,
                call,
                label,
                by,
            } => {
                let (call, label, by) = (call.clone(), label.clone(), by.clone());
                self.phase_mut(phase).winner = Some(Winner { call, label, by });
            }
            Event::PhaseClosed { phase, closing } => self.close_phase(phase, closing),
            Event::PhaseFailed { phase, failure } => {
                self.phase_mut(phase).failed = Some(failure.clone());
            }
            Event::VerifyStarted {
                phase,
                task,
                tree,
                command,
            } => {
                self.phase_mut(phase).proving = Some(Proving {
                    task: task.clone(),
                    tree: tree.clone(),
                    command: command.clone(),
                });
            }
            Event::Verified {
                phase,
                task,
                tree,
                verification,
            } => {
                self.phase_mut(phase).proving = None;
                self.verified.push(Verified {
                    phase: phase.clone(),
                    task: task.clone(),
                    tree: tree.clone(),
                    verification: verification.clone(),
                });
            }
            Event::TaskDone {
                phase,
                task,
                call,
                tree,
            } => self.task_done(phase, task, call, tree),
            Event::TaskFailed {
                phase,
                task,
                failure,
            } => {
                let failed = &mut self.phase_mut(phase).tasks_failed;
                failed.insert(task.clone(), failure.clone());
            }
            Event::PhaseSkipped { phase, .. } => {
                self.come_to(phase);
                self.phase_mut(phase).skipped = true;
            }
            Event::RunStarted { .. }
            | Event::RunResumed { .. }
            | Event::LoopedBack { .. }
            | Event::ChangesApplied { .. }
            | Event::ChangesKept { .. }
            | Event::ChangesUndone { .. }
            | Event::LimitReached { .. }
            | Event::LimitsRaised { .. }
            | Event::PersonAsked { .. }
            | Event::PersonAnswered { .. }
            | Event::DocumentEdited { .. }
            | Event::RoundsAdded { .. }
            | Event::ModelReplaced { .. }
            | Event::RunInterrupted { .. }
            | Event::RunEnded { .. }
            | Event::CallCreated { .. }
            | Event::CallReused { .. }
            | Event::AttemptStarted { .. }
            | Event::AttemptSpawned { .. }
            | Event::AttemptProgressed { .. }
            | Event::AttemptSucceeded { .. }
            | Event::AttemptFailed { .. }
            | Event::RetryScheduled { .. }
            | Event::CallFailed { .. } => {}
        }
    }

    fn task_done(&mut self, phase: &PhaseName, task: &TaskId, call: &CallId, tree: &str) {
        self.tree = Some(tree.to_owned());
        let key = self.calls.get(call).map(|call| call.spec.key.clone());
        self.taken_over.extend(key);
        let done = &mut self.phase_mut(phase).tasks_done;
        done.insert(task.clone(), call.clone());
    }

    fn come_to(&mut self, phase: &PhaseName) {
        if !self.order.contains(phase) {
            self.order.push(phase.clone());
        }
    }

    fn count_time(&mut self, at: Timestamp, event: &Event) {
        // Nobody works on the run while it waits for an answer.
        let paused = self.ended.is_some()
            || self.open_question().is_some()
            || matches!(event, Event::RunResumed { .. })
            || event.is_by_hand();
        if let (false, Some(last)) = (paused, self.last) {
            self.worked.0 += at.since(last).0;
        }
        self.last = Some(at);
    }

    fn add_call(&mut self, spec: &CallSpec, status: CallStatus) {
        let shelved = self.calls.remove(&spec.id);
        let attempts = shelved.map(|call| call.attempts).unwrap_or_default();
        let state = CallState {
            spec: spec.clone(),
            counted_from: attempts.len(),
            attempts,
            not_before: None,
            status,
        };
        self.calls.insert(spec.id.clone(), Box::new(state));
    }

    fn start_attempt(&mut self, call: &CallId, model: &ModelName) {
        if let Some(call) = self.calls.get_mut(call) {
            call.attempts.reserve_exact(1);
            call.attempts.push(AttemptState {
                model: model.clone(),
                usage: Usage::default(),
                end: None,
            });
            call.not_before = None;
            call.status = CallStatus::Running;
        }
    }

    fn attempt(&mut self, call: &CallId, attempt: u32) -> Option<&mut AttemptState> {
        let index = usize::try_from(attempt).ok()?.checked_sub(1)?;
        self.calls.get_mut(call)?.attempts.get_mut(index)
    }

    fn set_status(&mut self, call: &CallId, status: CallStatus) {
        if let Some(call) = self.calls.get_mut(call) {
            call.status = status;
        }
    }

    fn phase_mut(&mut self, phase: &PhaseName) -> &mut PhaseState {
        self.phases.entry(phase.clone()).or_default()
    }
}
