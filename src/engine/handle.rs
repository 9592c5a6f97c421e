//! `handle(now, input) → events and effects`: the engine's only door.

use std::sync::Arc;

use crate::model::{
    CallId, CallResult, CallSpec, Closing, Destination, Digest, Event, FORMAT, Failure,
    FailureKind, FrozenFile, HeldChange, ModelName, PhaseName, Question, Record, Results, RunEnd,
    RunId, Timestamp, Unmerged, Usage, Verification,
};
use crate::plan::Plan;

use super::decide::decide;
use super::ending;
use super::orders::{self, Order};
use super::{CallState, History, Proving, Winner};

/// What the engine is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The run begins.
    Begin(Begin),
    /// A supervisor takes the run up again.
    Resume {
        /// Version of tipstaff.
        version: String,
        /// What a person did for the run to go on: answers, limits, rounds, models.
        acts: Vec<Event>,
        /// Attempts that were under way but had left all that was asked for.
        salvaged: Vec<Salvaged>,
    },
    /// An attempt's process is alive.
    Spawned {
        /// The call.
        call: CallId,
        /// Which attempt.
        attempt: u32,
        /// The warden's process id.
        pid: u32,
        /// Estimated tokens of the prompt.
        prompt_tokens: u64,
    },
    /// An attempt went a step further.
    Progressed {
        /// The call.
        call: CallId,
        /// Which attempt.
        attempt: u32,
        /// Used since it began.
        usage: Usage,
        /// What the agent does.
        doing: String,
    },
    /// An attempt ended well.
    Succeeded {
        /// The call.
        call: CallId,
        /// Which attempt.
        attempt: u32,
        /// What it left.
        result: Arc<CallResult>,
    },
    /// An attempt's agent has ended, but what it left is not collected before the run is taken up again.
    Left {
        /// The call.
        call: CallId,
        /// Which attempt.
        attempt: u32,
    },
    /// An attempt ended badly.
    Failed {
        /// The call.
        call: CallId,
        /// Which attempt.
        attempt: u32,
        /// Why.
        failure: Failure,
        /// What it used.
        usage: Usage,
    },
    /// A phase's results stand in the run folder and, if it has an output, in the project.
    Closed {
        /// The phase.
        phase: PhaseName,
        /// What it left.
        closing: Box<Closing>,
    },
    /// A command ended.
    Verified {
        /// The phase.
        phase: PhaseName,
        /// What was run.
        proving: Proving,
        /// How it went.
        verification: Verification,
    },
    /// A command could not be run at all.
    NotVerified {
        /// The phase.
        phase: PhaseName,
        /// Why.
        failure: Failure,
    },
    /// The results are where they belong.
    Delivered {
        /// Which.
        results: Results,
        /// Where.
        to: Destination,
        /// How many files changed.
        files: u64,
        /// What stays in the run until it is accepted; the results are without it.
        held: Vec<HeldChange>,
    },
    /// The changes could not be put there.
    NotDelivered {
        /// Their tree.
        tree: String,
        /// Why.
        reason: String,
    },
    /// They could not be written.
    NotClosed {
        /// The phase.
        phase: PhaseName,
        /// Why.
        failure: Failure,
    },
    /// A person answered the open question, and may have done more.
    Answered {
        /// What the person did.
        acts: Vec<Event>,
    },
    /// Whoever was asked does not answer now: the run waits.
    Unanswered,
    /// Time has passed.
    Tick,
    /// The user wants it to stop.
    Interrupt {
        /// The signal's name.
        signal: String,
    },
}

/// An attempt that finished without its supervisor.
#[derive(Debug, Clone, PartialEq)]
pub struct Salvaged {
    /// The call.
    pub call: CallId,
    /// Which attempt.
    pub attempt: u32,
    /// What it left.
    pub result: Arc<CallResult>,
}

