//! `handle(now, input) → events and effects`: the engine's only door.

use std::sync::Arc;

use crate::model::{
    CallId, CallResult, Digest, FORMAT, Failure, FailureKind, FrozenFile, RunEnd, RunId, Rung,
    Timestamp, TreeId, Usage,
};
use crate::plan::Plan;
use crate::run::{
    CallEvent, CallState, Control, Event, PhaseEvent, Record, RunEvent, RunState, Via,
};

use super::control::steered;
use super::decide::{decide, parked_until};
use super::ending;
use super::orders::{self, Effect};

/// What the engine is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    Begin(Begin),
    /// A supervisor takes the run up again.
    Resume {
        version: String,
        sandbox: Rung,
        /// What a person did for the run to go on: answers, limits, rounds, models.
        acts: Vec<Event>,
        /// Attempts that were under way but had left all that was asked for.
        recovered: Vec<Recovered>,
        /// Calls whose attempts go on, or are done, on other machines.
        elsewhere: Vec<CallId>,
    },
    /// Something happened: to an attempt, to a command, to a phase's results or the run's, or the user wants the
    /// run to stop.
    Happened(Event),
    /// An attempt's agent has ended, but what it left is not collected before the run is taken up again.
    Left {
        call: CallId,
        attempt: u32,
    },
    /// A person answered the open question, and may have done more.
    Answered {
        acts: Vec<Event>,
    },
    /// A person steers the run. What cannot be done now changes nothing.
    Steered {
        control: Control,
        via: Via,
    },
    /// Whoever was asked does not answer now: the run waits.
    Unanswered,
    Tick,
}

/// An attempt that finished without its supervisor.
#[derive(Debug, Clone, PartialEq)]
pub struct Recovered {
    pub call: CallId,
    pub attempt: u32,
    pub result: Arc<CallResult>,
}

/// The facts of a beginning run.
#[derive(Debug, Clone, PartialEq)]
pub struct Begin {
    pub run: RunId,
    pub version: String,
    pub plan: Digest,
    pub base: TreeId,
    pub files: Vec<FrozenFile>,
    pub sandbox: Rung,
    /// The accounts that are parked.
    pub parked: Vec<Event>,
}

/// What came of an input: first the events go to disk, then the effects are carried out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reaction {
    /// What happened, to be appended to the journal.
    pub events: Vec<Event>,
    /// What to carry out after that.
    pub effects: Vec<Effect>,
}

/// No input has as many consequences: lists of tasks are limited, and so are proposals.
const MOST_EVENTS: usize = 10_000;

#[derive(Debug)]
pub struct Engine {
    plan: Plan,
    state: RunState,
    issued: Vec<Effect>,
    /// Attempts whose work is collected when the run is taken up again.
    left: Vec<(CallId, u32)>,
    /// Whether somebody is there to be asked.
    attended: bool,
    /// Whether the supervisor stays until an account serves again.
    waits: bool,
}

impl Engine {
    /// An engine that knows what the journal tells; nothing for a new run.
    pub fn new(plan: Plan, records: &[Record]) -> Self {
        Self {
            plan,
            state: RunState::of(records),
            issued: Vec::new(),
            left: Vec::new(),
            attended: false,
            waits: false,
        }
    }

    /// The same where somebody is there to be asked: a question is no end then.
    pub fn attended(self, attended: bool) -> Self {
        Self { attended, ..self }
    }

