//! Editing work in parts, against a simulated world: processes that are stopped, with and without having
//! changed anything, those who distill and those who cannot, and a supervisor that dies at every point.

#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::{Just, Strategy as _, any, prop, prop_assert, prop_assert_eq, proptest};

use crate::engine::{Begin, Effect, Engine, Input};
use crate::model::{
    Answer, CallSpec, Changes, Closing, Digest, Event, Ground, Record, RunEnd, Timestamp, Usage,
};
use crate::plan::{PhaseKind, Plan, Yields, testing};

use super::*;

const CHECKPOINT: u64 = 1000;

/// What becomes of a part of the work, and of each of its attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Stopped at the checkpoint; whether it changed anything before.
    Stopped { changed: bool },
    /// It finishes the work.
    Done,
    /// No model can do it.
    Refused,
}

#[derive(Debug, Clone)]
struct World {
    plan: Plan,
    /// Of the parts in order; the last one stands for all after it.
    fates: Vec<Fate>,
    /// Tokens that each part begins with.
    began: u64,
    scribes_answer: bool,
    journal: Vec<Record>,
    now: Timestamp,
}

impl World {
    fn new(fates: &[Fate], distill: Distill) -> Self {
        Self {
            plan: plan(distill),
            fates: fates.to_vec(),
            began: 100,
            scribes_answer: true,
            journal: Vec::new(),
            now: Timestamp(1),
        }
    }

    fn begin() -> Input {
        Input::Begin(Begin {
            run: "r".into(),
            version: "0".into(),
            plan: Digest::new("p"),
            base: "base".into(),
            files: Vec::new(),
        })
    }

    fn resume() -> Input {
        Input::Resume {
            version: "0".into(),
            limits: None,
            answer: None,
            salvaged: Vec::new(),
        }
    }

    fn run(&mut self, first: Input) -> RunEnd {
        let mut engine = Engine::new(self.plan.clone(), &self.journal);
        let mut input = first;
        for _ in 0..1000 {
            self.now.0 += 10;
            let step = engine.handle(self.now, input);
            for event in step.events {
                let seq = self.journal.len() as u64 + 1;
                let at = self.now;
                self.journal.push(Record { seq, at, event });
            }
            let effects = step.effects.into_iter();
            let mut answers = effects.filter_map(|effect| self.carry_out(effect));
            input = match answers.next() {
                Some(Ok(input)) => input,
                Some(Err(end)) => return end,
                None => Input::Tick,
            };
        }
        panic!("the run does not end: {:#?}", self.journal.last());
    }

    fn carry_out(&self, effect: Effect) -> Option<Result<Input, RunEnd>> {
        Some(match effect {
            Effect::StartAttempt { call, attempt, .. } => Ok(self.attempt(&call, attempt)),
            Effect::ClosePhase { phase, winner } => {
                let calls = self.calls();
                let tree = calls.iter().find(|call| call.id == winner.call);
                let tree = tree.map(|call| tree_after(call, true));
                let closing = closing(tree);
                Ok(Input::Closed { phase, closing })
            }
            Effect::Deliver { tree, to } => Ok(Input::Delivered { tree, to, files: 1 }),
            Effect::End(end) => Err(end),
            Effect::WakeAt(_) => return None,
            Effect::Verify { .. } | Effect::CancelAttempt { .. } => {
                unreachable!("nothing is verified and nothing cancelled")
            }
        })
    }

