//! Every way to fail, and who meets it in a run: the table that `docs/failures.md` shows, and its cells as projects.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::process::Signal;
use serde_json::Value;

use Place::{Auditor, Distiller, Judge, Proposer, Task};

use super::{Output, Sandbox, fake_agent, until};

/// Who meets the fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    Proposer,
    Judge,
    Task,
    Distiller,
    Auditor,
    Setup,
    Verify,
}

pub const PLACES: [Place; 7] = [
    Place::Proposer,
    Place::Judge,
    Place::Task,
    Place::Distiller,
    Place::Auditor,
    Place::Setup,
    Place::Verify,
];

pub struct Fault {
    pub what: &'static str,
    /// The kind that it is told as; none if it is no failure.
    pub kind: &'static str,
    /// Tries of a call that may be repeated once, without another model.
    pub tries: usize,
    /// What the scripted agent does.
    script: &'static str,
    /// The run's exit code, by the first five places; none if no agent does it.
    pub agents: Option<[i32; 5]>,
    /// How a model does it to a real agent, and to whom it is done in tests.
    served: (&'static str, &'static [Place]),
    /// By the last two. They are commands, so what only a model or its provider does has none.
    commands: [Option<i32>; 2],
}

/// A proposer has others beside it, a judge a person behind it (unless it is the machine that fails), and a handoff can be taken from the document by rule.
const USUAL: [i32; 5] = [0, 4, 1, 0, 1];

const fn told(what: &'static str, kind: &'static str, tries: usize) -> Fault {
    fault(what, kind, tries, "said", USUAL)
}

const fn fault(
    what: &'static str,
    kind: &'static str,
    tries: usize,
    script: &'static str,
    agents: [i32; 5],
) -> Fault {
    Fault {
        what,
        kind,
        tries,
        script,
        agents: Some(agents),
        served: ("", &[]),
        commands: [None; 2],
    }
}

impl Fault {
    /// A model does it to a real agent that is asked here.
    const fn served(mut self, then: &'static str, to: &'static [Place]) -> Self {
        self.served = (then, to);
        self
    }

    /// The exit code of a run in which this one meets it, if it can.
    pub fn code(&self, place: Place) -> Option<i32> {
        match (place as usize).checked_sub(5) {
            None => Some(self.agents?[place as usize]),
            Some(column) => self.commands[column],
        }
    }

    pub fn is_served(&self, place: Place) -> bool {
        self.served.1.contains(&place)
    }

    /// A command does it, too.
    const fn or_command(mut self, setup: i32, verify: i32) -> Self {
        self.commands = [Some(setup), Some(verify)];
        self
    }
}

const FULL: &str = "{ write_size: { path: big, bytes: 90000000 } }, hang";
const CHATTER: &str = "chatter";

