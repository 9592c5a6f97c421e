//! The engine against a simulated world: random ensembles, random answers, random order of arrival,
//! and a supervisor that dies at every point of the journal.

mod budgets;

use std::collections::BTreeMap;

use proptest::prelude::{Strategy as _, any, prop, prop_assert, prop_assert_eq, proptest};

use crate::engine::{Begin, Effect, Engine, Input};
use crate::model::{
    Answer, Artifact, CallId, CallLimits, CallResult, CallSpec, Closing, Contract, Decision,
    Digest, Event, Failure, FailureKind, HandoffOrigin, Judgement, Millis, ModelName, Purpose,
    Record, RunEnd, RunLimits, Timestamp, Usage,
};
use crate::plan::{Distill, EnsembleMode, ModelSpec, PhaseKind, PhasePlan, Plan, Strategy};

/// How a simulated model behaves, always the same for one call and model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Good,
    /// Fails this often with a passing failure, then answers.
    Flaky(u32),
    Broken,
    /// Judges: gives an invalid verdict. Others: as good.
    Confused,
    /// Judges: none is good enough. Others: as good.
    Strict,
}

#[derive(Debug, Clone)]
struct World {
    plan: Plan,
    manners: BTreeMap<ModelName, Manner>,
    tries: BTreeMap<(CallId, ModelName), u32>,
    /// From which the order of arrival is drawn.
    chance: u64,
    now: Timestamp,
    journal: Vec<Record>,
    in_flight: Vec<(CallSpec, u32, ModelName)>,
}

impl World {
    fn new(plan: Plan, manners: BTreeMap<ModelName, Manner>, chance: u64) -> Self {
        let (tries, journal, in_flight) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self {
            plan,
            manners,
            tries,
            chance,
            now: Timestamp(1_000),
            journal,
            in_flight,
        }
    }

    fn begin() -> Input {
        Input::Begin(Begin {
            run: "r".into(),
            version: "0".into(),
            plan: Digest::new("p"),
            base: "tree".into(),
            files: Vec::new(),
        })
    }

    /// Runs until the engine says it is over.
    fn run(&mut self, first: Input) -> RunEnd {
        let mut engine = Engine::new(self.plan.clone(), &self.journal);
        let mut input = first;
        for _ in 0..10_000 {
            let step = engine.handle(self.now, input);
            for event in step.events {
                let seq = self.journal.len() as u64 + 1;
                self.journal.push(Record {
                    seq,
                    at: self.now,
                    event,
                });
            }
            let mut wake = None;
            let mut closed = None;
            for effect in step.effects {
                match effect {
                    Effect::StartAttempt {
                        call,
                        attempt,
                        model,
                    } => {
                        self.in_flight.push((*call, attempt, model));
                    }
                    Effect::CancelAttempt { call, attempt } => {
                        let running = self.in_flight.iter_mut();
                        let mut same = running.filter(|(c, a, _)| c.id == call && *a == attempt);
                        same.next().unwrap().2 = "cancelled".into();
                    }
                    Effect::ClosePhase { phase, .. } => {
                        closed = Some(Input::Closed {
                            phase,
                            closing: closing(),
                        });
                    }
                    Effect::Verify { .. } | Effect::Deliver { .. } => {
                        unreachable!("no phase of these worlds edits")
                    }
                    Effect::WakeAt(at) => wake = Some(at),
                    Effect::End(end) => return end,
                }
            }
            self.now = Timestamp(self.now.0 + 10);
            input = closed.unwrap_or_else(|| self.next_report(wake));
        }
        panic!("the run does not end: {:#?}", self.journal.last());
    }

    fn draw(&mut self, below: usize) -> usize {
        self.chance = self
            .chance
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(self.chance >> 33).unwrap() % below
    }

    fn next_report(&mut self, wake: Option<Timestamp>) -> Input {
        let choices = self.in_flight.len() + usize::from(wake.is_some());
        assert!(choices > 0, "nothing is under way and nothing is awaited");
        let choice = self.draw(choices);
        if choice == self.in_flight.len() {
            self.now = self.now.max(wake.unwrap());
            return Input::Tick;
        }
        let (call, attempt, model) = self.in_flight.remove(choice);
        let tried = self
            .tries
            .entry((call.id.clone(), model.clone()))
            .or_default();
        *tried += 1;
        let kind = match self.manners.get(&model) {
            None => Some(FailureKind::Cancelled),
            Some(Manner::Broken) => Some(FailureKind::Auth),
            Some(Manner::Flaky(times)) if *tried <= *times => Some(FailureKind::Network),
            Some(_) => None,
        };
        match kind {
            Some(kind) => Input::Failed {
                call: call.id,
                attempt,
                failure: Failure::new(kind, "simulated"),
                usage: Usage {
                    input: 1,
                    ..Usage::default()
                },
            },
            None => {
                let result = Box::new(self.answer(&call, &model));
                Input::Succeeded {
                    call: call.id,
                    attempt,
                    result,
                }
            }
        }
    }

