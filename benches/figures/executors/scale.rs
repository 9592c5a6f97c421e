//! The engine alone, with a run of 10,000 calls.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use tipstaff::config;
use tipstaff::engine::{Begin, Effect, Engine, Input};
use tipstaff::model::{
    Answer, Artifact, CallId, CallResult, Closing, Destination, Digest, Faults, HandoffOrigin,
    Millis, Rung, Timestamp, TreeId, Usage,
};
use tipstaff::plan::Plan;
use tipstaff::run::{CallEvent, Event, PhaseEvent, Placed, Record};
use tipstaff::workflow::{Bindings, Library, compile, parse};
use tipstaff::yaml::Source;

use crate::figure::Figure;

const PHASES: usize = 400;
const CALLS_A_PHASE: usize = 25;
/// Steps of the agent, each of which is an event.
const STEPS: usize = 10;

pub fn figures() -> Vec<Figure> {
    let plan = plan();
    let before = memory_mb();
    let start = Instant::now();
    let mut run = Run {
        engine: Engine::new(plan, &[]),
        inputs: VecDeque::from([begin()]),
        events: 0,
        bytes: 0,
    };
    run.go_on();
    let seconds = start.elapsed().as_secs_f64();
    let state = run.engine.state();
    let calls = state.calls().filter(|call| call.is_over()).count();
    assert_eq!(calls, PHASES * CALLS_A_PHASE, "all calls are done");
    let (calls, grown) = (calls as f64, memory_mb() - before);
    vec![
        Figure {
            what: "the engine's time for each of 10,000 calls",
            value: seconds * 1000.0 / calls,
            unit: "ms",
            target: Some(10.0),
            from: format!("{seconds:.1} s and {} events in all", run.events),
        },
        Figure {
            what: "journal of such a call",
            value: run.bytes as f64 / calls / 1e3,
            unit: "KB",
            target: Some(8.0),
            from: format!(
                "{:.1} events, {STEPS} of them steps of its agent; {:.0} MB in all",
                run.events as f64 / calls,
                run.bytes as f64 / 1e6
            ),
        },
        Figure {
            what: "memory of the run's state",
            value: grown,
            unit: "MB",
            target: Some(200.0),
            from: format!("{:.1} KB a call", grown * 1e3 / calls),
        },
    ]
}

struct Run {
    engine: Engine,
    inputs: VecDeque<Input>,
    events: usize,
    bytes: usize,
}

impl Run {
    fn go_on(&mut self) {
        while let Some(input) = self.inputs.pop_front() {
            let reaction = self.engine.handle(Timestamp::default(), input);
            for event in reaction.events {
                self.events += 1;
                let record = Record {
                    seq: self.events as u64,
                    at: Timestamp::default(),
                    event,
                };
                self.bytes += serde_json::to_vec(&record).map_or(0, |line| line.len() + 1);
            }
            for effect in reaction.effects {
                self.carry_out(effect);
            }
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::StartAttempt { call, attempt, .. } => {
                self.inputs
                    .extend(attempt_events(&call.id, attempt).map(Input::Happened));
            }
            Effect::ClosePhase { phase, .. } => {
                let folder = format!("phases/{phase}");
                let closing = Closing {
                    deliverable: artifact(&format!("{folder}/output.md")),
                    handoff: artifact(&format!("{folder}/handoff.json")),
                    origin: HandoffOrigin::Agent,
                    document: None,
                    published: None,
                    previous: None,
                    tree: None,
                    patch: None,
                    tests: None,
                    remarks: Faults::default(),
                    contradictions: Faults::default(),
                };
                let closed = PhaseEvent::Closed {
                    closing: closing.into(),
                };
                self.inputs.push_back(Input::Happened(closed.of(phase)));
            }
            _ => {}
        }
    }
}

/// What a node says of an attempt.
fn attempt_events(call: &CallId, attempt: u32) -> impl Iterator<Item = Event> + use<> {
    let usage = Usage {
        requests: 1,
        input: 12_345,
        output: 678,
        cache_read: 23_456,
        ..Usage::default()
    };
    let on = Placed {
        executor: "cluster".to_owned(),
        node: "node-123".to_owned(),
        job: "1234567".to_owned(),
        waited_ms: Millis(3_210),
    };
    let folder = format!("calls/{call}/{attempt}");
    let spawned = CallEvent::AttemptSpawned {
        attempt,
        pid: 12_345,
        prompt_tokens: 3_456,
        on: Some(on.into()),
    };
    let step = CallEvent::AttemptProgressed {
        attempt,
        usage,
        doing: "read src/library.rs".to_owned(),
    };
    let result = CallResult {
        answer: Answer::Document,
        deliverable: Some(artifact(&format!("{folder}/deliverable.md"))),
        handoff: Some(artifact(&format!("{folder}/handoff.json"))),
        changes: None,
        built_on: None,
        structured: None,
        remarks: Faults::default(),
        usage,
    };
    let done = CallEvent::AttemptSucceeded {
        attempt,
        result: Arc::new(result),
    };
    let steps = std::iter::repeat_n(step, STEPS);
    let call = call.clone();
    let all = std::iter::once(spawned).chain(steps).chain([done]);
    all.map(move |event| event.of(call.clone()))
}

fn artifact(path: &str) -> Artifact {
    Artifact {
        path: path.to_owned(),
        digest: Digest::new(blake3::hash(path.as_bytes()).to_hex().as_str()),
        bytes: 2_000,
    }
}

fn plan() -> Plan {
    let models = vec!["m"; CALLS_A_PHASE].join(", ");
    let phases: String = (0..PHASES)
        .map(|phase| {
            format!("  - {{ name: p{phase}, type: parallel, models: [{models}], context_strategy: fresh, prompt: Look at it. }}\n")
        })
        .collect();
    let text = format!("name: large\nphases:\n{phases}");
    let config = "models: { m: { agent: opencode, id: acme/m } }\nlimits: { calls: 100000, concurrency: 25, wall: none, tokens: none, cost: none }\n";
    let config = config::load(&[Source::new("config", config)]).expect("the model is valid");
    let bindings = Bindings {
        request: "Look at it.".to_owned(),
        sets: BTreeMap::new(),
        model_overrides: BTreeMap::new(),
        depth: None,
        best_of: None,
        seed: 0,
        destination: Destination::Nowhere,
        library: Library {
            prompts: &|name| tipstaff::context::templates::builtin(name).map(str::to_owned),
            names: &Vec::new,
            read_file: &|_| Err("there is none".to_owned()),
        },
    };
    let workflow = parse(&Source::new("workflow", text)).expect("the workflow can be read");
    let compiled = compile(&workflow, &bindings, &config);
    compiled.expect("the workflow is valid").plan
}

fn begin() -> Input {
    Input::Begin(Begin {
        run: "bench".into(),
        version: "0".into(),
        plan: Digest::new("plan"),
        base: TreeId::parse(&"0".repeat(40)).expect("so many digits are an id"),
        files: Vec::new(),
        sandbox: Rung::None,
        parked: Vec::new(),
    })
}

fn memory_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a process sees itself");
    let now = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let now = now.and_then(|now| now.trim().trim_end_matches(" kB").parse::<f64>().ok());
    now.unwrap_or(0.0) * 1024.0 / 1e6
}