/// The facts of a beginning run.
#[derive(Debug, Clone, PartialEq)]
pub struct Begin {
    /// The run.
    pub run: RunId,
    /// Version of tipstaff.
    pub version: String,
    /// Digest of the frozen plan.
    pub plan: Digest,
    /// The git tree of the snapshot.
    pub base: String,
    /// The user's files that are inputs.
    pub files: Vec<FrozenFile>,
}

/// What the driver has to carry out.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Run an attempt in a fresh process.
    StartAttempt {
        /// The call.
        call: Box<CallSpec>,
        /// Which attempt, from 1.
        attempt: u32,
        /// The model to use.
        model: ModelName,
    },
    /// End an attempt's process; its end is to be reported as usual.
    CancelAttempt {
        /// The call.
        call: CallId,
        /// Which attempt.
        attempt: u32,
    },
    /// Run a command on a checkout of a tree.
    Verify {
        /// The phase.
        phase: PhaseName,
        /// What to run.
        proving: Proving,
    },
    /// Put the run's results where they belong.
    Deliver {
        /// Which.
        results: Results,
        /// Where.
        to: Destination,
    },
    /// Ask the person who attends; the supervisor goes on with the answer.
    Ask {
        /// The phase.
        phase: PhaseName,
        /// What.
        question: Question,
    },
    /// Write the phase's deliverable and handoff, and publish.
    ClosePhase {
        /// The phase.
        phase: PhaseName,
        /// Whose document it is.
        winner: Winner,
    },
    /// Send `Tick` at this time; replaces any earlier wake-up.
    WakeAt(Timestamp),
    /// Stop working.
    End(RunEnd),
}

/// What came of an input: first the events go to disk, then the effects are carried out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Step {
    /// What happened, to be appended to the journal.
    pub events: Vec<Event>,
    /// What to carry out after that.
    pub effects: Vec<Effect>,
}

/// No input has as many consequences: lists of tasks are limited, and so are proposals.
const MOST_EVENTS: usize = 10_000;

/// The engine of one run.
#[derive(Debug)]
pub struct Engine {
    plan: Plan,
    history: History,
    issued: Vec<Order>,
    /// Attempts whose work is collected when the run is taken up again.
    left: Vec<(CallId, u32)>,
    /// Whether somebody is there to be asked.
    attended: bool,
}

impl Engine {
    /// An engine that knows what the journal tells; nothing for a new run.
    pub fn new(plan: Plan, records: &[Record]) -> Self {
        Self {
            plan,
            history: History::of(records),
            issued: Vec::new(),
            left: Vec::new(),
            attended: false,
        }
    }

    /// The same where somebody is there to be asked: a question is no end then.
    pub fn attended(self, attended: bool) -> Self {
        Self { attended, ..self }
    }

    /// What it works by.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What it knows.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Takes an input in and says what follows.
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Step {
        let mut step = Step::default();
        self.attended &= input != Input::Unanswered;
        if let Input::Left { call, attempt } = &input {
            self.left.push((call.clone(), *attempt));
        }
        for event in self.events_of(input) {
            self.take(now, event, &mut step);
        }
        let asks = self.settle(now, &mut step, decide);
        if self.only_left_ones_run() {
            let end = RunEnd::Interrupted;
            self.take(now, Event::RunEnded { end }, &mut step);
        }
        step.effects = self.new_effects(asks);
        step.effects
            .extend(orders::wake(&self.plan, &self.history, now).map(Effect::WakeAt));
        step
    }

    /// Takes in what follows until nothing does, and says whether somebody has to be asked. Decisions that go in circles are a mistake of ours; they end
    /// the run like any other failure, so that it can be resumed, and not its supervisor.
    fn settle(
        &mut self,
        now: Timestamp,
        step: &mut Step,
        decide: impl Fn(&Plan, &History, Timestamp) -> Vec<Event>,
    ) -> bool {
        while step.events.len() < MOST_EVENTS {
            let events = decide(&self.plan, &self.history, now);
            let asks = self.attended && self.waits_for_a_person(&events);
            if events.is_empty() || asks {
                return asks;
            }
            for event in events {
                self.take(now, event, step);
            }
        }
        for event in ending::give_up(&self.plan, &self.history) {
            self.take(now, event, step);
        }
        false
    }

