//! Supervisors that work on a run one after another, until nothing is left to be done.

use crate::engine::by_hand::{self, Transfer};
use crate::engine::{Begin, Engine, Input, Recovered, failed_loops};

use crate::model::{
    Artifact, Budget, CallId, ChangedLimits, Destination, Digest, Documents, MicroUsd, Millis,
    Results, RunEnd, RunLimits, Rung, Timestamp,
};
use crate::plan::Plan;
use crate::run::{Event, PhaseEvent, Record, RunEvent, RunState};

use super::fault_plan::{Fault, FaultPlan, HandOn, Raise};
use super::limits::unlimited;
use super::person;
use super::plans::model;
use super::trace::{Moment, Trace};
use super::trees;
use super::world::{World, WorldState};

/// A supervisor has to end after so many steps at the latest.
const MOST_STEPS: usize = 3_000;
/// A user gives a run up after so many supervisors.
const MOST_SUPERVISORS: usize = 60;

/// A run, under way or over.
#[derive(Debug, Clone)]
pub struct Run<'f> {
    faults: &'f FaultPlan,
    world_state: WorldState,
    raises: usize,
    hands_on: usize,
    additions: usize,
    replacements: usize,
    /// How often a failed run is resumed all the same.
    patience: u32,
    pub trace: Trace,
}

/// How a supervisor's work came to its end.
enum Fall {
    Ended(RunEnd),
    Died(Vec<Recovered>, Vec<CallId>),
}

impl<'f> Run<'f> {
    /// A run that has not begun.
    pub fn new(plan: Plan, faults: &'f FaultPlan) -> Self {
        Self::after(Trace::new(plan), faults)
    }

    /// A run whose supervisor has died.
    pub fn after(trace: Trace, faults: &'f FaultPlan) -> Self {
        let journal = trace.journal();
        let now = journal
            .last()
            .map_or(Timestamp(100_000_000), |record| record.at);
        Self {
            faults,
            world_state: WorldState::at(now),
            raises: 0,
            hands_on: 0,
            additions: 0,
            replacements: 0,
            patience: 0,
            trace,
        }
    }

    /// The same, if a failed run is resumed so often all the same.
    pub fn patient(mut self, patience: u32) -> Self {
        self.patience = patience;
        self
    }

    /// Works on it as long as somebody takes it up again: after a death, after an interruption, for an
    /// answer, with higher limits. The last end, if there was one.
    ///
    /// # Errors
    /// A supervisor does not end, or time counts in which none was there and awake.
    pub fn live(&mut self) -> Result<Option<RunEnd>, String> {
        let before = self.worked();
        let mut input = match self.trace.moments.is_empty() {
            true => begin(),
            false => resume(Vec::new(), Default::default()),
        };
        let mut last = None;
        for _ in 0..MOST_SUPERVISORS {
            let fall = self.supervise(input)?;
            self.lay_hands_on();
            input = match fall {
                Fall::Died(recovered, elsewhere) => resume(Vec::new(), (recovered, elsewhere)),
                Fall::Ended(end) => {
                    last = Some(end);
                    match self.again(end) {
                        Some(input) => input,
                        None => break,
                    }
                }
            };
            self.world_state.rest(self.faults.set_back);
        }
        let (worked, awake) = (self.worked().0 - before.0, self.world_state.awake.0);
        match worked <= awake {
            true => Ok(last),
            false => Err(format!("{worked} ms count of {awake} ms")),
        }
    }

    fn worked(&self) -> Millis {
        let journal = self.trace.journal();
        let last = journal.last().map_or(Timestamp(0), |record| record.at);
        RunState::of(&journal).worked(last)
    }

    /// What a user does about an end.
    fn again(&mut self, end: RunEnd) -> Option<Input> {
        match end {
            RunEnd::Done => None,
            RunEnd::Failed if self.trace.facts().limited.is_none() => {
                self.patience = self.patience.checked_sub(1)?;
                Some(resume(self.replace(), Default::default()))
            }
            RunEnd::AuditFailed => {
                let more = self.add_rounds();
                if more.is_empty() {
                    self.patience = self.patience.checked_sub(1)?;
                }
                Some(resume(more, Default::default()))
            }
            RunEnd::Interrupted => Some(resume(Vec::new(), Default::default())),
            RunEnd::Waiting => {
                let state = RunState::of(&self.trace.journal());
                let spoken = &mut self.world_state.spoken;
                let acts = person::acts(self.faults, spoken, &self.trace.plan, &state);
                Some(resume(acts, Default::default()))
            }
            RunEnd::Limited | RunEnd::Failed => {
                let limits = self.raise()?.map(|limits| {
                    Event::Run(RunEvent::LimitsRaised {
                        limits: limits.run,
                        budgets: limits.budgets,
                        changes: None,
                    })
                });
                Some(resume(limits.into_iter().collect(), Default::default()))
            }
        }
    }

