//! A project whose calls are jobs of the cluster.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::cluster::Cluster;
use crate::support::{Run, Running, Sandbox, TIPSTAFF, until};

/// One call that leaves a document.
pub const ONE: &str =
    "name: work\nphases:\n  - { name: plan, model: m1, output: docs/plan.md, retries: 0 }\n";
pub const RUN: [&str; 3] = ["run", "work", "Plan it"];

pub struct Site {
    pub cluster: Cluster,
    pub sandbox: Sandbox,
    /// On another file system than the project, as it is everywhere.
    shared: TempDir,
    agents: String,
}

impl Site {
    /// With this workflow, `work`, and this script for all agents, in which `COUNT` counts a start and `OUTSIDE` is a
    /// folder that all machines see.
    pub fn new(cluster: Cluster, workflow: &str, script: &str) -> Self {
        let mut sandbox = Sandbox::new();
        sandbox.env("SLURM_CONF", &cluster.configuration());
        sandbox.write(".gitignore", ".tipstaff/\n");
        sandbox.write(".tipstaff/workflows/work.yaml", workflow);
        sandbox.write("a.txt", "a\n").git_init();
        let script = script.replace("COUNT", "append: { path: OUTSIDE/starts, text: x }");
        let outside = sandbox.outside("");
        sandbox.fake_agent(&script.replace("OUTSIDE/", outside.to_str().unwrap()));
        let config = sandbox.home().join(".config/tipstaff/config.yaml");
        let agents = std::fs::read_to_string(config).unwrap();
        let shared = tempfile::tempdir_in("/dev/shm").unwrap();
        let site = Self {
            shared,
            cluster,
            sandbox,
            agents,
        };
        site.executor("");
        site
    }

    /// With more keys of its executor, a line each, indented by four; another `options` or `program` takes the place of ours.
    pub fn executor(&self, more: &str) -> &Self {
        let unless_named = |key: &str, line: String| match more.contains(key) {
            true => String::new(),
            false => line,
        };
        // The job lives in the sandbox's home.
        let options = unless_named("options:", "    options: [--export=ALL]\n".to_owned());
        let program = unless_named("program:", format!("    program: {TIPSTAFF}\n"));
        let shared = self.shared();
        self.sandbox.user_config(&format!(
            "{}executor: cluster\nexecutors:\n  cluster:\n    kind: slurm\n    shared: {}\n{program}{options}{more}",
            self.agents,
            serde_json::to_string(&shared).unwrap(),
        ));
        self
    }

    /// With another agent than the fake one.
    pub fn agent(&mut self, command: &str, args: &[&str], more: &str) {
        let args = serde_json::to_string(args).unwrap();
        let models = self.agents.split_once("models:").unwrap().1;
        self.agents = format!(
            "agents:\n  fake:\n    kind: command\n    command: {command}\n    args: {args}\n    {more}\nmodels:{models}"
        );
    }

    /// With the fake agent as one that tells what it does as it does it, by this kind's protocol and option.
    pub fn speaks(&mut self, kind: &str, option: &str) -> &Self {
        let agents = self
            .agents
            .replace("kind: command", &format!("kind: {kind}"));
        let agents = agents.replace("args: [", &format!("args: [{option}, "));
        self.agents = match kind {
            "opencode" => agents.replace("id: m", "id: test/m"),
            _ => agents,
        };
        self.executor("")
    }

    /// With this script before one of Slurm's commands.
    pub fn instead_of(&mut self, command: &str, script: &str) -> &Self {
        let bin = self.sandbox.outside("bin");
        let path = std::env::var("PATH").unwrap();
        let script = script.replace("OUTSIDE", self.sandbox.outside("").to_str().unwrap());
        let script = format!("PATH='{path}'\n{script}");
        self.sandbox.program_at(&bin.join(command), &script);
        let path = format!("{}:{path}", bin.display());
        self.sandbox.env("PATH", &path);
        self
    }

    /// With the agents that tipstaff knows by itself.
    pub fn without_agents(&mut self) -> &Self {
        self.agents.clear();
        self
    }

    /// All calls on this machine.
    pub fn local(&self) {
        self.sandbox.user_config(&self.agents);
    }

    /// By a name that Slurm, a shell or a list of git could take for something else.
    pub fn shared(&self) -> PathBuf {
        self.shared.path().join(r"it's %j \ours")
    }

