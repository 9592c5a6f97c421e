//! What is asked of a run's state.

use std::collections::BTreeMap;

use crate::model::{
    AccountName, Answer, Audit, Budget, CallId, CallKey, Destination, Documents, FrozenFile,
    Millis, ModelName, Parked, PhaseName, Purpose, Question, ReachedLimit, Results, RunEnd,
    RunLimits, TaskId, Timestamp, TreeId, Verification,
};

use super::state::parked;
use super::used::Use;
use super::{CallState, CallStatus, Delivery, PhaseState, RunState, Spent, Verified};

impl RunState {
    /// What is known of a phase, if anything is.
    pub fn phase(&self, name: &PhaseName) -> Option<&PhaseState> {
        self.phases.get(name)
    }

    /// What is known of a call that counts.
    pub fn call(&self, id: &CallId) -> Option<&CallState> {
        self.any_call(id).filter(|call| !call.superseded)
    }

    /// What is known of a call, superseded or not.
    pub fn any_call(&self, id: &CallId) -> Option<&CallState> {
        self.calls.get(id)
    }

    /// All calls there ever were, in the order of their creation, superseded ones too.
    pub fn calls(&self) -> impl DoubleEndedIterator<Item = &CallState> {
        self.calls.iter()
    }

    /// The calls of a phase that count, of its present round only.
    pub fn calls_of(&self, phase: &PhaseName) -> impl Iterator<Item = &CallState> {
        let round = self.phase(phase).map_or(1, PhaseState::round);
        let calls = self.calls.of_phase(phase);
        calls.filter(move |call| !call.superseded && call.spec.id.round() == round)
    }

    /// The calls that are not over.
    pub fn open_calls(&self) -> impl Iterator<Item = &CallState> {
        let (_, rest) = self.calls.used();
        rest.filter(|call| !call.is_over())
    }

    /// The attempts under way: the call and the attempt's number.
    pub fn running(&self) -> impl Iterator<Item = (&CallState, u32)> {
        let open = self.open_calls();
        let running = open.filter(|call| call.status == CallStatus::Running);
        running.map(|call| (call, call.last_attempt()))
    }

    /// A finished call with that key, whatever its place. One that was stopped at its checkpoint has not
    /// finished anything that could be used in another place.
    pub fn finished(&self, key: &CallKey) -> Option<&CallState> {
        self.calls().find(|call| {
            let result = call.result().filter(|_| !call.superseded);
            &call.spec.key == key && result.is_some_and(|result| result.stopped().is_none())
        })
    }

    /// Whether the changes that a task's call made are part of the run's tree.
    pub fn is_taken_over(&self, key: &CallKey) -> bool {
        self.taken_over.contains(key)
    }

    /// How often a phase's own verdict sent the run back.
    pub fn loops_of(&self, phase: &PhaseName) -> u32 {
        let loops = self.loops.iter().filter(|one| &one.from == phase);
        u32::try_from(loops.count()).unwrap_or(u32::MAX)
    }

    /// The git tree that the run began with.
    pub fn base(&self) -> &TreeId {
        &self.base
    }

    /// The git tree with all changes that were taken over so far.
    pub fn tree(&self) -> &TreeId {
        self.tree.as_ref().unwrap_or(&self.base)
    }

    /// What the run has to deliver, as far as it is.
    pub fn results(&self) -> Results {
        Results {
            tree: self.tree().clone(),
            documents: self.documents.clone(),
        }
    }

    /// What the user's working tree holds of the run.
    pub fn in_project(&self) -> &Results {
        &self.in_project.0
    }

    /// How many files that changed.
    pub fn files_in_project(&self) -> u64 {
        self.in_project.1
    }

    /// No results yet.
    pub fn before(&self) -> Results {
        Results {
            tree: self.base.clone(),
            documents: Documents::new(),
        }
    }

    /// What a destination holds of the run before it gets more.
    pub fn held_by(&self, to: &Destination) -> Results {
        match to {
            Destination::Tree | Destination::Commit { .. } => self.in_project().clone(),
            Destination::Branch(_) | Destination::Nowhere => self.before(),
        }
    }

    /// The results of a phase's commands, or of one of its tasks', on a tree.
    pub fn verifications(
        &self,
        phase: &PhaseName,
        task: Option<&TaskId>,
        tree: &TreeId,
    ) -> Vec<&Verification> {
        let seen = self.verified().filter(|seen| {
            &seen.phase == phase && seen.task.as_ref() == task && &seen.tree == tree
        });
        seen.map(|seen| &seen.verification).collect()
    }