    fn attempt(&self, call: &CallSpec, attempt: u32) -> Input {
        let failed = || Input::Failed {
            call: call.id.clone(),
            attempt,
            failure: Failure::new(FailureKind::Auth, "simulated"),
            usage: Usage::default(),
        };
        let succeeded = |result| Input::Succeeded {
            call: call.id.clone(),
            attempt,
            result: Box::new(result),
        };
        if call.purpose == Purpose::Distill {
            let words = artifact(&format!("{}.json", call.id));
            return match self.scribes_answer {
                true => succeeded(CallResult {
                    handoff: Some(words),
                    ..result(Answer::Document)
                }),
                false => failed(),
            };
        }
        let number = part_of(call);
        let fate = self.fates.get(number - 1).or(self.fates.last()).unwrap();
        match (*fate, call.checkpoint) {
            (Fate::Refused, _) => failed(),
            (Fate::Stopped { changed }, Some(_)) => succeeded(CallResult {
                changes: Some(changes(call, changed)),
                ..result(Answer::Unfinished(Stopped {
                    began: self.began,
                    context: CHECKPOINT + 1,
                    worklog: artifact(&format!("{}.md", call.id)),
                    extracted: artifact(&format!("{}.rule.json", call.id)),
                }))
            }),
            (Fate::Done, _) | (Fate::Stopped { .. }, None) => succeeded(CallResult {
                changes: Some(changes(call, true)),
                ..result(Answer::Document)
            }),
        }
    }

    /// The calls as they were created, scribes' included.
    fn calls(&self) -> Vec<&CallSpec> {
        let events = self.journal.iter().map(|record| &record.event);
        let created = events.filter_map(|event| match event {
            Event::CallCreated { call } => Some(call),
            _ => None,
        });
        created.collect()
    }

    fn parts(&self) -> Vec<&CallSpec> {
        let calls = self.calls().into_iter();
        calls.filter(|call| call.purpose == Purpose::Work).collect()
    }

    fn failure(&self) -> String {
        let events = self.journal.iter().rev();
        let mut failures = events.filter_map(|record| match &record.event {
            Event::PhaseFailed { failure, .. } => Some(failure.message.clone()),
            _ => None,
        });
        failures.next().unwrap_or_default()
    }
}

fn part_of(call: &CallSpec) -> usize {
    let number = call.id.as_str().rsplit_once(".part-");
    number.map_or(1, |(_, number)| number.parse().unwrap())
}

fn tree_before(call: &CallSpec) -> String {
    match &call.ground {
        Ground::Tree(tree) => tree.clone(),
        other => panic!("{other:?} is no ground for edits"),
    }
}

fn tree_after(call: &CallSpec, changed: bool) -> String {
    match changed {
        true => format!("{}+{}", tree_before(call), part_of(call)),
        false => tree_before(call),
    }
}

fn changes(call: &CallSpec, changed: bool) -> Changes {
    Changes {
        base: tree_before(call),
        tree: tree_after(call, changed),
        files: Vec::new(),
        refused: Vec::new(),
        patch: None,
    }
}

fn result(answer: Answer) -> CallResult {
    CallResult {
        answer,
        deliverable: None,
        handoff: None,
        changes: None,
        structured: None,
        remarks: Vec::new(),
        usage: Usage::default(),
    }
}

fn artifact(name: &str) -> Artifact {
    Artifact {
        path: name.into(),
        digest: Digest::new(name),
        bytes: 1,
    }
}

fn closing(tree: Option<String>) -> Closing {
    Closing {
        deliverable: artifact("output.md"),
        handoff: artifact("handoff.json"),
        origin: HandoffOrigin::Agent,
        published: None,
        previous: None,
        tree,
        patch: None,
        tests: None,
        remarks: Vec::new(),
        contradictions: Vec::new(),
    }
}

fn plan(distill: Distill) -> Plan {
    let kind = PhaseKind::Single {
        chain: vec!["m0".into(), "m1".into()],
        yields: Yields::Edits,
    };
    let mut phase = testing::phase("fix", kind);
    phase.edits = true;
    phase.limits.retries = 0;
    phase.distill = distill;
    phase.checkpoint = Some(CHECKPOINT);
    testing::plan(vec![phase])
}

fn quick() -> Distill {
    Distill::Model(vec!["quick".into()])
}

const CHANGED: Fate = Fate::Stopped { changed: true };
const IDLE: Fate = Fate::Stopped { changed: false };

/// The state that a part goes on from.
fn state_of_part(call: &CallSpec) -> Option<(&WorkState, &str)> {
    call.inputs.iter().find_map(|input| match &input.source {
        InputSource::State(state) => Some((state, input.artifact.as_ref()?.path.as_str())),
        _ => None,
    })
}