    fn answer(&self, call: &CallSpec, model: &ModelName) -> CallResult {
        let manner = self.manners[model];
        let answer = match &call.contract {
            Contract::Document => Answer::Document,
            Contract::Judgement { .. }
                if manner == Manner::Confused && call.purpose == Purpose::Judge =>
            {
                Answer::Invalid {
                    errors: vec!["nonsense".into()],
                }
            }
            Contract::Judgement { labels } => Answer::Judgement(Judgement {
                decision: if manner == Manner::Strict {
                    Decision::None
                } else {
                    Decision::Pick
                },
                winner: (manner != Manner::Strict).then(|| labels[0].clone()),
                scores: BTreeMap::new(),
                rationale: "because".into(),
            }),
            Contract::Tasks(_) | Contract::Audit | Contract::Edits | Contract::Handoff => {
                unreachable!("no phase of these worlds asks for it")
            }
        };
        CallResult {
            answer,
            deliverable: Some(artifact(call.id.as_str())),
            handoff: None,
            changes: None,
            structured: None,
            remarks: Vec::new(),
            usage: Usage {
                input: 1,
                ..Usage::default()
            },
        }
    }

    fn winners(&self) -> Vec<&Event> {
        let events = self.journal.iter().map(|record| &record.event);
        events
            .filter(|event| matches!(event, Event::WinnerChosen { .. }))
            .collect()
    }
}

fn artifact(name: &str) -> Artifact {
    Artifact {
        path: name.into(),
        digest: Digest::new(name),
        bytes: 1,
    }
}

fn closing() -> Closing {
    Closing {
        deliverable: artifact("output.md"),
        handoff: artifact("handoff.json"),
        origin: HandoffOrigin::Agent,
        published: None,
        previous: None,
        tree: None,
        patch: None,
        tests: None,
        remarks: Vec::new(),
        contradictions: Vec::new(),
    }
}

fn phase(name: &str, kind: PhaseKind) -> PhasePlan {
    PhasePlan {
        name: name.into(),
        description: String::new(),
        kind,
        strategy: Strategy::Fresh,
        inputs: Vec::new(),
        prompt: "do it".into(),
        output: None,
        edits: false,
        limits: CallLimits {
            timeout: Millis::minutes(30),
            idle_timeout: Millis::minutes(5),
            retries: 2,
        },
        budget: crate::model::Budget::default(),
        distill: Distill::Agent,
        sections: crate::model::Sections::default(),
        project_instructions: true,
        scope: crate::plan::ScopePlan::default(),
        verify: Vec::new(),
        on_fail: None,
        when: None,
        gate: None,
        checkpoint: None,
    }
}

fn plan(phases: Vec<PhasePlan>, models: usize, concurrency: u32) -> Plan {
    let spec = ModelSpec {
        agent: "fake".into(),
        id: String::new(),
        variant: None,
        family: None,
        price: None,
        context: None,
    };
    Plan {
        format: 1,
        workflow: "w".into(),
        description: String::new(),
        request: "r".into(),
        inputs: BTreeMap::new(),
        seed: 7,
        limits: RunLimits {
            calls: None,
            tokens: None,
            cost: None,
            wall: None,
            concurrency,
        },
        rehearsal: None,
        destination: crate::model::Destination::Tree,
        agents: BTreeMap::new(),
        models: (0..models).map(|n| (model(n), spec.clone())).collect(),
        phases,
    }
}

fn model(n: usize) -> ModelName {
    ModelName::new(format!("m{n}"))
}

fn manners(most_flaky: u32) -> impl proptest::strategy::Strategy<Value = Manner> {
    use proptest::prelude::Just;
    proptest::prop_oneof![
        4 => Just(Manner::Good),
        2 => (1..=most_flaky).prop_map(Manner::Flaky),
        1 => Just(Manner::Broken),
        1 => Just(Manner::Confused),
        1 => Just(Manner::Strict),
    ]
}

