//! The cluster that all these tests share.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use rustix::process::Signal;

use crate::support::{alive, kill, pid_in, until};

/// A test that breaks something has the cluster to itself.
static CLUSTER: RwLock<()> = RwLock::new(());

/// The features by which a job chooses one of both nodes.
pub const NODES: [(&str, &str); 2] = [("n1", "claude"), ("n2", "codex")];

/// The cluster, for as long as one test needs it.
pub struct Cluster {
    pub folder: PathBuf,
    turn: Turn,
}

#[expect(dead_code, reason = "held, not read")]
enum Turn {
    Beside(RwLockReadGuard<'static, ()>),
    Alone(RwLockWriteGuard<'static, ()>),
}

impl Cluster {
    /// Beside the other tests.
    pub fn shared() -> Self {
        Self::taken(Turn::Beside(
            CLUSTER.read().unwrap_or_else(PoisonError::into_inner),
        ))
    }

    /// For a test that kills nodes; afterwards they are there again.
    pub fn alone() -> Self {
        Self::taken(Turn::Alone(
            CLUSTER.write().unwrap_or_else(PoisonError::into_inner),
        ))
    }

    fn taken(turn: Turn) -> Self {
        let folder = std::env::var_os("TIPSTAFF_CLUSTER").expect(
            "TIPSTAFF_CLUSTER names the folder of a cluster, as `scripts/test-cluster run` says it",
        );
        Self {
            folder: folder.into(),
            turn,
        }
    }

    /// What Slurm's commands read, by the variable `SLURM_CONF`.
    pub fn configuration(&self) -> String {
        self.folder.join("slurm.conf").to_str().unwrap().to_owned()
    }

    /// What one of Slurm's commands prints.
    #[track_caller]
    pub fn says(&self, command: &str, args: &[&str]) -> String {
        let output = Command::new(command)
            .args(args)
            .env("SLURM_CONF", self.configuration())
            .output()
            .unwrap_or_else(|error| panic!("{command}: {error}"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command} {args:?}: {said}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Submits a script that prints into `output` and runs once, and returns the job's number.
    #[track_caller]
    pub fn submit(&self, feature: &str, output: &str, script: &str) -> String {
        let (constraint, output) = (
            format!("--constraint={feature}"),
            format!("--output={output}"),
        );
        let wrap = format!("--wrap={script}");
        self.says(
            "sbatch",
            &["--parsable", "--no-requeue", &constraint, &output, &wrap],
        )
    }

    /// A job's state in Slurm's word, also after its end.
    #[track_caller]
    pub fn state(&self, job: &str) -> String {
        let job = format!("--jobs={job}");
        self.says(
            "squeue",
            &["--noheader", "--states=all", "--format=%T", &job],
        )
    }

    /// Waits until a job is in this state; panics when it has ended in another one.
    #[track_caller]
    pub fn wait(&self, job: &str, state: &str) {
        until(&format!("job {job} is {state}"), || {
            let now = self.state(job);
            let goes_on = ["PENDING", "RUNNING", "COMPLETING"].contains(&now.as_str());
            assert!(goes_on || now == state, "job {job} is {now}, not {state}");
            now == state
        });
    }

    /// Why a job waits.
    #[track_caller]
    pub fn reason(&self, job: &str) -> String {
        let job = format!("--jobs={job}");
        self.says("squeue", &["--noheader", "--format=%r", &job])
    }

    /// Holds a job that waits, as its own user.
    #[track_caller]
    pub fn hold(&self, job: &str) {
        self.says("scontrol", &["uhold", job]);
    }

    /// Cancels a job, as somebody else can.
    #[track_caller]
    pub fn cancel(&self, job: &str) {
        self.says("scancel", &[job]);
    }

    /// Lets jobs start, or has all wait that have not begun.
    #[track_caller]
    pub fn open(&self, open: bool) {
        self.assert_alone();
        let state = format!("State={}", if open { "UP" } else { "DOWN" });
        self.says("scontrol", &["update", "PartitionName=agents", &state]);
    }

    /// Kills a node's daemon, which hears nothing of it.
    pub fn kill_node(&self, node: &str) {
        self.assert_alone();
        let daemon = pid_in(&self.folder.join(format!("{node}.pid")));
        kill(daemon, Signal::KILL);
        until(&format!("{node} is dead"), || !alive(daemon));
    }

    /// Starts what does not run, waits until both nodes answer, and lets jobs start.
    #[track_caller]
    pub fn mend(&self) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/test-cluster");
        let status = Command::new(script)
            .arg("start")
            .arg(&self.folder)
            .stdout(Stdio::null())
            .status();
        assert!(status.unwrap().success(), "{script} start");
        self.open(true);
    }

    #[track_caller]
    fn assert_alone(&self) {
        assert!(matches!(self.turn, Turn::Alone(_)), "other tests need this");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if matches!(self.turn, Turn::Alone(_)) {
            self.mend();
        }
    }
}