    /// The results of commands that count, oldest first.
    pub fn verified(&self) -> impl Iterator<Item = &Verified> {
        self.verified.iter().filter(|seen| !seen.superseded)
    }

    /// The commands that a phase and its tasks were verified with, in the order of their runs.
    pub fn commands_of(&self, phase: &PhaseName) -> impl Iterator<Item = &str> {
        let verified = self.verified().filter(move |seen| &seen.phase == phase);
        verified.map(|seen| seen.verification.command.as_str())
    }

    /// What became of the results as they are now.
    pub fn delivered(&self) -> Option<&Delivery> {
        let (results, how) = self.delivered.as_ref()?;
        (*results == self.results()).then_some(how)
    }

    /// Where results went last, whether or not they are still the run's.
    pub fn last_destination(&self) -> Option<&Destination> {
        match &self.delivered.as_ref()?.1 {
            Delivery::Applied { to, .. } => Some(to),
            Delivery::Kept(_) | Delivery::Blocked(_) | Delivery::Failed(_) => None,
        }
    }

    /// What a phase decided, as data, once it has.
    pub fn answer(&self, phase: &PhaseName) -> Option<&Answer> {
        let winner = self.phase(phase)?.winner()?;
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

    /// Everything used so far, by attempts under way and by those of the run that it goes on from too.
    pub fn spent(&self) -> Spent {
        Spent::by(self.calls().flat_map(|call| &call.attempts))
    }

    /// The same of one phase, in all its rounds.
    pub fn spent_by(&self, phase: &PhaseName) -> Spent {
        let calls = self.calls.of_phase(phase);
        Spent::by(calls.flat_map(|call| &call.attempts))
    }

    /// Everything that this run itself used so far, by attempts under way too: that is what its limits are about.
    pub fn own_spent(&self) -> Spent {
        let (used, rest) = self.calls.used();
        used.own + Spent::by(rest.flat_map(CallState::own_attempts))
    }

    /// The same of one phase, in all its rounds.
    pub fn own_spent_by(&self, phase: &PhaseName) -> Spent {
        let (used, rest) = self.calls.used();
        let rest = rest.filter(|call| &call.spec.phase == phase);
        let settled = used.own_by_phase.get(phase).copied().unwrap_or_default();
        settled + Spent::by(rest.flat_map(CallState::own_attempts))
    }

    /// The most that an attempt for a purpose used which ended well: of a phase or of all, of a model or of all.
    pub fn most_used(
        &self,
        purpose: Purpose,
        (phase, model): (Option<&PhaseName>, Option<&ModelName>),
    ) -> Option<Use> {
        let (used, rest) = self.calls.used();
        let kind = (purpose, phase.cloned(), model.cloned());
        let same = rest.filter(|call| {
            call.spec.purpose == purpose && phase.is_none_or(|phase| &call.spec.phase == phase)
        });
        let attempts = same.flat_map(|call| &call.attempts);
        let like = attempts
            .filter(|one| one.came_to_something() && model.is_none_or(|model| &one.model == model));
        let like = like.map(|one| Use::of(one.usage));
        like.chain(used.attempts.get(&kind).copied())
            .reduce(Use::max)
    }

    /// The largest mean step of a model's attempts, if it has told any.
    pub fn largest_step(&self, model: &ModelName) -> Option<Use> {
        let (used, rest) = self.calls.used();
        let attempts = rest.flat_map(|call| &call.attempts);
        let same = attempts.filter(|one| &one.model == model);
        let steps = same.filter_map(|one| Use::step(one.usage));
        steps.chain(used.steps.get(model).copied()).reduce(Use::max)
    }

    /// The longest prompt of a phase's calls for a purpose, in tokens.
    pub fn longest_prompt(&self, phase: &PhaseName, purpose: Purpose) -> Option<u64> {
        let (used, rest) = self.calls.used();
        let known = used.prompts.get(&(purpose, phase.clone())).copied();
        let same = rest.filter(|call| (&call.spec.phase, call.spec.purpose) == (phase, purpose));
        let attempts = same.flat_map(|call| &call.attempts);
        attempts
            .filter_map(|one| one.prompt_tokens)
            .chain(known)
            .max()
    }

    /// What a person said about a phase and about the whole run, a sentence each.
    pub fn said(&self, phase: &PhaseState) -> Vec<String> {
        [phase.said.as_slice(), &self.notes].concat()
    }

    /// How long supervisors have worked on the run, up to `now`.
    pub fn worked(&self, now: Timestamp) -> Millis {
        let since = match (self.ended, self.last) {
            (None, Some(last)) if self.open_question().is_none() && !self.rests() => {
                now.since(self.parked_until().map_or(last, |until| until.max(last)))
            }
            _ => Millis(0),
        };
        Millis(self.worked.0.saturating_add(since.0))
    }

    /// Until when a model's account is parked, or was before the request that is to tell whether it serves again.
    pub fn parked(&self, model: &ModelName) -> Option<&Parked> {
        parked(&self.accounts, model)
    }

    /// The accounts that are parked for longer than calls wait by themselves, the first to be free first.
    pub fn parked_accounts(&self, now: Timestamp) -> Vec<(&AccountName, &Parked)> {
        let accounts = self.accounts.iter();
        let accounts = accounts.map(|(name, account)| (name, &account.parked));
        let mut parked: Vec<_> = accounts.filter(|(_, one)| one.is_long(now)).collect();
        parked.sort_by_key(|(_, one)| one.until);
        parked
    }

    /// Until when it waits for an account, and for nothing else.
    pub fn parked_until(&self) -> Option<Timestamp> {
        let verifies = self
            .phases
            .values()
            .any(|phase| phase.verifying().is_some());
        let idle = !verifies && self.running().next().is_none();
        let parked = self.parked_accounts(self.last.filter(|_| idle)?);
        parked.first().map(|(_, parked)| parked.until)
    }

    /// The limits in force: the plan's, or what the user raised them to.
    pub fn limits(&self, planned: RunLimits) -> RunLimits {
        self.raised.unwrap_or(planned)
    }

    /// The budget of a phase that is in force: the plan's, or what the user raised it to.
    pub fn budget(&self, phase: &PhaseName, planned: Budget) -> Budget {
        self.budgets.get(phase).copied().unwrap_or(planned)
    }

    pub fn changed_budgets(&self) -> &BTreeMap<PhaseName, Budget> {
        &self.budgets
    }

    pub fn limit(&self) -> Option<&ReachedLimit> {
        self.limit.as_ref()
    }

    /// The signal that interrupted the run.
    pub fn interrupted(&self) -> Option<&str> {
        self.interrupted.as_deref()
    }

    /// Whether a person paused the run: no further call starts.
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// Whether it is paused and what was under way then has ended.
    pub fn rests(&self) -> bool {
        self.paused && self.running().next().is_none()
    }

    /// How the supervisor's work ended, if it has.
    pub fn ended(&self) -> Option<RunEnd> {
        self.ended
    }

    /// The model that attempts use for one of the plan's: itself, or what a person put into its place.
    pub fn in_place_of<'a>(&'a self, model: &'a ModelName) -> &'a ModelName {
        self.replaced.get(model).unwrap_or(model)
    }

    /// The last phase before a gate that is closed, which a person there may send back.
    pub fn before_gate(&self, gate: &PhaseName) -> Option<(&PhaseName, &PhaseState)> {
        let before = self.order.iter().take_while(|phase| *phase != gate);
        let closed = before.filter_map(|name| Some((name, self.phase(name)?)));
        closed.filter(|(_, state)| state.closed().is_some()).last()
    }

    /// Whether a phase waits for a person to let it begin.
    pub fn is_at_gate(&self, phase: &PhaseName) -> bool {
        let asked = self.phase(phase).and_then(|state| state.asked.as_ref());
        matches!(asked, Some(Question::Approve { .. }))
    }

    /// Whether to send back is an answer to what this phase asks: the work that the question is about.
    pub fn may_be_sent_back(&self, phase: &PhaseName) -> bool {
        let about = match self.is_at_gate(phase) {
            true => self.before_gate(phase).map(|(_, state)| state),
            false => self.phase(phase),
        };
        about.is_some_and(PhaseState::may_be_sent_back)
    }

    /// What a person has to answer now: there is one question at a time.
    pub fn open_question(&self) -> Option<(&PhaseName, &Question)> {
        let mut phases = self.phases.iter();
        phases.find_map(|(name, state)| Some((name, state.asked.as_ref()?)))
    }

    /// Whether a person let this command of a model's run; nothing if nobody was asked yet.
    pub fn may_run(&self, command: &str) -> Option<bool> {
        self.commands.get(command).copied()
    }

    /// The commands of models that nobody let run.
    pub fn refused_commands(&self) -> impl Iterator<Item = &str> {
        let refused = self.commands.iter().filter(|(_, run)| !**run);
        refused.map(|(command, _)| command.as_str())
    }
}
