//! The world: carries out what the engine orders, and reports what came of it, by its fault plan.

use crate::engine::{Effect, Engine, Input, Recovered, Stop};
use crate::model::{
    AccountName, CallId, CallResult, CallSpec, Destination, Failure, FailureKind, HeldChange,
    Millis, ModelName, PhaseName, Results, RunEnd, Timestamp, TreeId, Unmerged,
};
use crate::plan::PhaseKind;
use crate::run::{
    CallEvent, Control, PendingVerification, PhaseEvent, RunEvent, RunState, Via, Winner,
};

use super::answers;
use super::fault_plan::{Arrives, Fault, FaultPlan, Luck, Manner, Proof, SimulatedFailure, Steer};
use super::person;
use super::plans::MODELS;

/// Something that was ordered and will be reported.
#[derive(Debug, Clone, PartialEq)]
pub enum Pending {
    Attempt {
        call: std::sync::Arc<CallSpec>,
        attempt: u32,
        model: ModelName,
        cancelled: Option<Stop>,
        /// Those that are over.
        steps: u64,
    },
    Verify {
        phase: PhaseName,
        verifying: PendingVerification,
    },
    Close {
        phase: PhaseName,
        winner: Winner,
    },
    Deliver {
        results: Results,
        to: Destination,
    },
    Ask,
}

/// The world around one supervisor.
#[derive(Debug)]
pub struct World<'f> {
    faults: &'f FaultPlan,
    world_state: &'f mut WorldState,
    pending: Vec<Pending>,
    /// What comes right after the last report.
    next: Option<Input>,
    wake: Option<Timestamp>,
    /// Whose step is just over: it has not begun another one.
    between: Option<(CallId, u32)>,
}

/// How far the scripts of a fault plan have come; outlives supervisors.
#[derive(Debug, Clone, Default)]
pub struct WorldState {
    now: Timestamp,
    /// How long supervisors were there, and awake.
    pub awake: Millis,
    steps: usize,
    choices: usize,
    closings: usize,
    deliveries: usize,
    unrunnable: u32,
    pub spoken: usize,
}

impl WorldState {
    /// Nothing yet, at this time.
    pub fn at(now: Timestamp) -> Self {
        Self {
            now,
            ..Self::default()
        }
    }

    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Nobody works on the run for an hour; or so it seems, if the clock is set back meanwhile.
    pub fn rest(&mut self, set_back: bool) {
        self.now = match set_back {
            true => Timestamp(self.now.0.saturating_sub(Millis::minutes(60).0)),
            false => self.now.after(Millis::minutes(60)),
        };
    }

    fn work(&mut self, time: Millis) {
        self.now = self.now.after(time);
        self.awake.0 += time.0;
    }
}

impl<'f> World<'f> {
    pub fn new(faults: &'f FaultPlan, world_state: &'f mut WorldState) -> Self {
        Self {
            faults,
            world_state,
            pending: Vec::new(),
            next: None,
            wake: None,
            between: None,
        }
    }

    /// What comes from outside at the next step.
    pub fn next_blow(&mut self) -> Option<Fault> {
        self.world_state.steps += 1;
        let mut blows = self.faults.blows.iter();
        let (_, fault) = blows.find(|(at, _)| *at == self.world_state.steps)?;
        Some(*fault)
    }

    pub fn now(&self) -> Timestamp {
        self.world_state.now
    }

    /// Carries effects out; the end of the supervisor's work, if they say so.
    pub fn carry_out_all(&mut self, effects: Vec<Effect>) -> Option<RunEnd> {
        // Each step says anew when the next one is.
        self.wake = None;
        let ends = effects
            .into_iter()
            .filter_map(|effect| self.carry_out(effect));
        ends.last()
    }

    fn carry_out(&mut self, effect: Effect) -> Option<RunEnd> {
        match effect {
            Effect::StartAttempt {
                call,
                attempt,
                model,
            } => self.pending.push(Pending::Attempt {
                call,
                attempt,
                model,
                cancelled: None,
                steps: 0,
            }),
            Effect::CancelAttempt {
                call,
                attempt,
                stop,
            } => self.cancel(&call, attempt, stop),
            Effect::Verify { phase, verifying } => {
                self.pending.push(Pending::Verify { phase, verifying });
            }
            Effect::ClosePhase { phase, winner } => {
                self.pending.push(Pending::Close { phase, winner });
            }
            Effect::Ask { .. } => self.pending.push(Pending::Ask),
            Effect::Deliver { results, to } => {
                self.pending.push(Pending::Deliver { results, to });
            }
            Effect::Park(_) => {}
            Effect::WakeAt(at) => self.wake = Some(at),
            Effect::End(end) => return Some(end),
        }
        None
    }

