//! A project, its workflow, its scripted agents, and a run of it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::blow::{Chance, Count, strike};
use crate::left::{Seen, files};
use crate::support::{Run, Sandbox, TIPSTAFF, fake_agent};

/// Keys that the agents get, and print.
const PASSED: &str = "sk-kill-passed-0123456789abcdef";
const CONFIGURED: &str = "sk-kill-configured-fedcba9876543210";
const TASKS: usize = 8;
/// How long a process that was killed may take to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// The files of a project at the end of a run, but for tipstaff's own folder and git's.
pub type Result = BTreeMap<PathBuf, Vec<u8>>;

pub struct Project {
    sandbox: Sandbox,
    seen: RefCell<Seen>,
}

impl Project {
    pub fn new() -> Self {
        let mut sandbox = Sandbox::new();
        let runtime = sandbox.outside("runtime");
        std::fs::create_dir(&runtime).unwrap();
        sandbox.env("XDG_RUNTIME_DIR", runtime.to_str().unwrap());
        sandbox.env("KILL_TEST_API_KEY", PASSED);
        sandbox.write(".gitignore", ".tipstaff/\n");
        sandbox.write(".tipstaff/workflows/build.yaml", &workflow());
        for task in 1..=TASKS {
            sandbox.write(&format!("part/{task}.txt"), "open\n");
        }
        sandbox.git_init();
        let script = sandbox.outside("script.yaml");
        std::fs::write(&script, agents(&sandbox.outside("starts"))).unwrap();
        let mut config = config(&script);
        if let Some(cluster) = cluster() {
            sandbox.env("SLURM_CONF", &cluster);
            config.push_str(&executor(&sandbox.outside("shared")));
        }
        sandbox.user_config(&config);
        Self {
            sandbox,
            seen: RefCell::default(),
        }
    }

    pub fn run_to_its_end(&self) {
        self.sandbox.tipstaff(&BEGIN).succeeds();
    }

    /// Begins a run and resumes it until it is done, with a kill after kill while there are some left.
    pub fn run_through(&self, chance: &mut Chance, kills: u32, count: &mut Count) {
        loop {
            let resume = self.run_id().map(|id| vec!["resume".to_owned(), id]);
            let args = resume.unwrap_or_else(|| BEGIN.map(str::to_owned).to_vec());
            let running = self.sandbox.start(&args);
            if count.kills() < kills {
                let supervisor = running.pid();
                strike(chance, &running, count, || {
                    self.seen.borrow_mut().look(supervisor)
                });
            }
            let output = running.wait();
            match output.code {
                Some(0) => return,
                // Killed: whatever it has left is the next one's.
                None => {}
                Some(_) => panic!("{args:?} in {}\n{output}", self.keep()),
            }
        }
    }

    /// The run, as soon as it has begun: one that was killed before has changed nothing.
    fn run_id(&self) -> Option<String> {
        let runs = self.sandbox.project().join(".tipstaff/runs");
        let entries = std::fs::read_dir(runs).ok()?.flatten();
        let begun = entries.filter(|entry| {
            let journal = std::fs::read(entry.path().join("journal.jsonl"));
            journal.is_ok_and(|bytes| bytes.contains(&b'\n'))
        });
        begun
            .map(|entry| entry.file_name().into_string().unwrap())
            .next()
    }

    fn run(&self) -> Run {
        let id = self.run_id().expect("there is a run");
        Run::at(self.sandbox.project().join(".tipstaff/runs").join(id))
    }

    pub fn result(&self) -> Result {
        let root = self.sandbox.project();
        let ours = |path: &PathBuf| {
            let inside = path.strip_prefix(&root).unwrap();
            !inside.starts_with(".tipstaff/runs") && !inside.starts_with(".git")
        };
        let found = files(&root).into_iter().filter(ours);
        found
            .map(|path| {
                let name = path.strip_prefix(&root).unwrap().to_owned();
                (name, std::fs::read(&path).unwrap())
            })
            .collect()
    }