/// Worlds of an ensemble and a single phase. With `timing`, the order of arrival and resuming may
/// change the end.
fn worlds(timing: bool) -> impl proptest::strategy::Strategy<Value = World> {
    let chain = || prop::collection::vec((0usize..6).prop_map(model), 1..3);
    let ensemble = (
        prop::collection::vec(chain(), 1..5),
        chain(),
        any::<bool>(),
        any::<prop::sample::Index>(),
        any::<bool>(),
    );
    let ensemble = ensemble.prop_map(move |(proposers, judge, sequential, quorum, named)| {
        let all = u32::try_from(proposers.len()).unwrap();
        let some = u32::try_from(quorum.index(proposers.len())).unwrap() + 1;
        PhaseKind::Ensemble {
            proposers,
            judge,
            mode: if sequential {
                EnsembleMode::Sequential
            } else {
                EnsembleMode::Parallel
            },
            quorum: if timing { some } else { all },
            quorum_named: timing && named,
            straggler_timeout: Millis::seconds(30),
        }
    });
    // A resumed run has new patience, so only trouble within the patience gives the same end.
    let all_manners = prop::collection::vec(manners(if timing { 4 } else { 2 }), 6);
    (ensemble, chain(), all_manners, 1u32..5, any::<u64>()).prop_map(
        |(ensemble, chain, manners, concurrency, chance)| {
            let phases = vec![
                phase("plan", ensemble),
                phase(
                    "after",
                    PhaseKind::Single {
                        chain,
                        yields: crate::plan::Yields::Document,
                    },
                ),
            ];
            let manners = manners
                .into_iter()
                .enumerate()
                .map(|(n, manner)| (model(n), manner));
            World::new(plan(phases, 6, concurrency), manners.collect(), chance)
        },
    )
}

/// Every attempt of the journal: (position, call, purpose).
fn starts(journal: &[Record]) -> Vec<(usize, &CallId)> {
    let events = journal.iter().enumerate();
    events
        .filter_map(|(at, record)| match &record.event {
            Event::AttemptStarted { call, .. } => Some((at, call)),
            _ => None,
        })
        .collect()
}

fn check_journal(plan: &Plan, journal: &[Record]) {
    let mut done: Vec<&CallId> = Vec::new();
    let mut running = 0u32;
    let mut sealed = Vec::new();
    for record in journal {
        match &record.event {
            Event::AttemptStarted { call, .. } => {
                assert!(!done.contains(&call), "{call} is finished and runs again");
                running += 1;
                assert!(running <= plan.limits.concurrency, "too many at one time");
                let (phase, what) = call.as_str().split_once('.').unwrap();
                let judges = what.starts_with("judge") || what.starts_with("repair");
                assert!(
                    !judges || sealed.contains(&phase),
                    "{call} starts before the sealing"
                );
            }
            Event::AttemptSucceeded { call, .. } => {
                running -= 1;
                done.push(call);
            }
            Event::AttemptFailed { .. } => running -= 1,
            Event::ProposalsSealed { phase, labels } => {
                for (_, call) in labels {
                    assert!(done.contains(&call), "an unfinished proposal is judged");
                }
                sealed.push(phase.as_str());
            }
            _ => {}
        }
    }
}

proptest! {
    #[test]
    fn a_run_keeps_its_rules_whatever_the_models_do(mut world in worlds(true)) {
        world.run(World::begin());
        check_journal(&world.plan, &world.journal);
        prop_assert!(!starts(&world.journal).is_empty());
    }

    #[test]
    fn a_run_that_dies_anywhere_reaches_the_same_end(mut world in worlds(false)) {
        let untouched = world.clone();
        let end = world.run(World::begin());
        for cut in 1..=world.journal.len() {
            let mut second = untouched.clone();
            second.now = world.now;
            second.chance = world.chance;
            second.journal = world.journal[..cut].to_vec();
            second.tries = tries_in(&second.journal);
            let resume = Input::Resume { version: "0".into(), limits: None, answer: None, salvaged: Vec::new() };
            let second_end = second.run(resume);
            prop_assert_eq!(end, second_end, "cut at {}", cut);
            prop_assert_eq!(world.winners(), second.winners(), "cut at {}", cut);
            check_finished_stay(&second.journal, cut);
        }
    }
}

fn tries_in(journal: &[Record]) -> BTreeMap<(CallId, ModelName), u32> {
    let mut tries = BTreeMap::new();
    for record in journal {
        if let Event::AttemptStarted { call, model, .. } = &record.event {
            *tries.entry((call.clone(), model.clone())).or_default() += 1;
        }
    }
    tries
}

fn check_finished_stay(journal: &[Record], cut: usize) {
    let events = journal[..cut].iter().map(|record| &record.event);
    let done: Vec<&CallId> = events
        .filter_map(|event| match event {
            Event::AttemptSucceeded { call, .. } => Some(call),
            _ => None,
        })
        .collect();
    for (at, call) in starts(journal) {
        assert!(
            at < cut || !done.contains(&call),
            "{call} was finished and ran again"
        );
    }
}