    /// Whether the run was interrupted, and waits for nobody but those who left their work for later.
    fn only_left_ones_run(&self) -> bool {
        let history = &self.history;
        let is_left = |(call, attempt): (&CallState, u32)| {
            self.left.contains(&(call.spec.id.clone(), attempt))
        };
        history.interrupted().is_some()
            && history.ended().is_none()
            && history.running().all(is_left)
            && history.running().next().is_some()
    }

    fn take(&mut self, now: Timestamp, event: Event, step: &mut Step) {
        self.history.apply(now, &event);
        step.events.push(event);
    }

    /// Whether nothing is left to be done but to hear an answer.
    fn waits_for_a_person(&self, next: &[Event]) -> bool {
        let end = RunEnd::Waiting;
        next.contains(&Event::RunEnded { end }) && self.history.open_question().is_some()
    }

    fn new_effects(&mut self, asks: bool) -> Vec<Effect> {
        let mut orders = orders::orders(&self.history, &self.plan);
        let question = self.history.open_question().filter(|_| asks);
        orders.extend(question.map(|(phase, question)| Order::Ask {
            phase: phase.clone(),
            question: question.clone(),
        }));
        let new = orders.iter().filter(|order| !self.issued.contains(order));
        let effects = new.cloned().map(effect).collect();
        // An attempt that is being cancelled was started once; only what still holds is remembered.
        self.issued = orders;
        effects
    }

    fn events_of(&self, input: Input) -> Vec<Event> {
        match input {
            Input::Begin(begin) => vec![self.begin(begin)],
            Input::Resume {
                version,
                acts,
                salvaged,
            } => self.resume(version, acts, salvaged),
            Input::Answered { acts } => self.answered(acts),
            Input::Spawned {
                call,
                attempt,
                pid,
                prompt_tokens,
            } => {
                vec![Event::AttemptSpawned {
                    call,
                    attempt,
                    pid,
                    prompt_tokens,
                }]
            }
            Input::Progressed {
                call,
                attempt,
                usage,
                doing,
            } => {
                vec![Event::AttemptProgressed {
                    call,
                    attempt,
                    usage,
                    doing,
                }]
            }
            Input::Succeeded {
                call,
                attempt,
                result,
            } => {
                vec![Event::AttemptSucceeded {
                    call,
                    attempt,
                    result,
                }]
            }
            Input::Failed {
                call,
                attempt,
                failure,
                usage,
            } => {
                // Whoever lost it does not know what it had used.
                let told = self.history.call(&call).map(CallState::usage_so_far);
                let is_unknown = usage == Usage::default();
                vec![Event::AttemptFailed {
                    call,
                    attempt,
                    failure,
                    usage: told.filter(|_| is_unknown).unwrap_or(usage),
                }]
            }
            Input::Closed { phase, closing } => {
                let closing = *closing;
                vec![Event::PhaseClosed { phase, closing }]
            }
            Input::Verified {
                phase,
                proving,
                verification,
            } => vec![Event::Verified {
                phase,
                task: proving.task,
                tree: proving.tree,
                verification,
            }],
            Input::Delivered {
                results,
                to,
                files,
                held,
            } => vec![delivered(results, to, files, held)],
            Input::NotDelivered { tree, reason } => {
                vec![Event::ChangesKept {
                    tree,
                    blocked: true,
                    reason,
                }]
            }
            Input::NotClosed { phase, failure } | Input::NotVerified { phase, failure } => {
                vec![Event::PhaseFailed { phase, failure }]
            }
            Input::Tick | Input::Unanswered | Input::Left { .. } => Vec::new(),
            Input::Interrupt { signal } => vec![Event::RunInterrupted { signal }],
        }
    }

