//! What a reader of a trace knows: a second fold of the events, in the simplest terms, that shares
//! nothing with the engine's own [`RunState`](crate::run::RunState).

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::{Effect, Input};
use crate::model::{
    Answer, AuditVerdict, Budget, CallId, CallKey, CallResult, CallSpec, Closing, Destination,
    Direction, Document, Documents, Failure, FailureKind, Label, ModelName, PersonAnswer,
    PhaseName, Purpose, Question, Results, RunEnd, RunLimits, TaskId, Timestamp, TreeId, Usage,
};
use crate::plan::{PhasePlan, Plan};
use crate::run::{CallEvent, Event, PendingVerification, PhaseEvent, RunEvent};

use super::parked::Parked;
use super::part::states_of;
use super::person::before_gate;
use super::trace::Moment;

#[derive(Debug, Clone)]
pub struct Facts<'a> {
    pub plan: &'a Plan,
    pub limits: RunLimits,
    pub budgets: BTreeMap<PhaseName, Budget>,
    pub base: TreeId,
    pub tree: TreeId,
    pub phases: BTreeMap<PhaseName, PhaseFacts>,
    pub calls: BTreeMap<CallId, CallFacts>,
    /// Work that is done: nobody is to do it again.
    pub finished: BTreeSet<CallKey>,
    /// Calls that were stopped at their checkpoint: others go on from there, nobody begins them again.
    pub stopped: BTreeSet<CallId>,
    /// Attempts that were ordered and have not been heard of since.
    pub live: BTreeSet<(CallId, u32)>,
    /// The command that was ordered and has not been heard of since.
    pub verifying: Option<(PhaseName, PendingVerification)>,
    /// The commands that were run for a phase, and on which tree.
    pub verified: BTreeSet<(PhaseName, String, TreeId)>,
    /// The commands that a person was asked about, and whether they may run.
    pub commands: BTreeMap<String, bool>,
    /// How often each audit sent the run back.
    pub loops: BTreeMap<PhaseName, u32>,
    /// The rounds that people added to those that its loop has.
    pub rounds: BTreeMap<PhaseName, u32>,
    /// The models that are in other ones' places.
    pub stand_ins: BTreeSet<ModelName>,
    pub spent: BTreeMap<PhaseName, Spending>,
    pub interrupted: bool,
    pub paused: bool,
    pub ended_calls: BTreeSet<CallId>,
    pub limited: Option<String>,
    pub parked: Parked,
    pub ended: Option<RunEnd>,
    /// The documents that belong to the results.
    pub documents: Documents,
    /// What the user's project holds of the run, and what the journal says it holds.
    pub project: Results,
    pub known_project: Results,
    /// What was applied last, and where; since the run was taken up: whether the results were blocked (or the disk was
    /// full), kept on purpose.
    pub applied: Option<(Results, Destination)>,
    pub blocked: bool,
    pub full: bool,
    pub kept: bool,
    /// The results of which all but what is held back was applied last, and where.
    settled: Option<(Results, Destination)>,
}