    pub fn start(&self) -> Running {
        self.sandbox.start(&RUN)
    }

    /// How often an agent was started.
    pub fn starts(&self) -> usize {
        std::fs::read(self.sandbox.outside("starts")).map_or(0, |text| text.len())
    }

    pub fn make(&self, name: &str) -> &Self {
        std::fs::write(self.sandbox.outside(name), "").unwrap();
        self
    }

    /// Waits until a file is there that an agent makes.
    #[track_caller]
    pub fn until_there(&self, name: &str) -> &Self {
        until(&format!("`{name}` is there"), || {
            self.sandbox.outside(name).exists()
        });
        self
    }

    /// Of this project's jobs: number, call with its attempt, state.
    pub fn jobs(&self) -> Vec<(String, String, String)> {
        let args = ["--noheader", "--states=all", "--format=%i|%j|%T|%Z"];
        let said = self.cluster.says("squeue", &args);
        let shared = self.shared();
        let ours = said.lines().filter_map(|line| {
            let fields: Vec<&str> = line.split('|').collect();
            let [id, name, state, folder] = fields[..] else {
                panic!("{line}");
            };
            let call = name.splitn(4, '.').last()?;
            (shared.to_str() == Some(folder))
                .then(|| (id.to_owned(), call.to_owned(), state.to_owned()))
        });
        ours.collect()
    }

    /// Those of them that have not ended.
    pub fn open_jobs(&self) -> Vec<String> {
        let goes_on =
            |state: &str| matches!(state, "PENDING" | "RUNNING" | "COMPLETING" | "CONFIGURING");
        let jobs = self.jobs().into_iter();
        jobs.filter_map(|(id, _, state)| goes_on(&state).then_some(id))
            .collect()
    }

    /// The number of the one job that has not ended, as soon as it is there.
    #[track_caller]
    pub fn job(&self) -> String {
        until("there is one job", || self.open_jobs().len() == 1);
        self.open_jobs().remove(0)
    }

    /// The folder of the one job that is there.
    #[track_caller]
    pub fn job_folder(&self) -> PathBuf {
        let orders = files(&self.shared().join("jobs")).into_iter();
        let mut orders = orders.filter(|path| path.ends_with("order.json"));
        let order = orders.next().expect("a job is laid out");
        assert_eq!(orders.next(), None);
        order.parent().unwrap().to_owned()
    }

    /// The nodes on which attempts ran, in the order of the journal.
    pub fn nodes(&self) -> Vec<String> {
        let spawned = self.run().all("attempt_spawned").into_iter();
        spawned
            .map(|event| event["on"]["node"].as_str().unwrap_or("here").to_owned())
            .collect()
    }

    /// The kinds of failures of attempts, with what was said.
    pub fn failures(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let failed = self.run().all("attempt_failed").into_iter();
        failed
            .map(|event| {
                (
                    text(&event["failure"]["kind"]),
                    text(&event["failure"]["message"]),
                )
            })
            .collect()
    }

    /// Those of agents and their wardens, here and on nodes, where they have a run of their own.
    pub fn processes(&self) -> Vec<u32> {
        let here = self.run();
        let there = self.jobs().into_iter().map(|(_, call, _)| {
            let run = format!("{}.{call}", here.id());
            Run::at(run.into()).processes()
        });
        here.processes()
            .into_iter()
            .chain(there.flatten())
            .collect()
    }

    pub fn run(&self) -> Run {
        self.sandbox.run()
    }

    /// Nothing of it is left: no job, no process, no file of a job, no temporary folder.
    #[track_caller]
    pub fn is_clean(&self) {
        self.nothing_goes_on();
        until("no temporary folder is left", || {
            self.sandbox.left_in_tmp().is_empty()
        });
    }

    /// The same while what a killed supervisor had of its own is there still.
    #[track_caller]
    pub fn nothing_goes_on(&self) {
        until("no job is left", || self.open_jobs().is_empty());
        until("no process is left", || self.processes().is_empty());
        let jobs = self.shared().join("jobs");
        let left = || files(&jobs);
        until("no file of a job is left", || left().is_empty());
    }
}

/// All files below a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let below = entries.flat_map(|entry| match entry.path() {
        path if path.is_dir() => files(&path),
        path => vec![path],
    });
    below.collect()
}