pub const FAULTS: &[Fault] = &[
    fault("agent missing", "agent_missing", 1, "hang", USUAL),
    fault("machine fails", "machine", 1, "{ refuse: { code: 1, message: No space left } }", [0, 1, 1, 0, 1]),
    told("key refused", "auth", 1).served("then: [{ error: { status: 401 } }]", &[Judge]),
    told("sign-in expired", "sign_in_expired", 1).served(
        "then: [{ error: { status: 401, body: The token has expired. } }]",
        &[Auditor],
    ),
    told("unknown model", "unknown_model", 1)
        .served("then: [{ error: { status: 404 } }]", &[Distiller]),
    told("rate limit", "rate_limit", 2).served(
        "then: [{ error: { status: 429, headers: { retry-after: '1' } } }]",
        &[Proposer],
    ),
    fault("no quota left", "quota", 1, "said", [0, 5, 5, 5, 5]).served(
        "then: [{ error: { status: 429, cause: quota } }]",
        &[Judge, Task],
    ),
    told("provider overloaded", "overloaded", 2).served(
        "then: [{ error: { status: 529, headers: { retry-after: '1' } } }]",
        &[Judge],
    ),
    told("provider fails", "provider", 2).served(
        "then: [{ error: { status: 500, headers: { retry-after: '1' } } }]",
        &[Task],
    ),
    told("no connection", "network", 2),
    told("request refused", "rejected", 1).served(
        "then: [{ error: { status: 400, body: The temperature is out of range. } }]",
        &[Auditor],
    ),
    told("context overflow", "context_overflow", 1).served(
        "then: [{ error: { status: 400, cause: overflow } }]",
        &[Proposer],
    ),
    told("content refused", "content_refused", 1)
        .served("then: [{ finish: content_filter, say: I }]", &[Task]),
    told("permission refused", "permission_refused", 2),
    told("answer cut off", "truncated", 2)
        .served("then: [{ finish: length, say: It is }]", &[Judge]),
    told("endless loop", "loop", 2).served(
        "then: [{ finish: unknown, say: Let me think. }], after: repeat",
        &[Distiller],
    ),
    fault("crash", "crash", 2, "crash", USUAL).or_command(1, 0),
    fault("hang at start", "hang_at_start", 2, "hang", USUAL)
        .served("then: [{ stall: before_headers }]", &[Auditor]),
    fault("hang after the work", "", 1, "finished, hang", [0; 5]).served(
        "then: [{ write: { path: .tipstaff/out/deliverable.md, text: A plan } }, \
         { write: { path: .tipstaff/out/handoff.json, json: { summary: A plan. } } }, { stall: before_headers }]",
        &[Proposer],
    ),
    fault("idle", "hang", 2, "{ print: x }, hang", USUAL)
        .served("then: [{ say: I, stall: mid_stream }]", &[Distiller]),
    // The limit of `setup` is an hour.
    Fault {
        commands: [None, Some(0)],
        ..fault("wall clock", "timeout", 1, CHATTER, USUAL)
            .served("then: [{ stall: mid_stream, say: I }]", &[Task])
    },
    fault("bad output", "bad_output", 2, "garbage", USUAL),
    fault("empty output", "no_deliverable", 2, "{ exit: 0 }", USUAL)
        .served("then: [{ reply: '' }]", &[Auditor]),
    fault(
        "out of memory",
        "out_of_memory",
        2,
        "{ take_memory: 400000000 }, hang",
        USUAL,
    )
    .or_command(1, 0),
    fault("out of disk", "out_of_disk", 2, FULL, USUAL).or_command(1, 0),
    fault(
        "too many processes",
        "too_many_processes",
        2,
        "spawn",
        USUAL,
    )
    .or_command(1, 0),
    fault(
        "sandbox refusal",
        "sandbox_refused",
        1,
        "{ write: { path: /usr/x, text: x } }",
        USUAL,
    )
    .or_command(1, 0),
    Fault {
        agents: None,
        commands: [Some(1), Some(1)],
        ..fault("setup fails", "setup", 0, "{ exit: 7 }", USUAL)
    },
    fault("interrupted", "cancelled", 1, "begun, hang", [130; 5]).or_command(130, 130),
];

/// The kinds that a configuration may name, by their exit codes from 11 on.
fn sayable() -> impl Iterator<Item = (&'static str, usize)> {
    let said = FAULTS.iter().filter(|fault| fault.script == "said");
    said.map(|fault| fault.kind).zip(11..)
}

/// The fault's steps, as the scripted agent takes them.
fn steps(fault: &Fault, place: Place, sandbox: &Sandbox) -> String {
    let outside = sandbox.outside("").display().to_string();
    let file = |name: &str, step: &str| format!("{{ {step}: {{ path: .tipstaff/out/{name}, ");
    let garbage: String = [
        "deliverable.md",
        "verdict.json",
        "tasks.json",
        "handoff.json",
    ]
    .map(|name| file(name, "write_hex") + "hex: 'ff fe fd' } }, ")
    .concat();
    let spawn = (0..30)
        .map(|at| format!("{{ spawn: {{ seconds: 600, pid_file: {outside}/{at}.pid }} }}, "));
    let spawn: String = spawn.collect();
    let code = sayable().find(|(kind, _)| *kind == fault.kind);
    let said = code.map(|(_, code)| format!("{{ stderr: it is so }}, {{ exit: {code} }}"));
    let verdict = file("verdict.json", "write")
        + r#"text: '{"verdict": "pass", "summary": "Well done.", "findings": []}' } }"#;
    fault
        .script
        .replace("said", &said.unwrap_or_default())
        .replace("garbage", garbage.trim_end_matches(", "))
        .replace("spawn", &(spawn + "hang"))
        .replace(
            CHATTER,
            &("{ print: x }, { sleep_ms: 100 }, ".repeat(600) + "hang"),
        )
        .replace("begun", &format!("{{ touch: {outside}/begun }}"))
        .replace(
            "finished",
            &match place {
                Place::Auditor => format!("done, {verdict}"),
                _ => "done".to_owned(),
            },
        )
}