/// What is known of a phase, in its present round.
#[derive(Debug, Clone, Default)]
pub struct PhaseFacts {
    pub stand: Stand,
    pub winner: Option<CallId>,
    pub failed: Option<Failure>,
    pub sealed: Option<Vec<(Label, CallId)>>,
    pub drops_stragglers: bool,
    pub asked: Option<Question>,
    pub answered: Option<PersonAnswer>,
    pub tasks_done: BTreeSet<TaskId>,
    pub tasks_failed: BTreeSet<TaskId>,
    pub calls: BTreeSet<CallId>,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct Spending {
    pub started: u64,
    /// What attempts have used that are over.
    pub usage: Usage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stand {
    #[default]
    Untouched,
    Begun,
    Decided,
    Closed,
    Skipped,
}

#[derive(Debug, Clone)]
pub struct CallFacts {
    pub spec: CallSpec,
    pub result: Option<CallResult>,
    /// Whether it ended for good, one way or the other, since it was created.
    pub over: bool,
    pub not_before: Option<Timestamp>,
    /// Its last attempt, and whose that was.
    pub last: Option<(u32, ModelName)>,
}

impl<'a> Facts<'a> {
    pub fn new(plan: &'a Plan) -> Self {
        let names = plan.phases.iter().map(|phase| phase.name.clone());
        let budgets = plan.phases.iter().map(|p| (p.name.clone(), p.budget));
        Self {
            plan,
            limits: plan.limits,
            budgets: budgets.collect(),
            base: TreeId::default(),
            tree: TreeId::default(),
            phases: names.map(|name| (name, PhaseFacts::default())).collect(),
            calls: BTreeMap::new(),
            finished: BTreeSet::new(),
            stopped: BTreeSet::new(),
            live: BTreeSet::new(),
            verifying: None,
            verified: BTreeSet::new(),
            commands: BTreeMap::new(),
            loops: BTreeMap::new(),
            rounds: BTreeMap::new(),
            stand_ins: BTreeSet::new(),
            spent: BTreeMap::new(),
            interrupted: false,
            paused: false,
            ended_calls: BTreeSet::new(),
            limited: None,
            parked: Parked::default(),
            ended: None,
            documents: Documents::new(),
            project: Results::default(),
            known_project: Results::default(),
            applied: None,
            settled: None,
            blocked: false,
            full: false,
            kept: false,
        }
    }

    pub fn phase(&self, name: &PhaseName) -> &PhaseFacts {
        &self.phases[name]
    }

    /// The first phase that is neither closed nor left out.
    pub fn current(&self) -> Option<&'a PhasePlan> {
        let mut phases = self.plan.phases.iter();
        phases.find(|phase| {
            !matches!(
                self.phase(&phase.name).stand,
                Stand::Closed | Stand::Skipped
            )
        })
    }

    /// The last word of a phase that audits.
    pub fn verdict(&self, phase: &PhaseName) -> Option<AuditVerdict> {
        let winner = self.phase(phase).winner.as_ref()?;
        match &self.calls[winner].result.as_ref()?.answer {
            Answer::Audit(audit) => Some(audit.verdict),
            Answer::Document
            | Answer::Unfinished(_)
            | Answer::Judgement(_)
            | Answer::Tasks(_)
            | Answer::Invalid { .. } => None,
        }
    }

    /// The audits whose last word is fail.
    pub fn failed_audits(&self) -> impl Iterator<Item = &'a PhasePlan> {
        let phases = self.plan.phases.iter();
        phases.filter(|phase| self.verdict(&phase.name) == Some(AuditVerdict::Fail))
    }

    pub fn calls_of(&self, phase: &PhaseName) -> impl Iterator<Item = &CallFacts> {
        let calls = self.phase(phase).calls.iter();
        calls.map(|call| &self.calls[call])
    }

    /// Whether the run stops: for a limit, because the user said so, or because it has ended.
    pub fn stops(&self) -> bool {
        self.limited.is_some() || self.interrupted || self.ended.is_some()
    }

    /// The failure that a phase has ended with, if one has.
    pub fn failure(&self) -> Option<&Failure> {
        self.phases.values().find_map(|phase| phase.failed.as_ref())
    }

    pub fn take(&mut self, moment: &Moment) {
        match moment {
            Moment::Heard(input) => self.hear(input),
            Moment::Wrote(record) => self.read(&record.event),
            Moment::Ordered(effect) => self.see(effect),
            Moment::Died => {
                self.live.clear();
                self.verifying = None;
            }
            Moment::Did(did, _) => match did.direction {
                Direction::Apply => self.put(&did.results, &did.to),
                Direction::Undo => self.project.clone_from(&did.results),
            },
        }
    }

    fn hear(&mut self, input: &Input) {
        let event = match input {
            Input::Happened(event) => event,
            Input::Left { call, attempt } => {
                self.live.remove(&(call.clone(), *attempt));
                return;
            }
            _ => return,
        };
        match event {
            Event::Call { call, event } => {
                if let CallEvent::AttemptSucceeded { attempt, .. }
                | CallEvent::AttemptFailed { attempt, .. } = event
                {
                    self.live.remove(&(call.clone(), *attempt));
                }
            }
            Event::Phase { event, .. } => match event {
                PhaseEvent::Verified { .. } | PhaseEvent::Failed { .. } => self.verifying = None,
                PhaseEvent::Closed { closing } => self.publish(closing),
                _ => {}
            },
            Event::Run(RunEvent::ChangesApplied {
                tree,
                documents,
                to,
                ..
            }) => {
                let (tree, documents) = (tree.clone(), documents.clone());
                self.put(&Results { tree, documents }, to);
            }
            Event::Run(_) => {}
        }
    }