    fn cancel(&mut self, wanted: &CallId, number: u32, stop: Stop) {
        for pending in &mut self.pending {
            if let Pending::Attempt {
                call,
                attempt,
                cancelled,
                steps,
                ..
            } = pending
                && &call.id == wanted
                && *attempt == number
            {
                *cancelled = Some(stop);
                if self.between == Some((call.id.clone(), number)) {
                    // It ends with the step that it has told.
                    *steps -= 1;
                    self.between = None;
                }
            }
        }
    }

    /// What a person wants at this step, or another run of this user has learned.
    pub fn outside(&mut self, fault: Option<Fault>, engine: &Engine) -> Option<Input> {
        let steer = match fault? {
            Fault::Sleeps(by) => {
                self.world_state.now = self.world_state.now.after(by);
                return Some(Input::Happened(RunEvent::ClockJumped { by }.into()));
            }
            Fault::Steers(steer) => steer,
            Fault::Parks(model) => return Some(self.hears_of(model)),
            Fault::Interrupt | Fault::Death { .. } => return None,
        };
        let control = match steer {
            Steer::Pause => Control::Pause,
            Steer::Continue => Control::Continue,
            Steer::EndCall(at) => {
                let calls: Vec<_> = engine.state().calls().collect();
                let call = calls.get(usize::from(at).checked_rem(calls.len())?)?;
                Control::EndCall(call.spec.id.clone())
            }
            Steer::GoOn(at) => {
                let phases = &engine.plan().phases;
                Control::GoOn(phases[usize::from(at) % phases.len()].name.clone())
            }
        };
        let via = Via::Command;
        Some(Input::Steered { control, via })
    }

    /// The next report; none if nothing is under way and nothing is awaited.
    pub fn report(&mut self, engine: &Engine) -> Option<Input> {
        if let Some(next) = self.next.take() {
            return Some(next);
        }
        let wake = self.wake;
        let ways = self.pending.len() + usize::from(wake.is_some());
        if ways == 0 && engine.state().is_paused() {
            let (control, via) = (Control::Continue, Via::Keys);
            return Some(Input::Steered { control, via });
        }
        self.between = None;
        let choice = self.choose();
        let chosen = choice.checked_rem(ways)?;
        self.world_state.work(Millis(100));
        if chosen == self.pending.len() {
            let wait = wake?.since(self.world_state.now);
            self.world_state.work(wait);
            return Some(Input::Tick);
        }
        let lasts = choice >= 200;
        if lasts && let Some(input) = self.progress(chosen) {
            return Some(input);
        }
        let pending = self.pending.remove(chosen);
        Some(self.end(pending, choice, engine))
    }

    fn choose(&mut self) -> usize {
        let choice = self.faults.choices.get(self.world_state.choices).copied();
        self.world_state.choices += 1;
        usize::from(choice.unwrap_or_default())
    }

    /// An attempt goes a step further.
    fn progress(&mut self, chosen: usize) -> Option<Input> {
        let faults = self.faults;
        match &mut self.pending[chosen] {
            // The step that is under way is its last.
            Pending::Attempt {
                cancelled: Some(_), ..
            } => None,
            Pending::Attempt {
                call,
                attempt,
                model,
                steps,
                ..
            } => {
                *steps += 1;
                self.between = Some((call.id.clone(), *attempt));
                let event = CallEvent::AttemptProgressed {
                    attempt: *attempt,
                    usage: answers::usage(manner(faults, model), *steps),
                    doing: "works".to_owned(),
                };
                Some(Input::Happened(event.of(call.id.clone())))
            }
            Pending::Verify { .. }
            | Pending::Close { .. }
            | Pending::Deliver { .. }
            | Pending::Ask => None,
        }
    }