    fn begin(&self, begin: Begin) -> Event {
        Event::RunStarted {
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
        }
    }

    /// An answer to a question that does not stand any more changes nothing.
    fn answered(&self, acts: Vec<Event>) -> Vec<Event> {
        let open = self.history.open_question().map(|(phase, _)| phase);
        let fits = |act: &Event| match act {
            Event::PersonAnswered { phase, .. } => Some(phase) == open,
            _ => true,
        };
        if acts.iter().all(fits) {
            acts
        } else {
            Vec::new()
        }
    }

    /// Attempts without an end ran under a supervisor that is gone: they are lost, unless they had
    /// finished all the same.
    fn resume(&self, version: String, acts: Vec<Event>, salvaged: Vec<Salvaged>) -> Vec<Event> {
        let mut events = vec![Event::RunResumed { version }];
        let kept: Vec<(CallId, u32)> = salvaged
            .iter()
            .map(|kept| (kept.call.clone(), kept.attempt))
            .collect();
        events.extend(salvaged.into_iter().map(|kept| Event::AttemptSucceeded {
            call: kept.call,
            attempt: kept.attempt,
            result: kept.result,
        }));
        let running = self
            .history
            .running()
            .map(|(call, number)| (call, call.spec.id.clone(), number));
        let lost = running.filter(|(_, id, number)| !kept.contains(&(id.clone(), *number)));
        events.extend(lost.map(|(call, id, attempt)| Event::AttemptFailed {
            call: id,
            attempt,
            failure: Failure::new(FailureKind::Lost, "the supervisor ended while it ran"),
            usage: call.usage_so_far(),
        }));
        events.extend(acts);
        events
    }
}

fn delivered(results: Results, to: Destination, files: u64, held: Vec<HeldChange>) -> Event {
    Event::ChangesApplied {
        tree: results.tree,
        documents: results.documents,
        to,
        files,
        by_hand: false,
        unmerged: Unmerged::default(),
        held,
    }
}

fn effect(order: Order) -> Effect {
    match order {
        Order::Start {
            call,
            attempt,
            model,
        } => Effect::StartAttempt {
            call,
            attempt,
            model,
        },
        Order::Cancel { call, attempt } => Effect::CancelAttempt { call, attempt },
        Order::Close { phase, winner } => Effect::ClosePhase { phase, winner },
        Order::Verify { phase, proving } => Effect::Verify { phase, proving },
        Order::Ask { phase, question } => Effect::Ask { phase, question },
        Order::Deliver { results, to } => Effect::Deliver { results, to },
        Order::End(end) => Effect::End(end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{PhaseKind, Yields, testing};

    #[test]
    fn decisions_that_go_in_circles_end_the_run_as_failed_and_resumable() {
        let kind = PhaseKind::Single {
            chain: vec!["m1".into()],
            yields: Yields::Document,
        };
        let plan = testing::plan(vec![testing::phase("plan", kind)]);
        let phase = plan.phases[0].name.clone();
        let mut engine = Engine::new(plan, &[]);
        let mut step = Step::default();
        let spin = |_: &Plan, _: &History, _| {
            vec![Event::PhaseStarted {
                phase: phase.clone(),
            }]
        };
        engine.settle(Timestamp::default(), &mut step, spin);
        let [.., failed, ended] = step.events.as_slice() else {
            panic!("{:?}", step.events.len());
        };
        assert!(
            matches!(failed, Event::PhaseFailed { failure, .. } if failure.message.starts_with("internal: "))
        );
        assert_eq!(
            *ended,
            Event::RunEnded {
                end: RunEnd::Failed
            }
        );
        let resumed = engine.handle(
            Timestamp::default(),
            Input::Resume {
                version: String::new(),
                acts: Vec::new(),
                salvaged: Vec::new(),
            },
        );
        assert!(
            matches!(resumed.effects.first(), Some(Effect::StartAttempt { .. })),
            "{:?}",
            resumed.effects
        );
    }
}
