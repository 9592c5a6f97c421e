//! One trivial call of the real OpenCode through tipstaff, against `opencode run` as it comes; and how much of its first
//! requests a provider may have read before.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use tipstaff::model::CallId;
use tipstaff::process::ExitRecord;
use tipstaff::rehearsal::{Scenario, Server};
use tipstaff::run::{CallEvent, Event, Record};

use crate::ensemble::propose_step;
use crate::figure::{Figure, median};
use crate::ground::{Ground, TIPSTAFF, times};
use crate::measure::measure;
use crate::plain::Plain;

pub const ROUNDS: usize = 5;
pub const REQUEST: &str = "Say hello";
/// One answer, no tools.
pub const SCENARIO: &str = "\
name: trivial
description: One answer.
rules:
  - then:
      - reply: \"# Hello\\n\\nThis is all there is to say.\"
";
const WORKFLOW: &str = "\
name: trivial
phases:
  - { name: hello, model: claude-sonnet, prompt: general }
";

pub fn figures() -> Vec<Figure> {
    let ground = Ground::new();
    ground.put("project/.tipstaff/workflows/trivial.yaml", WORKFLOW);
    let scenario = ground.put("trivial.yaml", SCENARIO);
    let through = [
        "run",
        "trivial",
        REQUEST,
        "--rehearse",
        &scenario.to_string_lossy(),
    ]
    .map(str::to_owned);
    let (mut plain, mut ours) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let server = Server::start(parsed()).expect("a server can be started");
        plain.push(Plain::new(&ground, &format!("plain-{round}"), &server).run(REQUEST, &[]));
        // The whole run, not the call alone: snapshot, scripted models and summary count as ours.
        let program = Path::new(TIPSTAFF);
        ours.push(measure(
            &ground,
            "home",
            program,
            &through,
            Path::new("/dev/null"),
        ));
    }
    let mut figures = vec![
        ratio(
            "processor time of one OpenCode call to a plain one",
            0.8,
            "ms",
            &ours,
            &plain,
            |exit| exit.cpu_ms as f64,
        ),
        ratio(
            "peak memory of one OpenCode call to a plain one",
            0.75,
            "MB",
            &ours,
            &plain,
            |exit| exit.max_rss_kib as f64 * 1024.0 / 1e6,
        ),
        ratio(
            "time of one OpenCode call to a plain one",
            0.85,
            "ms",
            &ours,
            &plain,
            |exit| exit.wall_ms.0 as f64,
        ),
    ];
    figures.push(overlap(&ground));
    figures.push(new_in_requests(&ground));
    figures
}

fn parsed() -> Scenario {
    Scenario::parse(SCENARIO, "trivial").expect("the scenario is valid")
}

fn ratio(
    what: &'static str,
    target: f64,
    unit: &str,
    ours: &[ExitRecord],
    plain: &[ExitRecord],
    of: impl Fn(&ExitRecord) -> f64,
) -> Figure {
    let ours = median(ours.iter().map(&of).collect());
    let plain = median(plain.iter().map(&of).collect());
    Figure {
        what,
        value: ours / plain,
        unit: "",
        target: Some(target),
        from: format!(
            "{ours:.0} {unit} to {plain:.0} {unit}; medians of {ROUNDS}, each in a new home"
        ),
    }
}

/// Three real proposers at once, on as many cores as there are.
fn overlap(ground: &Ground) -> Figure {
    let args = ["run", "plan", "Add rate limiting", "--rehearse"].map(str::to_owned);
    ground.tipstaff(&args);
    let records = ground.journal();
    let slowest = (1..=3)
        .map(|slot| proposal(&records, &format!("plan.propose-{slot}").as_str().into()))
        .fold(0.0, f64::max);
    let step = propose_step(&records);
    Figure {
        what: "propose step of three real OpenCode proposers",
        value: step / slowest,
        unit: "",
        target: None,
        from: format!("{step:.0} ms; their starts are bound by the processor"),
    }
}

/// Of consecutive first requests of one model with the same tools, what is not the beginning of the one before.
fn new_in_requests(ground: &Ground) -> Figure {
    let args = ["run", "feature-build", "Add rate limiting", "--rehearse"].map(str::to_owned);
    ground.tipstaff(&args);
    let run = ground.run_folder();
    let log = std::fs::read_to_string(run.join("rehearsal.jsonl")).expect("there is a log");
    let requests = log.lines().map(json);
    let (mut seen, mut shared, mut whole) = (HashSet::new(), 0, 0);
    for request in requests.filter(|request| request["turn"] == 1 && request["aside"] == false) {
        let size = |key: &str| request[key].as_u64().expect("sizes are numbers");
        let at = attempt(&run, request["call"].as_str().expect("calls have names"));
        let read = |name: &str| std::fs::read_to_string(at.join(name)).expect("it is kept");
        let sender = format!(
            "{} {}",
            json(&read("context.json"))["model"],
            request["tools"]
        );
        if !seen.insert(sender) {
            shared += size("shared_bytes");
            whole += size("system_bytes") + size("tools_bytes") + read("prompt.md").len() as u64;
        }
    }
    Figure {
        what: "what is new in consecutive first requests of one model and profile",
        value: (whole - shared) as f64 / whole as f64,
        unit: "",
        target: Some(0.3),
        from: format!(
            "{shared} of {whole} bytes in feature-build are the beginning of the one before"
        ),
    }
}

/// Where the first attempt of a call is kept.
fn attempt(run: &Path, call: &str) -> PathBuf {
    let phases = std::fs::read_dir(run.join("phases")).expect("there are phases");
    let attempts = phases
        .flatten()
        .map(|phase| phase.path().join("calls").join(call).join("attempt-1"));
    let mut found = attempts.filter(|at| at.exists());
    found.next().expect("each call belongs to a phase")
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("it is JSON")
}

/// From a call's first sign of life to its result, in milliseconds.
fn proposal(records: &[Record], proposer: &CallId) -> f64 {
    let spawned = times(
        records,
        |event| matches!(event, Event::Call { call, event: CallEvent::AttemptSpawned { .. } } if call == proposer),
    );
    let ended = times(
        records,
        |event| matches!(event, Event::Call { call, event: CallEvent::AttemptSucceeded { .. } } if call == proposer),
    );
    ended[0] - spawned[0]
}