    fn see(&mut self, effect: &Effect) {
        match effect {
            Effect::StartAttempt { call, attempt, .. } => {
                self.live.insert((call.id.clone(), *attempt));
            }
            Effect::Verify { phase, verifying } => {
                self.verifying = Some((phase.clone(), verifying.clone()));
            }
            Effect::End(_) => self.verifying = None,
            Effect::CancelAttempt { .. }
            | Effect::ClosePhase { .. }
            | Effect::Ask { .. }
            | Effect::Deliver { .. }
            | Effect::Park(_)
            | Effect::WakeAt(_) => {}
        }
    }

    fn read(&mut self, event: &Event) {
        match event {
            Event::Run(event) => self.read_of_run(event),
            Event::Phase { phase, event } => self.read_of_phase(phase, event),
            Event::Call { call, event } => self.read_of_call(call, event),
        }
    }

    fn read_of_run(&mut self, event: &RunEvent) {
        self.parked.read(event);
        match event {
            RunEvent::Started { base, .. } => {
                self.base.clone_from(base);
                self.tree.clone_from(base);
                self.project = self.before();
                self.known_project = self.before();
            }
            RunEvent::Resumed { .. } => self.resume(),
            RunEvent::AccountParked { .. } | RunEvent::AccountFreed { .. } => {}
            RunEvent::ClockJumped { .. } => {}
            RunEvent::LimitReached { limit } => self.limited = Some(limit.clone()),
            RunEvent::LimitsRaised {
                limits, budgets, ..
            } => {
                self.limits = *limits;
                self.budgets.extend(budgets.clone());
            }
            RunEvent::ModelReplaced { by, .. } => self.stand_ins.extend([by.clone()]),
            RunEvent::Paused { .. } => self.paused = true,
            RunEvent::Continued { .. } => self.paused = false,
            RunEvent::TakenOver { .. } => {
                self.spent.clear();
                self.project.clone_from(&self.known_project);
            }
            RunEvent::Noted { .. } => self.make_anew(None),
            RunEvent::Interrupted { .. } => self.interrupted = true,
            RunEvent::Ended { end } => self.ended = Some(*end),
            RunEvent::LoopedBack { from, to, .. } => self.go_back(from, to),
            RunEvent::ChangesApplied { .. } => self.on_applied(event),
            RunEvent::ChangesUndone { .. } => {
                self.settled = None;
                self.known_project = self.before();
                self.applied = None;
                self.kept = true;
            }
            RunEvent::ChangesKept {
                blocked, failed, ..
            } => {
                self.blocked |= blocked;
                self.full |= failed;
                self.kept |= !blocked;
            }
        }
    }

    fn make_anew(&mut self, phase: Option<&PhaseName>) {
        for (id, call) in &mut self.calls {
            call.over |= phase.is_none_or(|phase| &call.spec.phase == phase)
                && !self.live.iter().any(|(live, _)| live == id);
        }
    }

    fn read_of_call(&mut self, call: &CallId, event: &CallEvent) {
        match event {
            CallEvent::AttemptStarted { attempt, model, .. } => {
                self.spent_by(call).started += 1;
                let known = self.call(call);
                known.not_before = None;
                known.last = Some((*attempt, model.clone()));
            }
            CallEvent::AttemptSucceeded { result, .. } => self.succeed(call, result),
            CallEvent::AttemptFailed { usage, .. } => self.spent_by(call).usage += *usage,
            CallEvent::RetryScheduled { until } => self.call(call).not_before = Some(*until),
            CallEvent::Failed { .. } => self.call(call).over = true,
            CallEvent::EndedByPerson { .. } => self.ended_calls.extend([call.clone()]),
            CallEvent::AttemptSpawned { .. } | CallEvent::AttemptProgressed { .. } => {}
        }
    }

