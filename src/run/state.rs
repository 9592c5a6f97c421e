//! The fold of a run's events.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{
    AccountName, Artifact, Budget, CallId, CallKey, CallSpec, Closing, Destination, Document,
    Documents, FrozenFile, HeldChange, Millis, ModelName, Parked, PersonAnswer, PhaseName,
    ReachedLimit, Results, RunEnd, RunId, RunLimits, Rung, TaskId, Timestamp, TreeId, Unmerged,
    Verification,
};

use super::calls::Calls;
use super::{
    CallState, CallStatus, Contribution, Crossed, Event, Findings, Moment, PhaseEvent, PhaseState,
    Record, RunEvent, phase::noted,
};

#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunState {
    /// The run, once it began.
    pub id: Option<RunId>,
    pub started: Option<Timestamp>,
    /// How closed the cells of its calls are, by the last supervisor.
    pub sandbox: Rung,
    /// When the run itself was heard of last: what a person does to its results later does not count.
    pub last: Option<Timestamp>,
    pub(super) phases: BTreeMap<PhaseName, PhaseState>,
    /// The phases in the order in which the run first came to them.
    pub(super) order: Vec<PhaseName>,
    /// The run that it goes on from in another way.
    pub from_run: Option<RunId>,
    /// What a person said about all of it.
    pub(super) notes: Vec<String>,
    pub(super) calls: Calls,
    /// The times that an audit sent it back, oldest first.
    pub loops: Vec<Loop>,
    pub(super) base: TreeId,
    pub(super) tree: Option<TreeId>,
    /// The work whose changes are part of that tree.
    pub(super) taken_over: BTreeSet<CallKey>,
    /// What commands said of the changes, oldest first, superseded results too.
    pub verified: Vec<Verified>,
    /// What they said of candidates with the tests of others.
    pub(super) crossed: Vec<Crossed>,
    /// The commands of models that a person was asked about, and whether they may run.
    pub(super) commands: BTreeMap<String, bool>,
    pub(super) documents: Documents,
    /// What its tasks and phases added, oldest first.
    pub contributions: Vec<Contribution>,
    /// What the user's working tree holds of the run, and how many files that changed.
    pub(super) in_project: (Results, u64),
    /// Files that a person's last `apply` or `undo` could not merge.
    pub unmerged: Unmerged,
    /// What the last delivery held back.
    pub held: Vec<HeldChange>,
    /// Documents in the project whose text is a person's: nobody but that person takes them away.
    pub of_persons: BTreeSet<String>,
    /// Whether a person took its changes back out of the project.
    pub undone: bool,
    /// What became of the results, and which ones those were.
    pub(super) delivered: Option<(Results, Delivery)>,
    pub(super) files: Vec<FrozenFile>,
    pub(super) worked: Millis,
    pub(super) raised: Option<RunLimits>,
    pub(super) budgets: BTreeMap<PhaseName, Budget>,
    /// The models that a person put into others' places.
    pub(super) replaced: BTreeMap<ModelName, ModelName>,
    /// The accounts that refused a request and have served none since.
    pub accounts: BTreeMap<AccountName, ParkedAccount>,
    pub(super) limit: Option<ReachedLimit>,
    pub(super) interrupted: Option<String>,
    pub(super) paused: bool,
    pub(super) ended: Option<RunEnd>,
}

/// An account that refused a request, and the models that are asked through it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedAccount {
    pub models: Vec<ModelName>,
    pub parked: Parked,
}

/// One time that an audit sent the run back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loop {
    pub from: PhaseName,
    pub to: PhaseName,
    /// Which time, from 1.
    pub round: u32,
    pub at: Timestamp,
}

/// A command that was run to see whether the changes are good.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    pub phase: PhaseName,
    /// In which round of it, from 1.
    pub round: u32,
    /// The task, if the command is a task's own.
    pub task: Option<TaskId>,
    pub tree: TreeId,
    pub verification: Verification,
    /// When it ended.
    pub at: Timestamp,
    /// Whether it is to be run once more: it is about work that was given up.
    pub superseded: bool,
}

/// What became of results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    Applied {
        to: Destination,
        files: u64,
    },
    /// The run keeps them on purpose, for this reason.
    Kept(String),
    /// They were to be applied and could not be, for this reason.
    Blocked(String),
    /// The machine failed while they were applied.
    Failed(String),
}