#[test]
fn a_fresh_process_goes_on_where_the_stopped_one_was_with_its_distilled_state() {
    let mut world = World::new(&[CHANGED, CHANGED, Fate::Done], quick());
    assert_eq!(world.run(World::begin()), RunEnd::Done);
    let ids: Vec<&str> = world.calls().iter().map(|call| call.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "fix.work-1",
            "fix.distill-1.part-1",
            "fix.work-1.part-2",
            "fix.distill-1.part-2",
            "fix.work-1.part-3",
        ]
    );
    let parts = world.parts();
    let states: Vec<_> = parts.iter().map(|part| state_of_part(part)).collect();
    assert_eq!(states[0], None);
    let (state, words) = states[2].unwrap();
    assert_eq!(state.of.as_str(), "fix.work-1.part-2");
    assert_eq!(words, "fix.distill-1.part-2.json");
    let trees: Vec<String> = parts.iter().map(|part| tree_before(part)).collect();
    assert_eq!(trees, ["base", "base+1", "base+1+2"]);
    let begun = AttemptId {
        call: "fix.work-1".into(),
        attempt: 1,
    };
    assert_eq!(parts[1].continues, Some(begun.clone()));
    assert_eq!(parts[2].continues, Some(begun));
}

#[test]
fn the_working_models_own_words_stand_in_where_it_distills_itself_and_rules_where_nobody_does() {
    for (distill, scribe) in [
        (Distill::Agent, Some("m0")),
        (quick(), Some("quick")),
        (Distill::Nobody, None),
    ] {
        for scribes_answer in [true, false] {
            let mut world = World::new(&[CHANGED, Fate::Done], distill.clone());
            world.scribes_answer = scribes_answer;
            assert_eq!(world.run(World::begin()), RunEnd::Done);
            let calls = world.calls();
            let asked = calls.iter().find(|call| call.purpose == Purpose::Distill);
            assert_eq!(asked.map(|call| call.chain[0].as_str()), scribe);
            let (state, words) = state_of_part(calls.last().unwrap()).unwrap();
            let distilled = scribe.is_some() && scribes_answer;
            let (origin, path) = match distilled {
                true => (HandoffOrigin::Distilled, "fix.distill-1.part-1.json"),
                false => (HandoffOrigin::Extracted, "fix.work-1.rule.json"),
            };
            assert_eq!((state.origin, words), (origin, path));
        }
    }
}

#[test]
fn work_that_does_not_move_is_given_up_and_a_resumed_run_tries_its_last_part_once_more() {
    let mut world = World::new(&[IDLE, CHANGED, IDLE, IDLE], Distill::Nobody);
    assert_eq!(world.run(World::begin()), RunEnd::Failed);
    assert!(
        world.failure().contains("without changing a file"),
        "{}",
        world.failure()
    );
    assert_eq!(world.parts().len(), 4);

    assert_eq!(world.run(World::resume()), RunEnd::Failed);
    assert_eq!(world.parts().len(), 5, "the last part once more");
    world.fates = vec![IDLE, CHANGED, IDLE, CHANGED, Fate::Done];
    assert_eq!(world.run(World::resume()), RunEnd::Done);
    assert_eq!(world.parts().len(), 7);
}

#[test]
fn a_part_that_failed_leaves_those_before_it_as_they_are() {
    let mut world = World::new(&[IDLE, CHANGED, Fate::Refused], Distill::Nobody);
    assert_eq!(world.run(World::begin()), RunEnd::Failed);
    world.fates[2] = Fate::Done;
    assert_eq!(world.run(World::resume()), RunEnd::Done);
    let started = world.journal.iter().filter(|record| {
        matches!(&record.event, Event::AttemptStarted { call, .. } if call.as_str() == "fix.work-1")
    });
    assert_eq!(started.count(), 1);
}