    /// How often agents were started.
    pub fn starts(&self) -> usize {
        std::fs::read(self.sandbox.outside("starts")).map_or(0, |text| text.len())
    }

    /// Asserts all that is promised of a run that has come to its end.
    pub fn assert_clean(&self, wanted: &Result, starts: usize) {
        let root = self.sandbox.outside("");
        let left = || self.seen.borrow().left(&root);
        // One that was killed a moment ago may not have ended yet.
        let patience = Instant::now();
        while !left().is_empty() && patience.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(20));
        }
        self.holds(
            left().is_empty(),
            &format!("no process left: {:#?}", left()),
        );
        let result = self.result();
        let differing: Vec<_> = wanted
            .keys()
            .chain(result.keys())
            .filter(|path| wanted.get(*path) != result.get(*path))
            .collect();
        self.holds(
            differing.is_empty(),
            &format!("the same files: {differing:?} differ"),
        );
        let finished = self.run().calls("attempt_succeeded");
        let twice = finished.windows(2).find(|pair| pair[0] == pair[1]);
        self.holds(
            twice.is_none(),
            &format!("no call finished twice: {twice:?}"),
        );
        self.holds(finished.len() > TASKS + 6, "the calls are all there");
        if let Some(cluster) = cluster() {
            let all = self.starts();
            let once = format!("each agent is started once: {all} starts, {starts} without a kill");
            self.holds(all == starts, &once);
            let jobs = std::process::Command::new("squeue")
                .args(["--noheader", "--format=%Z"])
                .env("SLURM_CONF", cluster)
                .output();
            let jobs = String::from_utf8(jobs.unwrap().stdout).unwrap();
            let root = root.to_str().unwrap();
            self.holds(!jobs.contains(root), &format!("no job is left: {jobs}"));
        }
        let left = self.sandbox.left_in_tmp();
        self.holds(left.is_empty(), &format!("no temporary folder: {left:?}"));
        let keys = self.with_keys();
        self.holds(keys.is_empty(), &format!("no key left: {keys:?}"));
    }

    /// The files that hold a key, but for those where it was put.
    fn with_keys(&self) -> Vec<PathBuf> {
        let planted = [
            self.sandbox.outside("script.yaml"),
            self.sandbox.home().join(".config/tipstaff/config.yaml"),
        ];
        let holds = |path: &PathBuf| {
            let bytes = std::fs::read(path).unwrap_or_default();
            let has = |key: &str| bytes.windows(key.len()).any(|part| part == key.as_bytes());
            has(PASSED) || has(CONFIGURED)
        };
        let found = files(&self.sandbox.outside("")).into_iter();
        found
            .filter(|path| !planted.contains(path) && holds(path))
            .collect()
    }

    #[track_caller]
    fn holds(&self, so: bool, what: &str) {
        if !so {
            panic!("it is not so: {what}\nsee {}", self.keep());
        }
    }

    /// Copies everything to where it stays, to be looked at.
    fn keep(&self) -> String {
        let to = tempfile::tempdir().unwrap().keep();
        let copied = std::process::Command::new("cp")
            .arg("-a")
            .arg(self.sandbox.outside(""))
            .arg(&to)
            .status();
        assert!(copied.unwrap().success());
        to.display().to_string()
    }
}

const BEGIN: [&str; 7] = [
    "run",
    "build",
    "Build it",
    "--seed",
    "7",
    "--limit",
    "calls=1000",
];

fn workflow() -> String {
    let work = "    context_strategy: distilled\n    retries: 3\n";
    format!(
        "name: build\nphases:\n  \
         - name: direction\n    type: ensemble\n    models: [m1, m2, m3]\n    judge: m4\n    \
           output: docs/direction.md\n{work}  \
         - name: decompose\n    model: m4\n    output: docs/tasks.md\n{work}  \
         - name: execute\n    type: routed\n    routing: {{ backend: m1, default: m2 }}\n    \
           input: decompose.output\n    context_strategy: scoped\n    retries: 3\n  \
         - name: integrate\n    model: m1\n    edits: true\n    verify: [execute.tests, 'test -s sum.txt']\n{work}  \
         - name: audit\n    model: m2\n    output: docs/verdict.md\n    input: integrate.tests\n{work}    \
           on_fail: {{ goto: integrate, max: 2 }}\n"
    )
}