impl Delivery {
    fn none(why: (bool, bool), reason: String) -> Self {
        match why {
            (_, true) => Self::Failed(reason),
            (true, false) => Self::Blocked(reason),
            (false, false) => Self::Kept(reason),
        }
    }
}

impl RunState {
    /// The fold of a whole journal.
    pub fn of(records: &[Record]) -> Self {
        let mut state = Self::default();
        for record in records {
            state.apply(record.at, &record.event);
        }
        state
    }

    /// Takes one more event in.
    pub fn apply(&mut self, at: Timestamp, event: &Event) {
        let now = self.moment(at, event);
        match event {
            Event::Run(event) => self.apply_run(now, event),
            Event::Phase { phase, event } => self.apply_phase(now, phase, event),
            Event::Call { call, event } => {
                let accounts = &self.accounts;
                let is_parked =
                    |model: &ModelName| parked(accounts, model).is_some_and(|one| one.is_long(at));
                if let Some(call) = self.calls.get_mut(call) {
                    call.apply(at, event, is_parked);
                }
            }
        }
        self.calls.settle();
    }

    /// The time of an event. Nobody works on a run that has ended, or waits for an answer, or while the machine sleeps.
    fn moment(&mut self, at: Timestamp, event: &Event) -> Moment {
        if !event.is_by_hand() {
            let last = self.last.unwrap_or(at);
            let resumed = matches!(event, Event::Run(RunEvent::Resumed { .. }));
            let left = match event {
                Event::Run(RunEvent::Resumed { elsewhere, .. }) => {
                    Some((last, elsewhere.as_slice()))
                }
                Event::Run(RunEvent::ClockJumped { by }) => {
                    Some((last.max(Timestamp(at.0.saturating_sub(by.0))), &[][..]))
                }
                _ => None,
            };
            let mut worked = self.worked(at).0;
            if let Some((since, elsewhere)) = left {
                self.left_alone((since, at), elsewhere);
                worked = worked.saturating_sub(at.since(since).0);
            }
            self.worked = self.worked.max(Millis(worked));
            // Clocks are set back at times: nothing is counted twice for that, and the next supervisor goes by its own.
            self.last = self.last.filter(|_| !resumed).max(Some(at));
        }
        let worked = self.worked;
        Moment { at, worked }
    }

    fn apply_run(&mut self, now: Moment, event: &RunEvent) {
        match event {
            RunEvent::Started {
                run,
                files,
                base,
                sandbox,
                ..
            } => {
                self.sandbox = *sandbox;
                self.id = Some(run.clone());
                self.started = Some(now.at);
                self.files.clone_from(files);
                self.base.clone_from(base);
                self.in_project = (self.before(), 0);
            }
            RunEvent::Resumed {
                sandbox, elsewhere, ..
            } => self.resume(now.at, (*sandbox, elsewhere)),
            RunEvent::LoopedBack { from, to, round } => self.loop_back(now, from, to, *round),
            RunEvent::ChangesApplied {
                tree,
                documents,
                to,
                files,
                unmerged,
                held,
                ..
            } => {
                let (tree, documents) = (tree.clone(), documents.clone());
                let results = Results { tree, documents };
                self.undone = false;
                if to.is_in_project() {
                    self.in_project = (results.clone(), *files);
                    self.unmerged.clone_from(unmerged);
                }
                self.held.clone_from(held);
                // What is held back is decided upon too: it waits for nobody but who accepts it.
                let settled = match held.is_empty() || !unmerged.left.is_empty() {
                    true => results,
                    false => self.results(),
                };
                let (to, files) = (to.clone(), *files);
                self.delivered = Some((settled, Delivery::Applied { to, files }));
            }
            RunEvent::ChangesKept {
                blocked,
                failed,
                reason,
                ..
            } => {
                let how = Delivery::none((*blocked, *failed), reason.clone());
                self.delivered = Some((self.results(), how));
            }
            RunEvent::ChangesUndone { unmerged } => {
                self.unmerged.clone_from(unmerged);
                self.held.clear();
                self.undone = true;
                self.in_project = (self.before(), 0);
                let how = Delivery::Kept("they were undone".to_owned());
                self.delivered = Some((self.results(), how));
            }
            RunEvent::LimitReached { limit } => self.reached(limit, None),
            RunEvent::LimitsRaised {
                limits, budgets, ..
            } => {
                self.raised = Some(*limits);
                self.budgets.clone_from(budgets);
            }
            RunEvent::ModelReplaced { model, by, .. } => self.replace(model, by),
            RunEvent::AccountParked {
                account,
                models,
                until,
                why,
            } => {
                let (since, until, why) = (now.at, *until, *why);
                let parked = Parked { since, until, why };
                let models = models.clone();
                let account = account.clone();
                self.accounts
                    .insert(account, ParkedAccount { models, parked });
            }
            RunEvent::AccountFreed { account } => {
                self.accounts.remove(account);
            }
            RunEvent::ClockJumped { .. } => {}
            RunEvent::Paused { .. } => self.paused = true,
            RunEvent::Continued { .. } => self.paused = false,
            RunEvent::TakenOver { run, .. } => self.taken_over_from(run),
            RunEvent::Noted { text } => {
                self.notes.push(noted(text));
                self.forget_open_calls(None);
            }
            RunEvent::Interrupted { signal } => self.interrupted = Some(signal.clone()),
            RunEvent::Ended { end } => self.ended = Some(*end),
        }
    }