    /// A person delivers the results, or takes them back, if that can be done.
    fn lay_hands_on(&mut self) {
        let hand = self.faults.hands_on.get(self.hands_on).copied();
        self.hands_on += 1;
        let hand = hand.unwrap_or(HandOn::Nothing);
        let journal = self.trace.journal();
        let state = RunState::of(&journal);
        let part = || Results {
            tree: trees::tree("part"),
            documents: Documents::new(),
        };
        let taken = self.trace.facts().project != state.before();
        let allowed = |to| by_hand::refusal(&self.trace.plan, &state, to).is_none();
        let delivered = |results, to| Transfer {
            files: 1,
            ..Transfer::of(results, Vec::new(), to)
        };
        let apply =
            |results| allowed(&Destination::Tree).then(|| delivered(results, Destination::Tree));
        let back = |results| Transfer {
            results,
            ..Transfer::back(&state)
        };
        let mine = "mine".to_owned();
        let did = match hand {
            HandOn::Nothing => None,
            HandOn::Apply => apply(state.results()),
            HandOn::ApplyToBranch => allowed(&Destination::Branch(mine.clone()))
                .then(|| delivered(state.results(), Destination::Branch(mine))),
            HandOn::ApplyPart => apply(part()),
            HandOn::Undo => taken.then(|| back(state.before())),
            HandOn::UndoPart => taken.then(|| back(part())),
        };
        let Some(did) = did else {
            return;
        };
        let (results, at) = (state.results(), self.world_state.now());
        let moments = &mut self.trace.moments;
        moments.push(Moment::Did(did.clone(), results));
        for (event, seq) in by_hand::events(&self.trace.plan, &state, did)
            .into_iter()
            .zip(1..)
        {
            let seq = journal.len() as u64 + seq;
            moments.push(Moment::Wrote(Record { seq, at, event }));
        }
    }

    /// More rounds for the audits that say fail.
    fn add_rounds(&mut self) -> Vec<Event> {
        let rounds = self.faults.rounds.get(self.additions).copied();
        self.additions += 1;
        let state = RunState::of(&self.trace.journal());
        let failed = failed_loops(&self.trace.plan, &state);
        let added = rounds.filter(|rounds| *rounds > 0).map(|rounds| {
            failed.map(move |phase| PhaseEvent::RoundsAdded { rounds }.of(phase.clone()))
        });
        added.into_iter().flatten().collect()
    }

    /// Another model in the place of one.
    fn replace(&mut self) -> Vec<Event> {
        let models = self.faults.models.get(self.replacements).copied();
        self.replacements += 1;
        let replaced = models.map(|(old, new)| {
            Event::Run(RunEvent::ModelReplaced {
                model: model(old),
                by: model(new),
                definition: Artifact {
                    path: "models/1.json".to_owned(),
                    digest: Digest::new("model"),
                    bytes: 1,
                },
            })
        });
        replaced.into_iter().collect()
    }

    /// The limits with which it is resumed; none if it is not.
    fn raise(&mut self) -> Option<Option<ChangedLimits>> {
        let present = self.limits();
        let raise = self.faults.limits.get(self.raises).copied();
        self.raises += 1;
        match raise {
            Some(Raise::Nothing) => Some(None),
            Some(Raise::By(more)) => Some(Some(raised(&present, more))),
            None => {
                let lifted = lifted(&present);
                // Only a limit of the provider's is left if there is nothing to lift.
                (present != lifted).then_some(Some(lifted))
            }
        }
    }

    fn limits(&self) -> ChangedLimits {
        let plan = &self.trace.plan;
        let state = RunState::of(&self.trace.journal());
        let phases = plan.phases.iter();
        ChangedLimits {
            run: state.limits(plan.limits),
            changes: plan.change_limits,
            budgets: phases
                .map(|phase| (phase.name.clone(), state.budget(&phase.name, phase.budget)))
                .collect(),
        }
    }

