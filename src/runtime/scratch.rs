//! Where an attempt's private files are while it runs: outside the project, readable by nobody else.

use std::path::{Path, PathBuf};

use crate::model::{CallId, CallSpec, RunId};
use crate::plan::Plan;
use crate::workspace::scratch_place;

/// The scratch folder of one attempt.
#[derive(Debug, Clone)]
pub struct Scratch {
    root: PathBuf,
    workspace: PathBuf,
    keys: PathBuf,
}

impl Scratch {
    /// The folder of an attempt below the run's scratch folder. Makes nothing.
    ///
    /// Its name differs from run to run, because file systems that spread folders over the disk do it
    /// by name: the same name would come to lie where the last run's was just removed.
    pub fn of(scratch: &Path, keys: &Path, run: &RunId, call: &CallId, attempt: u32) -> Self {
        let salt = run.as_str().rsplit('-').next().unwrap_or_default();
        let name = format!("{call}-{attempt}-{salt}");
        let root = scratch.join(&name);
        Self {
            keys: keys.join(name),
            workspace: root.join("workspace"),
            root,
        }
    }

    /// The same folder, but for a workspace that lies in another attempt's.
    pub fn in_workspace_of(self, other: &Self) -> Self {
        Self {
            workspace: other.workspace.clone(),
            ..self
        }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What the agent works in.
    pub fn workspace(&self) -> PathBuf {
        self.workspace.clone()
    }

    /// The folder that the workspace lies in: its own, or that of the attempt which began the work.
    pub fn home(&self) -> &Path {
        self.workspace.parent().unwrap_or(&self.root)
    }

    /// The files that hold keys.
    pub fn keys(&self) -> PathBuf {
        self.keys.clone()
    }

    /// The agent's home and state.
    pub fn private(&self) -> PathBuf {
        self.root.join("private")
    }

    /// The prompt, as the agent reads it.
    pub fn prompt(&self) -> PathBuf {
        self.root.join("prompt.md")
    }

    pub fn events(&self) -> PathBuf {
        self.root.join("events.jsonl")
    }

    pub fn errors(&self) -> PathBuf {
        self.root.join("stderr.log")
    }

    /// How the process ended, by the warden.
    pub fn record(&self) -> PathBuf {
        self.root.join("exit.json")
    }
}

/// Where in the run folder an attempt's files are kept.
pub fn attempt_folder(plan: &Plan, call: &CallSpec, attempt: u32) -> String {
    let phase = plan.phase_folder(&call.phase);
    let phase = phase.unwrap_or_else(|| "phases/00-unknown".to_owned());
    format!("{phase}/calls/{}/attempt-{attempt}", call.id)
}

/// Where `events.jsonl` of an attempt is while its agent works.
pub fn folder_under_way(run: &RunId, call: &CallId, attempt: u32) -> PathBuf {
    let (scratch, no_keys) = (scratch_place(run), Path::new(""));
    Scratch::of(&scratch, no_keys, run, call, attempt)
        .root()
        .to_owned()
}