fn config(script: &Path) -> String {
    let mut yaml = format!(
        "agents:\n  fake:\n    kind: command\n    command: {}\n    args: [--script, {}]\n    \
         env: {{ OTHER_API_KEY: {CONFIGURED} }}\n    pass_env: [KILL_TEST_API_KEY]\nmodels:\n",
        quoted(fake_agent()),
        quoted(script.to_str().unwrap())
    );
    for model in ["m1", "m2", "m3", "m4"] {
        yaml.push_str(&format!("  {model}: {{ agent: fake, id: {model} }}\n"));
    }
    yaml.push_str("verify_allow: [grep*]\n");
    yaml
}

/// What Slurm reads, where `scripts/test-cluster` has started one: calls are its jobs then.
fn cluster() -> Option<String> {
    let folder = std::env::var("TIPSTAFF_CLUSTER").ok()?;
    Some(format!("{folder}/slurm.conf"))
}

fn executor(shared: &Path) -> String {
    format!(
        "executor: cluster\nexecutors:\n  cluster: {{ kind: slurm, shared: {}, program: {TIPSTAFF}, sign_in: handed, \
         options: [--export=ALL] }}\n",
        shared.display()
    )
}

/// Every agent says its keys, leaves a process in a session of its own behind, and takes its time.
fn agents(starts: &Path) -> String {
    let usual = format!(
        "{{ append: {{ path: {}, text: x }} }}, {{ print: '{PASSED} {CONFIGURED}' }}, {{ spawn: {{ setsid: true, double_fork: true, ignore_signals: true, \
         seconds: 600, pid_file: .tipstaff/pid }} }}, {{ sleep_ms: 60 }}",
        starts.display()
    );
    let tasks: Vec<_> = (1..=TASKS)
        .map(|task| {
            serde_json::json!({
                "id": format!("T{task}"), "title": format!("Part {task}"),
                "category": if task % 2 == 0 { "backend" } else { "docs" },
                "instructions": "Close it.", "files": { "edit": [format!("part/{task}.txt")] },
                "verify": format!("grep -q closed part/{task}.txt"),
            })
        })
        .collect();
    let out = |file: &str, json: serde_json::Value| {
        format!(
            "{{ write: {{ path: .tipstaff/out/{file}.json, text: {} }} }}",
            quoted(&json.to_string())
        )
    };
    let verdict = |verdict: &str, findings: serde_json::Value| {
        let verdict = serde_json::json!({ "verdict": verdict, "summary": "Looked at.", "findings": findings });
        out("verdict", verdict)
    };
    let finding = serde_json::json!([{ "severity": "major", "file": "sum.txt", "line": 1, "problem": "It is short.", "fix": "Say more." }]);
    let mut yaml = String::new();
    let mut entry = |when: &str, steps: &str| {
        yaml.push_str(&format!(
            "- when: {{ {when} }}\n  do: [{usual}, {steps}, done]\n"
        ));
    };
    entry(
        "phase: decompose",
        &out("tasks", serde_json::json!({ "tasks": tasks })),
    );
    for task in 1..=TASKS {
        let edit = format!("{{ write: {{ path: part/{task}.txt, text: \"closed {task}\\n\" }} }}");
        entry(&format!("call: execute.task-T{task}"), &edit);
    }
    entry(
        "call: integrate.work-1",
        "{ write: { path: sum.txt, text: \"all\\n\" } }",
    );
    entry(
        "phase: integrate",
        "{ write: { path: sum.txt, text: \"all are closed\\n\" } }",
    );
    entry("call: audit.work-1", &verdict("fail", finding));
    entry("phase: audit", &verdict("pass", serde_json::json!([])));
    yaml.push_str(&format!("- do: [{usual}, done]\n"));
    yaml
}

/// As a string of JSON, which YAML reads as well.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}