    fn read_of_phase(&mut self, name: &PhaseName, event: &PhaseEvent) {
        match event {
            PhaseEvent::Noted { .. } => self.make_anew(Some(name)),
            PhaseEvent::CallCreated { call } => self.create(call, None),
            PhaseEvent::CallReused { call, from } => {
                self.create(call, self.calls[from].result.clone());
            }
            PhaseEvent::TaskDone { task, tree, .. } => {
                self.tree.clone_from(tree);
                self.on(name).tasks_done.insert(task.clone());
            }
            PhaseEvent::TaskFailed { task, .. } => {
                self.on(name).tasks_failed.insert(task.clone());
            }
            PhaseEvent::Started => self.on(name).stand = Stand::Begun,
            PhaseEvent::Skipped { .. } => self.on(name).stand = Stand::Skipped,
            PhaseEvent::ProposalsSealed { labels } => self.on(name).sealed = Some(labels.clone()),
            PhaseEvent::WinnerChosen { call, .. } => {
                let phase = self.on(name);
                phase.stand = Stand::Decided;
                phase.winner = Some(call.clone());
            }
            PhaseEvent::Closed { closing } => {
                self.on(name).stand = Stand::Closed;
                if let Some(tree) = &closing.tree {
                    self.tree.clone_from(tree);
                }
                self.take_document(closing);
            }
            // It is published before it is written down, and again if the supervisor died in between.
            PhaseEvent::DocumentEdited { closing, .. } => {
                self.take_document(closing);
                self.publish(closing);
            }
            PhaseEvent::Failed { failure } => self.on(name).failed = Some(failure.clone()),
            PhaseEvent::Verified {
                tree, verification, ..
            } => {
                let command = verification.command.clone();
                self.verified.insert((name.clone(), command, tree.clone()));
            }
            PhaseEvent::PersonAsked { question } => self.on(name).asked = Some(question.clone()),
            PhaseEvent::PersonAnswered { answer, .. } => self.hear_person(name, answer),
            PhaseEvent::RoundsAdded { rounds } => {
                *self.rounds.entry(name.clone()).or_default() += rounds;
            }
            PhaseEvent::LimitReached { limit } => self.limited = Some(limit.clone()),
            PhaseEvent::StragglersDropped { .. } => self.on(name).drops_stragglers = true,
            PhaseEvent::QuorumReached { .. }
            | PhaseEvent::VerifyStarted { .. }
            | PhaseEvent::Rated { .. } => {}
        }
    }

    fn succeed(&mut self, call: &CallId, result: &CallResult) {
        let known = self.call(call);
        known.result = Some(result.clone());
        known.over = true;
        let key = known.spec.key.clone();
        match result.stopped() {
            Some(_) => self.stopped.insert(call.clone()),
            None => self.finished.insert(key),
        };
        self.spent_by(call).usage += result.usage;
    }

    fn hear_person(&mut self, phase: &PhaseName, answer: &PersonAnswer) {
        if let PersonAnswer::Commands { commands, run, .. } = answer {
            self.on(phase).asked = None;
            let answers = commands.iter().map(|command| (command.clone(), *run));
            self.commands.extend(answers);
        } else {
            if let (PersonAnswer::Again, Some(to)) = (answer, before_gate(self, phase)) {
                return self.begin_again(&to);
            }
            if *answer == PersonAnswer::SentBack {
                *self.on(phase) = PhaseFacts::default();
            }
            self.on(phase).answered = Some(answer.clone());
        }
    }

    /// The phase's document is put into the project, if it is to be there.
    fn publish(&mut self, closing: &Closing) {
        let document = closing.document.iter().cloned();
        let document = document.filter(|_| closing.published.is_some());
        let document = document.map(|one| (one.path, one.object));
        self.project.documents.extend(document);
    }

    fn take_document(&mut self, closing: &Closing) {
        if let Some(Document { path, object }) = &closing.document {
            if closing.published.is_some() {
                let there = &mut self.known_project.documents;
                there.insert(path.clone(), object.clone());
            }
            self.documents.insert(path.clone(), object.clone());
        }
    }

    fn on_applied(&mut self, event: &RunEvent) {
        let RunEvent::ChangesApplied {
            tree,
            documents,
            to,
            held,
            unmerged,
            ..
        } = event
        else {
            return;
        };
        let (tree, documents) = (tree.clone(), documents.clone());
        let results = Results { tree, documents };
        if *to == Destination::Tree {
            self.known_project = results.clone();
        }
        self.applied = Some((results, to.clone()));
        let settled = !held.is_empty() && unmerged.left.is_empty();
        self.settled = settled.then(|| (self.results(), to.clone()));
    }

    fn put(&mut self, results: &Results, to: &Destination) {
        if *to == Destination::Tree {
            self.project = results.clone();
        }
    }

