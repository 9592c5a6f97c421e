//! A project to measure in, with a home of its own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::fake_agent::fake_agent;
use tipstaff::journal::Journal;
use tipstaff::run::{Event, Record};

/// The program under measurement.
pub const TIPSTAFF: &str = env!("CARGO_BIN_EXE_tipstaff");

const FOLDERS: usize = 20;
const FILES_A_FOLDER: usize = 10;

/// The workflow of [`Ground::ensemble`]: `--depth` says how many propose.
pub const ENSEMBLE: &str = "\
name: ensemble
phases:
  - name: plan
    type: ensemble
    models: [m]
    judge: m
";

/// A temporary project and a home; gone when dropped.
pub struct Ground {
    root: tempfile::TempDir,
}

impl Ground {
    /// With 200 files of sizes that source files have, and the workflow `ensemble`.
    pub fn new() -> Self {
        let sources = (0..FOLDERS * FILES_A_FOLDER).map(|number| {
            let (folder, file) = (number / FILES_A_FOLDER, number % FILES_A_FOLDER);
            // Between 1 and 12 KB.
            let lines = 20 + number * 7919 % 200;
            let text: String = (0..lines)
                .map(|line| {
                    format!("pub const LINE_{number}_{line}: usize = {line}; // a line of code\n")
                })
                .collect();
            (format!("src/part_{folder}/file_{file}.rs"), text)
        });
        let workflow = [".tipstaff/workflows/ensemble.yaml", ENSEMBLE].map(str::to_owned);
        Self::holding(sources.chain([workflow.into()]))
    }

    /// With these files, committed.
    pub fn holding(files: impl IntoIterator<Item = (String, String)>) -> Self {
        let ground = Self {
            root: tempfile::tempdir().expect("a temporary folder can be made"),
        };
        for (path, text) in files {
            ground.put(&format!("project/{path}"), &text);
        }
        for folder in ["tmp", "home/.config"] {
            std::fs::create_dir_all(ground.path(folder)).expect("folders can be made");
        }
        for args in [
            &["init", "--quiet"][..],
            &["add", "--all"],
            &["commit", "--quiet", "--message=start"],
        ] {
            let mut git = ground.command(Path::new("git"), "home");
            git.args(["-c", "user.name=T", "-c", "user.email=t@example.org"]);
            // A commit of many files would pack them in the background, while something is measured.
            git.args(["-c", "gc.auto=0", "-c", "maintenance.auto=false"]);
            let done = git.args(args).status().expect("git starts");
            assert!(done.success(), "git {args:?}");
        }
        ground
    }

    /// Something in it, by its path relative to the root.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.path().join(relative)
    }

    /// Writes a file; folders are made.
    pub fn put(&self, relative: &str, text: &str) -> PathBuf {
        let path = self.path(relative);
        let folder = path.parent().expect("a file lies in a folder");
        std::fs::create_dir_all(folder).expect("folders can be made");
        std::fs::write(&path, text).expect("files can be written");
        path
    }

    /// Makes this command the agent of the model `m`.
    pub fn agent(&self, command: &Path, args: &[&str]) {
        let args: String = args.iter().map(|arg| format!("'{arg}', ")).collect();
        let config = format!(
            "agents:\n  bench: {{ kind: command, command: '{}', args: [{args}] }}\n\
             models:\n  m: {{ agent: bench, id: m }}\nsandbox: {{ write: ['{}'] }}\n",
            command.display(),
            self.root.path().display()
        );
        self.put("home/.config/tipstaff/config.yaml", &config);
    }

    /// Makes the fake agent with this script the agent of the model `m`.
    pub fn fake_agent(&self, script: &str) {
        let script = self.put("script.yaml", script);
        self.agent(
            Path::new(fake_agent()),
            &["--script", &script.to_string_lossy()],
        );
    }

    /// The environment of everything that is measured: nothing of the user's but PATH.
    pub fn env(&self, home: &str) -> BTreeMap<OsString, OsString> {
        [
            ("PATH", std::env::var_os("PATH").unwrap_or_default()),
            ("HOME", self.path(home).into()),
            ("TMPDIR", self.path("tmp").into()),
            ("LANG", "C.UTF-8".into()),
            ("GIT_CONFIG_NOSYSTEM", "1".into()),
        ]
        .map(|(name, value)| (name.into(), value))
        .into()
    }

    /// A quiet command in the project.
    pub fn command(&self, program: &Path, home: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.path("project"))
            .env_clear()
            .envs(self.env(home))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// Arguments that run an ensemble of so many proposers, so many at one time.
    pub fn ensemble(depth: u32, concurrency: u32) -> Vec<String> {
        let limit = format!("concurrency={concurrency}");
        let depth = depth.to_string();
        [
            "run", "ensemble", "Measure", "--depth", &depth, "--limit", &limit,
        ]
        .map(str::to_owned)
        .into()
    }

    /// Runs tipstaff to its end, which must be a good one.
    pub fn tipstaff(&self, args: &[String]) {
        let mut command = self.command(Path::new(TIPSTAFF), "home");
        let status = command.args(args).status().expect("tipstaff starts");
        assert!(status.success(), "tipstaff {args:?}: {status}");
    }

    /// Whether a run has begun.
    pub fn has_journal(&self) -> bool {
        let runs = std::fs::read_dir(self.path("project/.tipstaff/runs"));
        let mut folders = runs.into_iter().flatten().flatten();
        folders.any(|folder| folder.path().join("journal.jsonl").exists())
    }

    /// The folder of the latest run.
    pub fn run_folder(&self) -> PathBuf {
        let runs = std::fs::read_dir(self.path("project/.tipstaff/runs")).expect("there are runs");
        let folders = runs.filter_map(|entry| Some(entry.ok()?.path()));
        let latest = folders
            .filter(|path| path.join("journal.jsonl").exists())
            .max_by_key(|path| {
                std::fs::metadata(path.join("journal.jsonl"))
                    .and_then(|meta| meta.modified())
                    .ok()
            });
        latest.expect("there is a run")
    }

    /// The journal of the latest run.
    pub fn journal(&self) -> Vec<Record> {
        let journal = Journal::read(&self.run_folder().join("journal.jsonl"));
        journal.expect("the journal can be read").records
    }
}

/// When the events that fit happened, in milliseconds.
pub fn times(records: &[Record], fits: impl Fn(&Event) -> bool) -> Vec<f64> {
    let fitting = records.iter().filter(|record| fits(&record.event));
    fitting.map(|record| record.at.0 as f64).collect()
}
