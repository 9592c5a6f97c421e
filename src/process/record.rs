//! How a child ended: what the warden writes down and the supervisor reads.

use std::fmt;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::files;
use crate::model::{ExitStatus, Millis};

/// Whether the warden was asked to end the child.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// No: it ended by itself.
    No,
    /// Politely, and it obeyed within its grace time (or was just about to end).
    Politely,
    /// It was killed: at once, or because its grace time was over.
    AtOnce,
}

/// A limit of the child that its warden enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exceeded {
    /// It ran longer than it may.
    Time,
    Output,
    Memory,
    Processes,
    Disk,
}

/// Whether the warden lived to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WardenFate {
    Reported,
    /// It was killed. The supervisor ended what was left; times and sizes are unknown, hence zero.
    Lost,
}

/// A process that was still there when its child had ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaked {
    pub pid: u32,
    /// Its command line as shown by the system, shortened; lossy.
    pub command: String,
}

impl fmt::Display for Leaked {
    /// `process 123 (sleep 600)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} ({})", self.pid, self.command)
    }
}

/// Processes that were to be ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    pub leaked: Vec<Leaked>,
    /// Those of them that could not be ended: they belong to another user, or the kernel holds them.
    pub survivors: Vec<Leaked>,
}

/// How a child ended, with all that came with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitRecord {
    pub status: ExitStatus,
    pub asked: Asked,
    /// The limit for which it was ended, if for that.
    #[serde(default)]
    pub exceeded: Option<Exceeded>,
    /// Whether the kernel ended a process meanwhile since memory ran out, of this machine or of a control group.
    #[serde(default)]
    pub memory_ran_out: bool,
    /// Processes that were still there afterwards, first ones first (at most a hundred).
    pub leaked: Vec<Leaked>,
    /// Those of them that could not be ended: they belong to another user, or the kernel holds them.
    pub survivors: Vec<Leaked>,
    /// Processor time of the child and of all its descendants that were waited for, in milliseconds.
    pub cpu_ms: u64,
    /// Peak resident memory of the largest of these processes (not their sum), in KiB.
    pub max_rss_kib: u64,
    /// Time from its start to its end, in milliseconds.
    pub wall_ms: Millis,
    /// Whether the warden lived to tell all this.
    pub warden: WardenFate,
}

impl ExitRecord {
    /// Whether the child came to its end without being ended, seen by its warden.
    pub fn is_its_own(&self) -> bool {
        let seen = self.warden == WardenFate::Reported && self.status != ExitStatus::Unknown;
        seen && self.asked == Asked::No
    }

    /// Of a child whose warden was killed.
    pub(super) fn lost(swept: Swept) -> Self {
        Self {
            status: ExitStatus::Unknown,
            asked: Asked::No,
            exceeded: None,
            memory_ran_out: false,
            leaked: swept.leaked,
            survivors: swept.survivors,
            cpu_ms: 0,
            max_rss_kib: 0,
            wall_ms: Millis(0),
            warden: WardenFate::Lost,
        }
    }

    /// Writes it in one step: a reader finds all of it or nothing.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        // It lies in the scratch folder, which does not outlive the machine.
        files::replace_unsynced(path, &serde_json::to_vec(self)?)
    }

    /// Reads what the warden wrote; `None` if it is not there or not whole.
    pub fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&files::read(path, files::RECORD).ok()?).ok()
    }
}

/// What the warden says on its pipe, one JSON a line: first a greeting or a refusal, last the end.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Report {
    Started {
        pid: u32,
    },
    /// It could not be started.
    Refused(Refusal),
    Ended(ExitRecord),
}

/// Why a child could not be started.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Refusal {
    pub step: StartStep,
    /// The system's number of the error, if it was one of the system's.
    pub errno: Option<i32>,
    pub message: String,
}

/// The steps of starting a child that can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StartStep {
    Prepare,
    /// Its cell could not be made.
    Cell,
    Enter,
    Stdin,
    Stdout,
    Stderr,
    /// The program is not there.
    Missing,
    /// The program is there but cannot be executed.
    NotExecutable,
    Execute,
}

impl Refusal {
    /// Of an error of the system.
    pub(super) fn new(step: StartStep, error: &io::Error) -> Self {
        Self {
            step,
            errno: error.raw_os_error(),
            message: error.to_string(),
        }
    }

    pub(super) fn into_io(self) -> io::Error {
        match self.errno {
            Some(errno) => io::Error::from_raw_os_error(errno),
            None => io::Error::other(self.message),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::fs;

    use super::*;

    #[test]
    fn a_record_is_read_back_and_leaves_no_temporary_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("exit.json");
        let leaked = vec![Leaked {
            pid: 7,
            command: String::from("sleep 9"),
        }];
        let exit = ExitRecord::lost(Swept {
            leaked,
            ..Swept::default()
        });
        exit.write(&path).unwrap();

        assert_eq!(ExitRecord::read(&path), Some(exit));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_broken_record_counts_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("exit.json");
        assert_eq!(ExitRecord::read(&path), None);
        fs::write(&path, "{\"ending\":").unwrap();
        assert_eq!(ExitRecord::read(&path), None);
    }
}