/// A project in which the model `bad` meets the fault, and `good` never. It is of a scripted agent, or of the real OpenCode
/// that is on this PATH.
fn sandbox(fault: &Fault, place: Place, real: Option<&str>) -> Sandbox {
    let mut sandbox = Sandbox::new();
    if let Some(path) = real {
        sandbox.env("PATH", path);
    }
    let (root, fake) = (sandbox.outside("").display().to_string(), fake_agent());
    let command = match (fault.kind, place) {
        ("setup", Place::Verify) => "true".to_owned(),
        _ => format!("{fake} --script {root}bad.yaml"),
    };
    let limits = match (fault.kind, real) {
        ("hang" | "hang_at_start" | "", None) => "idle_timeout: 3s",
        ("hang" | "hang_at_start", Some(_)) => "idle_timeout: 20s",
        ("timeout", None) => "timeout: 5s",
        ("timeout", Some(_)) => "timeout: 20s",
        _ => "idle_timeout: 60s",
    };
    let rest = format!("context_strategy: fresh, retries: 1, {limits}");
    let phases = match place {
        Place::Proposer => format!(
            "  - {{ name: plan, type: ensemble, models: [good, bad, good], judge: good, {rest} }}\n"
        ),
        Place::Judge => format!(
            "  - {{ name: plan, type: ensemble, models: [good, good], judge: bad, {rest} }}\n"
        ),
        Place::Task => format!(
            "  - {{ name: decompose, model: good, {rest} }}\n  - {{ name: execute, type: routed, \
             routing: {{ default: bad }}, input: decompose.output, {rest} }}\n"
        ),
        Place::Distiller => format!(
            "  - {{ name: plan, model: good, distill: bad, {rest} }}\n  \
             - {{ name: note, model: good, input: plan.handoff, {rest} }}\n"
        ),
        Place::Auditor => format!(
            "  - {{ name: plan, model: good, {rest} }}\n  - {{ name: audit, model: bad, input: plan.output, {rest} }}\n"
        ),
        Place::Setup => format!("  - {{ name: change, model: good, edits: true, {rest} }}\n"),
        Place::Verify => format!(
            "  - {{ name: change, model: good, edits: true, verify: '{command}', {rest} }}\n"
        ),
    };
    let mut says = String::new();
    for (kind, code) in sayable() {
        let _ = write!(says, "{kind}: {{ exit: {code} }}, ");
    }
    let agent = |name: &str| {
        format!(
            "  {name}: {{ kind: command, command: {fake}, args: [--script, {root}{name}.yaml], failures: {{ {says} }} }}\n"
        )
    };
    let bad_agent = match (real, fault.kind) {
        (Some(_), _) => String::new(),
        // An interpreter that is not there.
        (None, "agent_missing") => {
            sandbox.program_at(&sandbox.outside("gone"), "");
            std::fs::write(sandbox.outside("gone"), "#!/gone/sh\n").unwrap();
            format!("  bad: {{ kind: command, command: {root}gone }}\n")
        }
        (None, "machine") => format!(
            "  bad: {{ kind: acp, command: {fake}, args: [--acp, --script, {root}bad.yaml] }}\n"
        ),
        (None, _) => agent("bad"),
    };
    let (bad_model, rules) = match real {
        None => ("agent: bad", "memory: 300MB, disk: 30MB, processes: 20"),
        Some(_) => ("agent: opencode, id: test/bad", ""),
    };
    let setup = match place {
        // It succeeds on what there was before the change.
        Place::Verify if fault.kind == "setup" => {
            "setup: [{ run: grep readme README.md, when: README.md }]\n".to_owned()
        }
        Place::Setup => format!("setup: [{{ run: '{command}', when: README.md }}]\n"),
        _ => String::new(),
    };
    sandbox
        .user_config(&format!(
            "agents:\n{}{bad_agent}models:\n  good: {{ agent: good }}\n  bad: {{ {bad_model} }}\n{setup}\
             sandbox: {{ write: [{root}], read: [{fake}], {rules} }}\n",
            agent("good"),
        ))
        .write("README.md", "readme\n")
        .write(".gitignore", ".tipstaff/\n")
        .write("flow.yaml", &format!("name: flow\nphases:\n{phases}"))
        .git_init();
    let write = |name: &str, text: String| std::fs::write(sandbox.outside(name), text).unwrap();
    let rule = fault.served.0;
    write(
        "served.yaml",
        format!("name: served\nrules:\n  - {{ when: {{ model: bad }}, {rule} }}\n"),
    );
    write(
        "bad.yaml",
        format!("- do: [{}]\n", steps(fault, place, &sandbox)),
    );
    write(
        "good.yaml",
        String::from(
            "- when: { phase: decompose }\n  do: [{ write: { path: .tipstaff/out/tasks.json, text: \
             '{\"tasks\": [{\"id\": \"T1\", \"title\": \"One\", \"category\": \"backend\", \"instructions\": \"Do it.\", \"files\": {\"edit\": [\"README.md\"]}}]}' } }]\n\
             - when: { phase: change }\n  do: [{ write: { path: README.md, text: changed } }, done]\n\
             - when: { call: plan.work-1 }\n  do: [{ write: { path: .tipstaff/out/deliverable.md, text: A plan } }]\n",
        ),
    );
    sandbox
}