    /// The same where the supervisor stays until an account serves again: a parked phase is no end then.
    pub fn waiting(self, waits: bool) -> Self {
        Self { waits, ..self }
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    pub fn state(&self) -> &RunState {
        &self.state
    }

    /// Takes an input in and says what follows.
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Reaction {
        let mut reaction = Reaction::default();
        self.attended &= input != Input::Unanswered;
        if let Input::Left { call, attempt } = &input {
            self.left.push((call.clone(), *attempt));
        }
        for event in self.events_of(input) {
            self.take(now, event, &mut reaction);
        }
        let waits_for = self.settle(now, &mut reaction, decide);
        if self.only_left_ones_run() {
            let end = RunEnd::Interrupted;
            self.take(now, Event::Run(RunEvent::Ended { end }), &mut reaction);
        }
        reaction.effects = self.new_effects(waits_for);
        reaction
            .effects
            .extend(orders::wake(&self.plan, &self.state, now).map(Effect::WakeAt));
        reaction
    }

    /// Takes in what follows until nothing does, and says what is waited for, if that is all there is to be done. Decisions that
    /// never end are a bug: they fail the run, which can be resumed, and not its supervisor.
    fn settle(
        &mut self,
        now: Timestamp,
        reaction: &mut Reaction,
        decide: impl Fn(&Plan, &RunState, Timestamp) -> Vec<Event>,
    ) -> Option<Effect> {
        while reaction.events.len() < MOST_EVENTS {
            let events = decide(&self.plan, &self.state, now);
            let waits_for = self.question(&events).or_else(|| self.parked(now, &events));
            if events.is_empty() || waits_for.is_some() {
                return waits_for;
            }
            for event in events {
                self.take(now, event, reaction);
            }
        }
        for event in ending::give_up(&self.plan, &self.state) {
            self.take(now, event, reaction);
        }
        None
    }

    /// Whether the run was interrupted, and waits for nobody but those who left their work for later.
    fn only_left_ones_run(&self) -> bool {
        let state = &self.state;
        let is_left = |(call, attempt): (&CallState, u32)| {
            self.left.contains(&(call.spec.id.clone(), attempt))
        };
        state.interrupted().is_some()
            && state.ended().is_none()
            && state.running().all(is_left)
            && state.running().next().is_some()
    }

    fn take(&mut self, now: Timestamp, event: Event, reaction: &mut Reaction) {
        self.state.apply(now, &event);
        reaction.events.push(event);
    }

    /// Nothing is left to be done but to hear an answer of whom is there.
    fn question(&self, next: &[Event]) -> Option<Effect> {
        let end = RunEnd::Waiting;
        let asks = self.attended && next.contains(&Event::Run(RunEvent::Ended { end }));
        let (phase, question) = self.state.open_question().filter(|_| asks)?;
        Some(Effect::Ask {
            phase: phase.clone(),
            question: question.clone(),
        })
    }

    /// Nothing is left to be done before an account serves again.
    fn parked(&self, now: Timestamp, next: &[Event]) -> Option<Effect> {
        let end = RunEnd::Limited;
        let state = &self.state;
        let stays = self.waits && next == [Event::Run(RunEvent::Ended { end })];
        let phase = ending::current(&self.plan, state).filter(|_| stays && state.limit().is_none());
        parked_until(phase?, state, now).map(Effect::Park)
    }

    fn new_effects(&mut self, waits_for: Option<Effect>) -> Vec<Effect> {
        let mut orders = orders::orders(&self.state, &self.plan);
        orders.extend(waits_for);
        let new = orders.iter().filter(|order| !self.issued.contains(order));
        let effects = new.cloned().collect();
        self.issued = orders;
        effects
    }

    fn events_of(&self, input: Input) -> Vec<Event> {
        match input {
            Input::Begin(mut begin) => {
                let parked = std::mem::take(&mut begin.parked);
                [self.begin(begin)].into_iter().chain(parked).collect()
            }
            Input::Resume {
                version,
                sandbox,
                acts,
                recovered,
                elsewhere,
            } => self.resume((version, sandbox), acts, (recovered, elsewhere)),
            Input::Answered { acts } => self.answered(acts),
            Input::Happened(event) => vec![self.with_usage(event)],
            Input::Steered { control, via } => {
                let event = steered(&self.plan, &self.state, &control, via);
                event.into_iter().collect()
            }
            Input::Tick | Input::Unanswered | Input::Left { .. } => Vec::new(),
        }
    }

    fn begin(&self, begin: Begin) -> Event {
        Event::Run(RunEvent::Started {
            run: begin.run,
            format: FORMAT,
            version: begin.version,
            workflow: self.plan.workflow.clone(),
            plan: begin.plan,
            base: begin.base,
            files: begin.files,
            rehearsal: self
                .plan
                .rehearsal
                .as_ref()
                .map(|rehearsal| rehearsal.scenario.clone()),
            sandbox: begin.sandbox,
        })
    }

    /// Whoever lost an attempt does not know what it had used.
    fn with_usage(&self, mut event: Event) -> Event {
        if let Event::Call {
            call,
            event: CallEvent::AttemptFailed { usage, .. },
        } = &mut event
            && *usage == Usage::default()
            && let Some(call) = self.state.call(call)
        {
            *usage = call.usage_so_far();
        }
        event
    }

    /// An answer to a question that is no longer open changes nothing.
    fn answered(&self, acts: Vec<Event>) -> Vec<Event> {
        let open = self.state.open_question().map(|(phase, _)| phase);
        let fits = |act: &Event| match act {
            Event::Phase {
                phase,
                event: PhaseEvent::PersonAnswered { .. },
            } => Some(phase) == open,
            _ => true,
        };
        if acts.iter().all(fits) {
            acts
        } else {
            Vec::new()
        }
    }

    /// Attempts without an end ran under a supervisor that is gone: they are lost, unless they had
    /// finished all the same, or are on another machine.
    fn resume(
        &self,
        (version, sandbox): (String, Rung),
        acts: Vec<Event>,
        (recovered, elsewhere): (Vec<Recovered>, Vec<CallId>),
    ) -> Vec<Event> {
        let resumed = RunEvent::Resumed {
            version,
            sandbox,
            elsewhere: elsewhere.clone(),
        };
        let mut events = vec![Event::Run(resumed)];
        let kept: Vec<(CallId, u32)> = recovered
            .iter()
            .map(|kept| (kept.call.clone(), kept.attempt))
            .collect();
        events.extend(recovered.into_iter().map(|kept| {
            CallEvent::AttemptSucceeded {
                attempt: kept.attempt,
                result: kept.result,
            }
            .of(kept.call)
        }));
        let running = self
            .state
            .running()
            .map(|(call, number)| (call, call.spec.id.clone(), number));
        let lost = running.filter(|(_, id, number)| {
            !kept.contains(&(id.clone(), *number)) && !elsewhere.contains(id)
        });
        events.extend(lost.map(|(call, id, attempt)| {
            CallEvent::AttemptFailed {
                attempt,
                failure: Failure::new(FailureKind::Lost, "the supervisor ended while it ran"),
                usage: call.usage_so_far(),
            }
            .of(id)
        }));
        events.extend(acts);
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{OutputKind, PhaseKind, testing};

    #[test]
    fn decisions_that_go_in_circles_end_the_run_as_failed_and_resumable() {
        let kind = PhaseKind::Single {
            chain: vec!["m1".into()],
            yields: OutputKind::Document,
        };
        let plan = testing::plan(vec![testing::phase("plan", kind)]);
        let phase = plan.phases[0].name.clone();
        let mut engine = Engine::new(plan, &[]);
        let mut reaction = Reaction::default();
        let spin = |_: &Plan, _: &RunState, _| vec![PhaseEvent::Started.of(phase.clone())];
        engine.settle(Timestamp::default(), &mut reaction, spin);
        let [.., failed, ended] = reaction.events.as_slice() else {
            panic!("{:?}", reaction.events.len());
        };
        assert!(
            matches!(failed, Event::Phase { event: PhaseEvent::Failed { failure, .. }, .. } if failure.message.starts_with("internal: "))
        );
        assert_eq!(
            *ended,
            Event::Run(RunEvent::Ended {
                end: RunEnd::Failed
            })
        );
        let resumed = engine.handle(
            Timestamp::default(),
            Input::Resume {
                version: String::new(),
                sandbox: Rung::None,
                acts: Vec::new(),
                recovered: Vec::new(),
                elsewhere: Vec::new(),
            },
        );
        assert!(
            matches!(resumed.effects.first(), Some(Effect::StartAttempt { .. })),
            "{:?}",
            resumed.effects
        );
    }
}