#[test]
fn the_last_part_is_not_stopped_any_more() {
    let mut world = World::new(&[CHANGED], Distill::Nobody);
    assert_eq!(world.run(World::begin()), RunEnd::Done);
    let parts = world.parts();
    assert_eq!(parts.len(), MOST_PARTS as usize);
    let (last, others) = parts.split_last().unwrap();
    assert_eq!(last.checkpoint, None);
    assert!(
        others
            .iter()
            .all(|part| part.checkpoint == Some(CHECKPOINT))
    );
}

#[test]
fn a_part_that_begins_beyond_the_checkpoint_has_room_all_the_same() {
    assert_eq!(with_room(1000, 100), 1000);
    assert_eq!(with_room(1000, 750), 1000);
    assert_eq!(with_room(1000, 990), 1240);
    assert_eq!(with_room(1000, 4000), 4250);
    let mut world = World::new(&[CHANGED, Fate::Done], Distill::Nobody);
    world.began = 1500;
    world.run(World::begin());
    let checkpoints: Vec<_> = world.parts().iter().map(|part| part.checkpoint).collect();
    assert_eq!(checkpoints, [Some(1000), Some(1750)]);
}

fn worlds() -> impl proptest::strategy::Strategy<Value = World> {
    let fates = proptest::prop_oneof![
        4 => any::<bool>().prop_map(|changed| Fate::Stopped { changed }),
        1 => Just(Fate::Done),
        1 => Just(Fate::Refused),
    ];
    let distill =
        proptest::prop_oneof![Just(Distill::Agent), Just(Distill::Nobody), Just(quick()),];
    let fates = prop::collection::vec(fates, 1..14);
    (fates, distill, any::<bool>()).prop_map(|(fates, distill, scribes_answer)| World {
        scribes_answer,
        ..World::new(&fates, distill)
    })
}

/// How the run has to end, by the fates alone.
fn expected(fates: &[Fate]) -> RunEnd {
    let mut before = CHANGED;
    for number in 0..MOST_PARTS as usize {
        let fate = *fates.get(number).or(fates.last()).unwrap();
        match fate {
            Fate::Done => return RunEnd::Done,
            Fate::Refused => return RunEnd::Failed,
            Fate::Stopped { .. } if number + 1 == MOST_PARTS as usize => return RunEnd::Done,
            Fate::Stopped { changed: false } if before == IDLE => return RunEnd::Failed,
            Fate::Stopped { .. } => before = fate,
        }
    }
    unreachable!("the last part ends")
}

proptest! {
    #[test]
    fn work_in_parts_ends_as_it_must_wherever_the_supervisor_dies(mut world in worlds()) {
        let untouched = world.clone();
        let end = world.run(World::begin());
        prop_assert_eq!(end, expected(&world.fates));
        let parts = world.parts();
        prop_assert!(parts.len() <= MOST_PARTS as usize);
        for pair in parts.windows(2) {
            let (state, _) = state_of_part(pair[1]).unwrap();
            prop_assert_eq!(&state.of, &pair[0].id);
            prop_assert!(tree_before(pair[1]).starts_with(&tree_before(pair[0])));
        }
        let calls = world.calls().len();
        for cut in 1..world.journal.len() {
            let mut second = untouched.clone();
            second.now = world.now;
            second.journal = world.journal[..cut].to_vec();
            prop_assert_eq!(second.run(World::resume()), end, "cut at {}", cut);
            // What failed may be tried afresh after a resume; nothing else runs twice.
            if end == RunEnd::Done && world.scribes_answer {
                prop_assert_eq!(second.calls().len(), calls, "cut at {}", cut);
                for (call, times) in finished(&second.journal) {
                    prop_assert_eq!(times, 1, "{} finished more than once, cut at {}", call, cut);
                }
            }
        }
    }
}

/// How often each call finished.
fn finished(journal: &[Record]) -> std::collections::BTreeMap<&CallId, u32> {
    let mut times = std::collections::BTreeMap::new();
    for record in journal {
        if let Event::AttemptSucceeded { call, .. } = &record.event {
            *times.entry(call).or_default() += 1;
        }
    }
    times
}