    fn end(&mut self, pending: Pending, choice: usize, engine: &Engine) -> Input {
        match pending {
            Pending::Attempt {
                call,
                attempt,
                model,
                cancelled,
                steps,
            } => {
                let is_over = cancelled.is_some();
                let usage = answers::usage(manner(self.faults, &model), steps + 1);
                self.world_state.work(Millis::seconds(1));
                let id = call.id.clone();
                // One that has just ended is cancelled too late; what it left may be collected later.
                if is_over && choice % 4 == 3 && engine.state().interrupted().is_some() {
                    return Input::Left { call: id, attempt };
                }
                let stopped = is_over && choice.is_multiple_of(2);
                let end = match stopped {
                    true => Err(Failure::new(FailureKind::Cancelled, "cancelled")),
                    false => self.come(&call, attempt, &model, engine.state()),
                };
                let event = match end {
                    Ok(result) => CallEvent::AttemptSucceeded {
                        attempt,
                        result: CallResult { usage, ..result }.into(),
                    },
                    Err(failure) => CallEvent::AttemptFailed {
                        attempt,
                        failure,
                        usage,
                    },
                };
                let known = self.learned(&model, &event, engine.state());
                let input = Input::Happened(event.of(id));
                match known {
                    Some(known) => {
                        self.next = Some(input);
                        Input::Happened(known.into())
                    }
                    None => input,
                }
            }
            Pending::Verify { phase, verifying } => self.verify(phase, verifying),
            Pending::Close { phase, winner } => self.close(phase, &winner, engine),
            Pending::Ask => {
                let spoken = &mut self.world_state.spoken;
                let acts = person::acts(self.faults, spoken, engine.plan(), engine.state());
                match acts.is_empty() {
                    true => Input::Unanswered,
                    false => Input::Answered { acts },
                }
            }
            Pending::Deliver { results, to } => {
                let arrives = self
                    .faults
                    .deliveries
                    .get(self.world_state.deliveries)
                    .copied();
                self.world_state.deliveries += 1;
                let applied = |tree, held| RunEvent::ChangesApplied {
                    tree,
                    documents: results.documents.clone(),
                    to: to.clone(),
                    files: 1,
                    by_hand: false,
                    unmerged: Unmerged::default(),
                    held,
                };
                let tree = results.tree.clone();
                let event = match arrives.unwrap_or(Arrives::All) {
                    arrives @ (Arrives::Nothing | Arrives::Fails) => RunEvent::ChangesKept {
                        tree,
                        blocked: true,
                        failed: arrives == Arrives::Fails,
                        reason: "in the way".to_owned(),
                    },
                    Arrives::Some => applied(
                        TreeId::sample("without what is held back"),
                        vec![HeldChange {
                            path: ".envrc".to_owned(),
                            reason: "it acts by itself".to_owned(),
                            secret: false,
                        }],
                    ),
                    Arrives::All => applied(tree, Vec::new()),
                };
                Input::Happened(event.into())
            }
        }
    }

    fn stays_for(&self, failure: SimulatedFailure) -> bool {
        let refused = matches!(failure.kind, FailureKind::Quota | FailureKind::RateLimit);
        self.faults.parks && self.faults.waits && refused
    }

    /// What the end of an attempt tells of its account.
    fn learned(&self, model: &ModelName, event: &CallEvent, state: &RunState) -> Option<RunEvent> {
        let now = self.now();
        let account = account(model);
        let known = state.parked(model);
        match event {
            CallEvent::AttemptSucceeded { .. } => known
                .is_some_and(|parked| !parked.holds(now))
                .then_some(RunEvent::AccountFreed { account }),
            CallEvent::AttemptFailed { failure, .. } if self.faults.parks => {
                let (why, wait) = match (failure.kind, failure.retry_after) {
                    (FailureKind::Quota, None) => (FailureKind::Quota, Millis::minutes(15)),
                    (FailureKind::RateLimit, None) => (FailureKind::RateLimit, Millis::seconds(2)),
                    (FailureKind::Quota | FailureKind::RateLimit, Some(wait)) => {
                        let long = wait > Millis::minutes(5);
                        let why = if long {
                            FailureKind::Quota
                        } else {
                            FailureKind::RateLimit
                        };
                        (why, wait)
                    }
                    _ => return None,
                };
                let until = now.after(wait);
                let is_new =
                    known.is_none_or(|known| !known.holds(now) || known.why != FailureKind::Quota);
                is_new.then(|| parked(model, until, why))
            }
            _ => None,
        }
    }

    /// Another run of this user was refused.
    fn hears_of(&self, model: u8) -> Input {
        let model = super::plans::model(usize::from(model) % MODELS);
        let until = self.now().after(Millis::minutes(30));
        Input::Happened(parked(&model, until, FailureKind::Quota).into())
    }

    /// Whoever takes a run up knows which accounts are parked.
    pub fn with_parked(&self, mut input: Input, state: &RunState) -> Input {
        if let Input::Resume { acts, .. } = &mut input {
            let held = state
                .accounts
                .values()
                .filter(|one| one.parked.holds(self.now()));
            acts.extend(
                held.map(|one| parked(&one.models[0], one.parked.until, one.parked.why).into()),
            );
        }
        input
    }