    fn apply_phase(&mut self, now: Moment, phase: &PhaseName, event: &PhaseEvent) {
        match event {
            PhaseEvent::CallCreated { call } => self.add_call(now.at, call, None),
            PhaseEvent::CallReused { call, from } => self.add_call(now.at, call, Some(from)),
            PhaseEvent::PersonAnswered {
                answer: PersonAnswer::Again,
                because,
            } => return self.send_back(now, phase, because),
            PhaseEvent::Started | PhaseEvent::Skipped { .. } if !self.order.contains(phase) => {
                self.order.push(phase.clone());
            }
            PhaseEvent::TaskDone { task, call, tree } => {
                self.tree = Some(tree.clone());
                let done = self.calls.get(call);
                let key = done.map(|call| call.spec.key.clone());
                let handoff = done.and_then(|call| call.result()?.handoff.clone());
                self.taken_over.extend(key);
                self.contributed(now, (phase, Some(task)), Some(call.clone()), handoff);
            }
            PhaseEvent::Verified {
                tree,
                verification,
                tests_of: Some(tests_of),
                ..
            } => self.crossed.push(Crossed {
                phase: phase.clone(),
                tree: tree.clone(),
                tests_of: tests_of.clone(),
                verification: verification.clone(),
            }),
            PhaseEvent::Verified {
                task,
                tree,
                verification,
                tests_of: None,
            } => self.verified.push(Verified {
                phase: phase.clone(),
                round: self.phase(phase).map_or(1, PhaseState::round),
                task: task.clone(),
                tree: tree.clone(),
                verification: verification.clone(),
                at: now.at,
                superseded: false,
            }),
            PhaseEvent::LimitReached { limit } => self.reached(limit, Some(phase)),
            PhaseEvent::Noted { .. } => self.forget_open_calls(Some(phase)),
            PhaseEvent::Closed { closing } => {
                self.tree = closing.tree.clone().or(self.tree.take());
                self.close(now, phase, closing);
            }
            // Its tree is as old as the phase: others may have changed files since.
            PhaseEvent::DocumentEdited { closing, .. } => {
                self.close(now, phase, closing);
                if closing.published.is_some() {
                    let document = closing.document.as_ref();
                    self.of_persons.extend(document.map(|one| one.path.clone()));
                }
            }
            PhaseEvent::PersonAnswered {
                answer: PersonAnswer::Commands { commands, run, .. },
                ..
            } => {
                let answers = commands.iter().map(|command| (command.clone(), *run));
                self.commands.extend(answers);
            }
            _ => {}
        }
        self.phase_mut(phase).apply(now, event);
        if let PhaseEvent::Started = event {
            let tree = self.tree().clone();
            self.phase_mut(phase).on_round(|round| round.ground = tree);
        }
    }

    /// What a phase leaves belongs to the results.
    fn close(&mut self, now: Moment, phase: &PhaseName, closing: &Closing) {
        self.take_document(closing);
        let winner = self.phase(phase).and_then(PhaseState::winner);
        let call = winner.map(|winner| winner.call.clone());
        self.contributed(now, (phase, None), call, Some(closing.handoff.clone()));
    }