    fn supervise(&mut self, first: Input) -> Result<Fall, String> {
        let journal = self.trace.journal();
        let engine = Engine::new(self.trace.plan.clone(), &journal);
        let engine = engine.attended(self.faults.attended);
        let mut engine = engine.waiting(self.faults.waits);
        let mut world = World::new(self.faults, &mut self.world_state);
        let first = world.with_parked(first, engine.state());
        let moments = &mut self.trace.moments;
        let mut first = Some(first);
        let mut seq = journal.len() as u64;
        for _ in 0..MOST_STEPS {
            let fault = world.next_blow();
            let input = match first.take() {
                Some(first) => first,
                None if fault == Some(Fault::Interrupt) => interrupt(),
                None => world
                    .outside(fault, &engine)
                    .or_else(|| world.report(&engine))
                    .ok_or("nothing is under way and nothing is awaited")?,
            };
            moments.push(Moment::Heard(input.clone()));
            // Of a run that never began nothing could be taken up.
            let least = usize::from(seq == 0);
            let now = world.now();
            let reaction = engine.handle(now, input);
            let written = match fault {
                Some(Fault::Death { written, .. }) => usize::from(written).max(least),
                Some(Fault::Interrupt | Fault::Parks(_) | Fault::Sleeps(_) | Fault::Steers(_))
                | None => reaction.events.len(),
            };
            for event in reaction.events.into_iter().take(written) {
                seq += 1;
                let at = now;
                moments.push(Moment::Wrote(Record { seq, at, event }));
            }
            if let Some(Fault::Death {
                recovers,
                elsewhere,
                ..
            }) = fault
            {
                moments.push(Moment::Died);
                let state = RunState::of(&self.trace.journal());
                let recovered = recovers.then(|| world.recover(&state));
                let recovered = recovered.unwrap_or_default();
                let elsewhere = elsewhere.then(|| world.elsewhere(&state, &recovered));
                return Ok(Fall::Died(recovered, elsewhere.unwrap_or_default()));
            }
            moments.extend(reaction.effects.iter().cloned().map(Moment::Ordered));
            if let Some(end) = world.carry_out_all(reaction.effects) {
                return Ok(Fall::Ended(end));
            }
        }
        Err("the supervisor does not end".to_owned())
    }
}

fn begin() -> Input {
    Input::Begin(Begin {
        run: "r".into(),
        version: "0".into(),
        plan: Digest::new("p"),
        base: trees::tree("base"),
        files: Vec::new(),
        sandbox: Rung::None,
        parked: Vec::new(),
    })
}

/// All limits that there are, so much larger.
fn raised(present: &ChangedLimits, more: u64) -> ChangedLimits {
    let count = |limit: Option<u64>| limit.map(|limit| limit + more);
    let money = |limit: Option<MicroUsd>| limit.map(|limit| MicroUsd(limit.0 + more));
    let budgets = present.budgets.iter().map(|(phase, budget)| {
        let larger = Budget {
            calls: count(budget.calls),
            tokens: count(budget.tokens),
            cost: money(budget.cost),
        };
        (phase.clone(), larger)
    });
    let run = present.run;
    ChangedLimits {
        changes: present.changes,
        run: RunLimits {
            calls: count(run.calls),
            tokens: count(run.tokens),
            cost: money(run.cost),
            wall: run.wall.map(|wall| Millis(wall.0 + 1000 * more)),
            ..run
        },
        budgets: budgets.collect(),
    }
}

/// No limits at all.
fn lifted(present: &ChangedLimits) -> ChangedLimits {
    let phases = present.budgets.keys();
    ChangedLimits {
        run: unlimited(present.run.concurrency),
        changes: present.changes,
        budgets: phases
            .map(|phase| (phase.clone(), Budget::default()))
            .collect(),
    }
}

fn resume(acts: Vec<Event>, (recovered, elsewhere): (Vec<Recovered>, Vec<CallId>)) -> Input {
    Input::Resume {
        version: "0".into(),
        sandbox: Rung::None,
        acts,
        recovered,
        elsewhere,
    }
}

fn interrupt() -> Input {
    let signal = "SIGINT".to_owned();
    Input::Happened(RunEvent::Interrupted { signal }.into())
}
