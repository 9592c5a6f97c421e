//! What every agent is tried with, whichever program it is.

use std::path::PathBuf;

use rustix::process::Signal;

use crate::stand::Stand;
use crate::support::until;

const WORKFLOW: &str = "
name: trial
phases:
  - name: plan
    type: ensemble
    models: [one, two]
    judge: one
    context_strategy: fresh
    output: plan.md
  - name: execute
    model: one
    distill: two
    edits: true
    context_strategy: distilled
";

const HARD_DAY: &str = "
name: hard-day
phases:
  - name: plan
    type: ensemble
    models: [signed-out, unknown, overfull, busy, broken, silent, steady]
    judge: steady
    context_strategy: fresh
    quorum: 1
    output: plan.md
    retries: 0
    idle_timeout: 25s
";

const FAULTS: &str = r#"
name: hard-day
rules:
  - when: { model: signed-out }
    then: [{ error: { status: 401, body: invalid key } }]
  - when: { model: unknown }
    then: [{ error: { status: 404, body: "the model `nope` does not exist" } }]
  - when: { model: overfull }
    then: [{ error: { status: 400, body: "OVERFULL" } }]
  - when: { model: busy }
    then: [{ error: { status: 429, body: slow down } }]
  - when: { model: broken }
    then: [{ error: { status: 500, body: no } }]
  - when: { model: silent }
    then: [{ stall: before_headers }]
"#;

const FAULTY: [&str; 6] = [
    "signed-out",
    "unknown",
    "overfull",
    "busy",
    "broken",
    "silent",
];

/// The sample service with models that one agent runs.
pub struct Trial {
    pub stand: Stand,
    agent: &'static str,
    model: &'static str,
}

impl Trial {
    #[track_caller]
    pub fn of(agent: &'static str, model: &'static str) -> Self {
        let stand = Stand::new();
        let names = FAULTY.into_iter().chain(["steady", "one", "two"]);
        let models = names.map(|name| format!("  {name}: {{ agent: {agent}, id: {model} }}\n"));
        let models: String = models.collect();
        stand
            .sandbox
            .user_config(&format!("limits: {{ concurrency: 4 }}\nmodels:\n{models}"));
        stand
            .sandbox
            .write(".tipstaff/workflows/trial.yaml", WORKFLOW);
        stand
            .sandbox
            .write(".tipstaff/workflows/hard-day.yaml", HARD_DAY);
        Self {
            stand,
            agent,
            model,
        }
    }

    /// Two propose, one judges, one edits and distils: all of it by this agent.
    #[track_caller]
    pub fn does_the_main_job(&self) {
        let stand = &self.stand;
        stand
            .sandbox
            .tipstaff(&[
                "run",
                "trial",
                "Add rate limiting",
                "--rehearse",
                "--publish",
            ])
            .succeeds();
        stand.is_clean();
        let verdict = stand.in_run("phases/01-plan/verdict.json");
        assert!(verdict.contains(r#""pick""#), "{verdict}");
        assert!(!stand.in_run("phases/01-plan/handoff.md").trim().is_empty());
        let changed = stand
            .sandbox
            .git(&["status", "--porcelain", "--untracked-files=all"]);
        assert!(
            changed.lines().any(|line| line == "?? plan.md"),
            "{changed}"
        );
        assert_eq!(
            stand.events_named("attempt_failed"),
            [""; 0],
            "of {}",
            self.model
        );
        for done in stand.events_named("attempt_succeeded") {
            assert!(
                done["result"]["usage"]["output"].as_u64() > Some(0),
                "{done}"
            );
        }
    }

    /// Each model fails in its own way, to the steady one's proposal; `expected` says of each of [`FAULTY`] which kind
    /// of failure that is.
    #[track_caller]
    pub fn tells_failures_apart(&self, expected: [&str; 6], overflow: &str) {
        let stand = &self.stand;
        let scenario = stand.scenario(&FAULTS.replace("OVERFULL", overflow));
        let args = [
            "run",
            "hard-day",
            "Add rate limiting",
            "--publish",
            "--rehearse",
            &scenario,
        ];
        stand.sandbox.tipstaff(&args).succeeds();
        stand.is_clean();
        let failed = stand.events_named("attempt_failed");
        let told: Vec<_> = (1..=FAULTY.len())
            .map(|slot| {
                let call = format!("plan.propose-{slot}");
                let of_call = failed.iter().find(|event| event["call"] == call.as_str());
                of_call.map_or_else(String::new, |event| event["failure"]["kind"].to_string())
            })
            .collect();
        let expected = expected.map(|kind| format!("\"{kind}\""));
        assert_eq!(told, expected, "{failed:#?}");
    }

    /// The supervisor is killed while a command of the agent runs.
    #[track_caller]
    pub fn leaves_no_process(&self) {
        let stand = &self.stand;
        let scenario = stand.scenario(
            "name: sleeps\nrules:\n  - when: { phase: execute }\n    then: [{ bash: { command: \"setsid --wait sleep 4711\" } }]\n",
        );
        let running =
            stand
                .sandbox
                .start(&["run", "trial", "Add rate limiting", "--rehearse", &scenario]);
        until("its command runs", || {
            stand
                .processes()
                .iter()
                .any(|process| process.contains("sleep 4711"))
        });
        running.signal(Signal::KILL);
        running.wait();
        until("all of it has ended", || stand.processes().is_empty());
    }

    /// Files of the project that would run something, or set something, in a session of this agent.
    #[track_caller]
    pub fn obeys_no_planted_file(&self, planted: &[(&str, &str)]) {
        let stand = &self.stand;
        let trace = self.trace();
        for (path, text) in planted {
            let leave = format!("touch {}", trace.display());
            stand.sandbox.write(path, &text.replace("LEAVE", &leave));
        }
        stand
            .sandbox
            .tipstaff(&["run", "trial", "Add rate limiting", "--rehearse", "--keep"])
            .succeeds();
        assert!(
            !trace.exists(),
            "{} was led by a file of the project",
            self.agent
        );
        stand.is_clean();
    }

    fn trace(&self) -> PathBuf {
        self.stand.temporary().with_file_name("trace")
    }
}
