//! Schedulers that carry calls out on other machines: a job is handed in, asked for and cancelled by its name.
//!
//! It must never know what a job does: a call, its agent or a run. What one scheduler is called, and how it is spoken
//! to, is known in its own file and nowhere else.

mod slurm;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::model::{Failure, Millis};
use crate::plan::{ExecutorKind, ExecutorSpec};

/// A program to be run on some node.
#[derive(Debug, Clone)]
pub struct Job {
    /// Unique for ever: letters, digits, `.`, `-`, `_`.
    pub name: String,
    /// The program by its path on the node, with its arguments.
    pub command: Vec<String>,
    /// Where its output goes, in the shared folder.
    pub output: PathBuf,
    /// How long it may take once it runs.
    pub time: Millis,
}

/// How a job is at present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobState {
    /// In the scheduler's words, why it does not run yet; may be empty.
    Waits(String),
    /// It will never run by itself; why.
    NeverRuns(String),
    Runs,
    Ended(JobEnd),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobEnd {
    /// By itself, whatever it came to.
    Done,
    NodeFailed,
    Preempted,
    OutOfMemory,
    TookTooLong,
    Cancelled,
}

/// What is known of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The scheduler's number of it.
    pub id: String,
    pub state: JobState,
    /// The node that it was given; may be empty.
    pub node: String,
}

impl Seen {
    /// A job that was just handed in.
    pub fn new(id: String) -> Self {
        Self {
            id,
            state: JobState::Waits(String::new()),
            node: String::new(),
        }
    }
}

/// Jobs by their names.
pub type Jobs = BTreeMap<String, Seen>;

/// How a scheduler is spoken to. All of these block. A failure with `retry_after` says that it does not answer at present.
#[derive(Debug)]
pub struct Scheduler {
    /// Hands a job in and gives its number.
    pub submit: fn(&ExecutorSpec, &Job) -> Result<String, Failure>,
    /// Those of the jobs of these names that it knows.
    pub poll: fn(&[String]) -> Result<Jobs, Failure>,
    /// Ends jobs by their numbers.
    pub cancel: fn(&[String]) -> Result<(), Failure>,
}

/// The name of this node, if this process is a job of some scheduler.
pub fn node() -> Option<String> {
    std::env::var(slurm::NODE_VARIABLE).ok()
}

pub fn of(kind: ExecutorKind) -> &'static Scheduler {
    match kind {
        ExecutorKind::Slurm => &slurm::SCHEDULER,
    }
}
