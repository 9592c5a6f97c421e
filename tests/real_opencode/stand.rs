//! A project with the real OpenCode at hand, and a look at what a run in it left.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::support::{Sandbox, TIPSTAFF};

/// Agents share the cores, and time limits are part of what is tested.
static TURN: Mutex<()> = Mutex::new(());

/// The sample service in a repository of its own, while no other test starts agents.
pub struct Stand {
    pub sandbox: Sandbox,
    _turn: MutexGuard<'static, ()>,
}

impl Stand {
    /// Waits for its turn.
    #[track_caller]
    pub fn new() -> Self {
        Self::around(Sandbox::new)
    }

    /// The same, cloned an hour ago: the user has agreed to nothing of it.
    #[track_caller]
    pub fn cloned() -> Self {
        Self::around(Sandbox::cloned)
    }

    #[track_caller]
    fn around(sandbox: fn() -> Sandbox) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sandbox = sandbox();
        sandbox.env("PATH", &path());
        copy(&fixture("sample-service"), &sandbox.project());
        sandbox.git_init();
        Self {
            sandbox,
            _turn: turn,
        }
    }

    /// The folder of the only run; `None` before it is there.
    pub fn run_folder(&self) -> Option<PathBuf> {
        let runs = self.sandbox.project().join(".tipstaff/runs");
        let mut folders = std::fs::read_dir(runs).ok()?.flatten();
        let folder = folders.next()?.path();
        assert!(folders.next().is_none(), "there is more than one run");
        Some(folder)
    }

    /// The journal's events so far: name and content. A line being written is left out.
    pub fn events(&self) -> Vec<(String, Value)> {
        let journal = self.run_folder().map(|run| run.join("journal.jsonl"));
        let text = journal.and_then(|path| std::fs::read_to_string(path).ok());
        lines(&text.unwrap_or_default())
            .filter_map(|record| {
                let event = record["event"].clone();
                Some((event["type"].as_str()?.to_owned(), event))
            })
            .collect()
    }

    /// Whether all attempts were started within this time of the first, in milliseconds.
    pub fn spawned_within(&self, millis: i64) -> bool {
        let records: Vec<Value> = lines(&self.in_run("journal.jsonl")).collect();
        let spawned = records
            .iter()
            .filter(|record| record["event"]["type"] == "attempt_spawned")
            .filter_map(|record| record["at"].as_str()?.parse().ok())
            .map(|at: jiff::Timestamp| at.as_millisecond());
        let (first, last) = (spawned.clone().min(), spawned.max());
        last.zip(first)
            .is_some_and(|(last, first)| last - first <= millis)
    }

    /// Writes a scenario outside the project; its path.
    pub fn scenario(&self, yaml: &str) -> String {
        let path = self.temporary().with_file_name("scenario.yaml");
        std::fs::write(&path, yaml).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The contents of the events with this name.
    pub fn events_named(&self, name: &str) -> Vec<Value> {
        let events = self.events().into_iter();
        events
            .filter_map(|(known, event)| (known == name).then_some(event))
            .collect()
    }

    /// What the scripted models received.
    pub fn received(&self) -> Vec<Value> {
        lines(&self.in_run("rehearsal.jsonl")).collect()
    }

    /// A file of the run folder.
    #[track_caller]
    pub fn in_run(&self, path: &str) -> String {
        let path = self.run_folder().expect("there is a run").join(path);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Every process of the run, by the mark of its call; none before there is a run.
    pub fn processes(&self) -> Vec<String> {
        let run = self.run_folder();
        let Some(run) = run.as_deref().and_then(Path::file_name) else {
            return Vec::new();
        };
        marked(&format!("{}/", run.to_string_lossy()))
    }

    /// Nothing of the run is left outside its folder: no process, no temporary file.
    #[track_caller]
    pub fn is_clean(&self) -> &Self {
        assert_eq!(self.processes(), [""; 0], "processes are left");
        assert_eq!(
            names(&self.temporary()),
            [""; 0],
            "temporary files are left"
        );
        self
    }

    /// The temporary folder of all that is started here.
    pub fn temporary(&self) -> PathBuf {
        self.sandbox.project().with_file_name("tmp")
    }
}

/// PATH with OpenCode on it.
#[track_caller]
pub fn path() -> String {
    let user = std::env::var("PATH").unwrap_or_default();
    let pinned = fixture("agents/node_modules/.bin");
    let path = format!("{user}:{}", pinned.display());
    let found = which::which_in("opencode", Some(&path), TIPSTAFF);
    assert!(
        found.is_ok(),
        "OpenCode is neither on PATH nor in fixtures/agents: run scripts/agents, which installs it"
    );
    path
}

/// Something in the folder `fixtures`.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name)
}

/// The whole lines of JSON in a text.
fn lines(text: &str) -> impl Iterator<Item = Value> {
    text.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
}

/// `PID COMMAND` of every process whose call's mark begins like this.
fn marked(prefix: &str) -> Vec<String> {
    let wanted = format!("{}={prefix}", tipstaff::process::MARK);
    let folders = std::fs::read_dir("/proc").unwrap().flatten();
    folders
        .filter_map(|folder| {
            let environ = std::fs::read(folder.path().join("environ")).ok()?;
            let mut variables = environ.split(|byte| *byte == 0);
            variables.find(|variable| variable.starts_with(wanted.as_bytes()))?;
            let command = std::fs::read(folder.path().join("cmdline")).unwrap_or_default();
            let pid = folder.file_name();
            Some(format!(
                "{} {}",
                pid.to_string_lossy(),
                String::from_utf8_lossy(&command).replace('\0', " ")
            ))
        })
        .collect()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}