    /// What the run has to deliver.
    pub fn results(&self) -> Results {
        Results {
            tree: self.tree.clone(),
            documents: self.documents.clone(),
        }
    }

    /// What it had to deliver in the beginning.
    pub fn before(&self) -> Results {
        Results {
            tree: self.base.clone(),
            documents: Documents::new(),
        }
    }

    /// Whether what is missing of them there is held back, as the journal tells.
    pub fn is_settled(&self) -> bool {
        self.settled == Some((self.results(), self.plan.destination.clone()))
    }

    /// Whether the results as they are now are where they belong, as far as the journal tells.
    pub fn is_delivered(&self) -> bool {
        let results = self.results();
        if self.is_settled() {
            return true;
        }
        match &self.plan.destination {
            Destination::Tree => results == self.known_project,
            to => self.applied == Some((results, to.clone())),
        }
    }

    fn on(&mut self, phase: &PhaseName) -> &mut PhaseFacts {
        self.phases.get_mut(phase).unwrap()
    }

    fn call(&mut self, call: &CallId) -> &mut CallFacts {
        self.calls.get_mut(call).unwrap()
    }

    fn spent_by(&mut self, call: &CallId) -> &mut Spending {
        let phase = self.calls[call].spec.phase.clone();
        self.spent.entry(phase).or_default()
    }

    fn create(&mut self, spec: &CallSpec, reused: Option<CallResult>) {
        self.on(&spec.phase).calls.insert(spec.id.clone());
        let facts = CallFacts {
            spec: spec.clone(),
            over: reused.is_some(),
            result: reused,
            not_before: None,
            last: None,
        };
        self.ended_calls.remove(&spec.id);
        self.calls.insert(spec.id.clone(), facts);
    }

    /// Everything from there on is as it was in the beginning.
    fn go_back(&mut self, from: &PhaseName, to: &PhaseName) {
        *self.loops.entry(from.clone()).or_default() += 1;
        self.begin_again(to);
    }

    fn begin_again(&mut self, to: &PhaseName) {
        let phases = self.plan.phases.iter();
        for phase in phases.skip_while(|phase| &phase.name != to) {
            *self.on(&phase.name) = PhaseFacts::default();
        }
    }

    /// What stopped the run is forgotten; so is work that made its phase fail, be it done, or stopped with
    /// nobody to go on from there.
    fn resume(&mut self) {
        self.interrupted = false;
        self.paused = false;
        self.ended_calls.clear();
        self.limited = None;
        self.ended = None;
        self.blocked = false;
        self.full = false;
        self.kept = false;
        for phase in self.phases.values_mut() {
            let inputs = phase.calls.iter().map(|id| &self.calls[id].spec);
            let gone_on: BTreeSet<&CallId> = inputs
                .flat_map(|call| states_of(call).map(|(state, _)| &state.of))
                .collect();
            let undone = phase.calls.iter().filter(|id| {
                let call = &self.calls[*id];
                let task = call.spec.task.as_ref().map(|task| &task.id);
                let given_up = phase.winner.is_none()
                    && task.is_some_and(|task| phase.tasks_failed.contains(task));
                let failure = phase.failed.as_ref().map(|failure| failure.kind);
                let unreadable = failure == Some(FailureKind::BadOutput)
                    && matches!(&call.result, Some(result) if matches!(result.answer, Answer::Invalid { .. }));
                let stuck = failure.is_some_and(|kind| kind != FailureKind::Limit)
                    && self.stopped.contains(*id)
                    && !gone_on.contains(id);
                let unproved = failure == Some(FailureKind::NonePassed)
                    && call.spec.purpose == Purpose::Propose;
                given_up || unreadable || stuck || unproved
            });
            let undone: Vec<&CallId> = undone.collect();
            for call in undone {
                self.finished.remove(&self.calls[call].spec.key);
                self.stopped.remove(call);
            }
            let kind = phase.failed.take().map(|failure| failure.kind);
            phase
                .sealed
                .take_if(|_| kind == Some(FailureKind::NonePassed));
            phase.asked = None;
            let rejected = |answer: &mut _| matches!(answer, PersonAnswer::Rejected { .. });
            phase.answered.take_if(rejected);
            if phase.winner.is_none() {
                phase.tasks_failed.clear();
            }
        }
        for call in self.calls.values_mut() {
            call.not_before = None;
        }
    }
}