fn run(fault: &Fault, sandbox: &Sandbox, real: Option<&str>) -> Output {
    let scenario = sandbox.outside("served.yaml").display().to_string();
    let rehearsed: &[&str] = match real {
        None => &[],
        Some(_) => &["--rehearse", &scenario],
    };
    let mut running = sandbox.start(&[&["run", "flow.yaml", "Do it"], rehearsed].concat());
    if fault.kind == "cancelled" {
        until("it has begun", || {
            sandbox.outside("begun").exists() || running.has_ended()
        });
        if !running.has_ended() {
            running.signal(Signal::INT);
        }
    }
    running.wait()
}

/// What is told: the kind of the fault's failure, and how often it was met.
fn seen(sandbox: &Sandbox, output: &Output, place: Place) -> (String, usize) {
    if place == Place::Setup {
        // No model was asked, and no run is left.
        let failed = output.stderr.contains("setup failed");
        return (if failed { "setup" } else { "" }.to_owned(), 0);
    }
    let run = sandbox.run();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let started = run.all("attempt_started").into_iter();
    let own = started.filter(|start| start["model"] == "bad");
    let calls: Vec<_> = own.map(|start| start["call"].clone()).collect();
    if place == Place::Verify {
        let failed = run.all("phase_failed").pop();
        let verified = run.all("verified").pop();
        let failed = failed.map(|event| text(&event["failure"]["kind"]));
        let outcome = verified.map(|event| text(&event["verification"]["outcome"]));
        return (failed.or(outcome).unwrap_or_default(), 0);
    }
    let failed = run.all("attempt_failed").into_iter();
    let mut kinds: Vec<_> = failed
        .filter(|event| calls.contains(&event["call"]))
        .map(|event| text(&event["failure"]["kind"]))
        .collect();
    kinds.dedup();
    (kinds.join(" "), calls.len())
}

/// Each of these faults at its place, so many at a time.
#[track_caller]
pub fn all(cells: &[(&Fault, Place)], real: Option<&str>, at_a_time: usize) {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut wrong = String::new();
        while let Some(&(fault, place)) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
            let sandbox = sandbox(fault, place, real);
            let output = run(fault, &sandbox, real);
            let (kind, tries) = seen(&sandbox, &output, place);
            let (code, expected) = (fault.code(place), expected(fault, place));
            if (output.code, (&*kind, tries)) != (code, expected) {
                let _ = writeln!(
                    wrong,
                    "{}, {place:?}: {code:?} {expected:?} expected, {kind} {tries}\n{output}",
                    fault.what
                );
            }
        }
        wrong
    };
    let wrong: String = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..at_a_time).map(|_| scope.spawn(work)).collect();
        let ended = workers.into_iter().map(|worker| worker.join().unwrap());
        ended.collect()
    });
    assert!(wrong.is_empty(), "{wrong}");
}

fn expected(fault: &Fault, place: Place) -> (&'static str, usize) {
    match place {
        Place::Setup | Place::Verify if fault.kind == "cancelled" => ("", 0),
        Place::Setup => ("setup", 0),
        Place::Verify => match fault.kind {
            "setup" => ("setup", 0),
            "timeout" => ("timed_out", 0),
            "crash" | "sandbox_refused" => ("already_failing", 0),
            _ => ("too_much_used", 0),
        },
        _ => (fault.kind, fault.tries),
    }
}