    /// What comes of an attempt: the same whenever it is asked.
    fn come(
        &self,
        call: &CallSpec,
        attempt: u32,
        model: &ModelName,
        state: &RunState,
    ) -> Result<CallResult, Failure> {
        let manner = manner(self.faults, model);
        let attempts = state.call(&call.id).map(|call| call.attempts.as_slice());
        let tries = attempts.unwrap_or_default().iter();
        let tries = tries.filter(|attempt| &attempt.model == model).count();
        match manner.luck {
            Luck::Flaky(times, failure) if tries <= usize::try_from(times).unwrap() => {
                Err(failure.into())
            }
            // Who stays until it serves would stay for ever.
            Luck::Broken(failure) if tries < 4 || !self.stays_for(failure) => Err(failure.into()),
            Luck::Good | Luck::Flaky(..) | Luck::Broken(_) => {
                Ok(answers::unfinished(manner, call, attempt)
                    .unwrap_or_else(|| answers::answer(self.faults, manner, call, model)))
            }
        }
    }

    fn verify(&mut self, phase: PhaseName, verifying: PendingVerification) -> Input {
        self.world_state.work(Millis::seconds(1));
        let number = verifying.command.rsplit(' ').next().unwrap();
        let proof = self.faults.proofs[number.parse::<usize>().unwrap()];
        if let Proof::CannotRun(times) = proof
            && self.world_state.unrunnable < times
        {
            self.world_state.unrunnable = self.world_state.unrunnable.saturating_add(1);
            let failure = Failure::new(FailureKind::Machine, "cannot run");
            return Input::Happened(PhaseEvent::Failed { failure }.of(phase));
        }
        let verification = answers::verification(proof, &verifying);
        let verified = PhaseEvent::Verified {
            task: verifying.task,
            tree: verifying.tree,
            verification,
            tests_of: verifying.tests_of,
        };
        Input::Happened(verified.of(phase))
    }

    fn close(&mut self, phase: PhaseName, winner: &Winner, engine: &Engine) -> Input {
        let full = self.faults.full.get(self.world_state.closings).copied();
        self.world_state.closings += 1;
        if full.unwrap_or_default() {
            let failure = Failure::new(FailureKind::Machine, "disk full");
            return Input::Happened(PhaseEvent::Failed { failure }.of(phase));
        }
        let plan = engine.plan().phase(&phase).unwrap();
        let state = engine.state();
        let call = state.call(&winner.call).unwrap();
        let changes = call.result().unwrap().changes.as_ref();
        let own = changes.filter(|_| !matches!(plan.kind, PhaseKind::Routed { .. }));
        let tree = own.map_or(state.tree(), |changes| &changes.tree).clone();
        let mut closing = answers::closing(plan, call, plan.edits.then_some(tree), state);
        if engine.plan().destination == Destination::Tree {
            closing.published.clone_from(&plan.output);
        }
        let closing = Box::new(closing);
        Input::Happened(PhaseEvent::Closed { closing }.of(phase))
    }

    /// Calls whose attempts go on without their supervisor.
    pub fn elsewhere(&self, state: &RunState, recovered: &[Recovered]) -> Vec<CallId> {
        let is_ordered = |id: &CallId, number| {
            self.pending.iter().any(|pending| {
                matches!(pending, Pending::Attempt { call, attempt, cancelled: None, .. }
                    if call.id == *id && *attempt == number)
            })
        };
        let ids = state
            .running()
            .filter(|(call, number)| is_ordered(&call.spec.id, *number));
        let ids = ids.map(|(call, _)| call.spec.id.clone());
        ids.filter(|id| recovered.iter().all(|known| known.call != *id))
            .collect()
    }

    /// Attempts under way that had ended well when their supervisor died.
    pub fn recover(&self, state: &RunState) -> Vec<Recovered> {
        let attempts = self.pending.iter().filter_map(|pending| match pending {
            Pending::Attempt {
                call,
                attempt,
                model,
                cancelled: None,
                ..
            } => Some((call, *attempt, model)),
            Pending::Attempt { .. }
            | Pending::Verify { .. }
            | Pending::Close { .. }
            | Pending::Deliver { .. }
            | Pending::Ask => None,
        });
        let ended = attempts.filter_map(|(call, attempt, model)| {
            Some(Recovered {
                call: call.id.clone(),
                attempt,
                result: self.come(call, attempt, model, state).ok()?.into(),
            })
        });
        ended.collect()
    }
}

fn manner(faults: &FaultPlan, model: &ModelName) -> Manner {
    faults.manners[number(model)]
}

/// Two models share an account.
fn account(model: &ModelName) -> AccountName {
    AccountName::new(format!("a{}", number(model) / 2))
}

fn number(model: &ModelName) -> usize {
    model.as_str().trim_start_matches('m').parse().unwrap()
}

fn parked(model: &ModelName, until: Timestamp, why: FailureKind) -> RunEvent {
    let first = number(model) / 2 * 2;
    let models = first..MODELS.min(first + 2);
    RunEvent::AccountParked {
        account: account(model),
        models: models.map(super::plans::model).collect(),
        until,
        why,
    }
}