    /// Where nothing was added there is nothing to remember.
    fn contributed(
        &mut self,
        now: Moment,
        (phase, task): (&PhaseName, Option<&TaskId>),
        call: Option<CallId>,
        handoff: Option<Artifact>,
    ) {
        let results = self.results();
        let before = self.contributions.last().map(|last| &last.results);
        if *before.unwrap_or(&self.before()) != results {
            self.contributions.push(Contribution {
                at: now.at,
                phase: phase.clone(),
                task: task.cloned(),
                call,
                handoff,
                results,
            });
        }
    }

    fn reached(&mut self, limit: &str, phase: Option<&PhaseName>) {
        let (limit, phase) = (limit.to_owned(), phase.cloned());
        self.limit = Some(ReachedLimit { limit, phase });
    }

    fn add_call(&mut self, at: Timestamp, spec: &Arc<CallSpec>, from: Option<&CallId>) {
        let from = from.and_then(|id| self.calls.get(id));
        let status = from.map_or(CallStatus::Open, |from| from.status.clone());
        let mut call = CallState::new(at, spec, from.map(|from| from.spec.id.clone()), status);
        // Attempts of a call that is created once more still count as used.
        if let Some(known) = self.calls.get_mut(&spec.id) {
            call.attempts = std::mem::take(&mut known.attempts);
            call.counted_from = call.attempts.len();
        }
        self.calls.insert(call);
    }

    /// Calls that nobody works on are made anew, with what they are to know now: those of a phase, or all.
    fn forget_open_calls(&mut self, phase: Option<&PhaseName>) {
        for call in self.calls.iter_mut() {
            let is_meant = phase.is_none_or(|phase| &call.spec.phase == phase);
            call.superseded |= is_meant && call.status == CallStatus::Open;
        }
    }

    /// The document of a phase belongs to the results.
    fn take_document(&mut self, closing: &Closing) {
        if let Some(Document { path, object }) = &closing.document {
            if closing.published.is_some() {
                let (there, _) = &mut self.in_project;
                there.documents.insert(path.clone(), object.clone());
            }
            self.documents.insert(path.clone(), object.clone());
            self.of_persons.remove(path);
        }
    }

    /// Everything from the phase that has to mend on is open again; what its calls did stays known.
    fn loop_back(&mut self, now: Moment, from: &PhaseName, to: &PhaseName, round: u32) {
        let findings = self.findings_of(from);
        self.begin_again(now, to);
        self.phase_mut(to).findings = findings;
        let (from, to, at) = (from.clone(), to.clone(), now.at);
        self.loops.push(Loop {
            from,
            to,
            round,
            at,
        });
    }

    fn begin_again(&mut self, now: Moment, from: &PhaseName) {
        let first = self.order.iter().position(|phase| phase == from);
        for name in self.order.iter().skip(first.unwrap_or(self.order.len())) {
            if let Some(state) = self.phases.get_mut(name) {
                state.begin_again(now, name == from);
            }
        }
    }

    /// What a person looked at before this gate is done again, with their words.
    fn send_back(&mut self, now: Moment, gate: &PhaseName, because: &str) {
        let Some(to) = self.before_gate(gate).map(|(name, _)| name.clone()) else {
            return;
        };
        let findings = self.phase_mut(&to).findings.take();
        self.begin_again(now, &to);
        let state = self.phase_mut(&to);
        state.findings = findings;
        state.sent_back += 1;
        let words = because.trim();
        state.said.push(format!(
            "A person found the earlier work not good enough: {words}"
        ));
    }

    fn findings_of(&self, from: &PhaseName) -> Option<Findings> {
        let winner = self.phase(from)?.winner()?;
        let artifact = self.call(&winner.call)?.result()?.structured.clone()?;
        let from = from.clone();
        Some(Findings { from, artifact })
    }

    /// Whatever was used in the place of a model is not used any more.
    fn replace(&mut self, model: &ModelName, by: &ModelName) {
        for used in self.replaced.values_mut().filter(|used| *used == model) {
            used.clone_from(by);
        }
        self.replaced.insert(model.clone(), by.clone());
    }

    fn phase_mut(&mut self, phase: &PhaseName) -> &mut PhaseState {
        self.phases.entry(phase.clone()).or_default()
    }
}

pub(super) fn parked<'a>(
    accounts: &'a BTreeMap<AccountName, ParkedAccount>,
    model: &ModelName,
) -> Option<&'a Parked> {
    let mut accounts = accounts.values();
    let account = accounts.find(|account| account.models.contains(model))?;
    Some(&account.parked)
}
