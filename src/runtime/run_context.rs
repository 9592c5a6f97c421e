//! What all attempts of a run share.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::Mutex;

use crate::agents::{Carried, Environment};
use crate::journal::{Redactor, RunFolder};
use crate::machine::{Day, Places};
use crate::model::{CallId, CallSpec, PhaseName, RunId, Sections, TreeId};
use crate::plan::Plan;
use crate::rehearsal;
use crate::workspace::{GitLayer, Layers, Progress, Project, ProjectCache};

use super::accounts::RunAccounts;
use super::cell::{Cells, Inside};
use super::gate::StartGate;
use super::installed::Installed;
use super::neighbours::Sources;
use super::remote::Queue;
use super::scratch::{Scratch, attempt_folder};
use super::workspaces::Workspaces;

/// What a context is made of.
#[derive(Debug)]
pub struct RunContextParts {
    pub plan: Plan,
    /// What its calls are told; a node has a folder of another name.
    pub run: RunId,
    pub folder: RunFolder,
    pub project: Project,
    /// The snapshot's tree.
    pub snapshot: TreeId,
    pub cache: Option<ProjectCache>,
    /// How far the checkout has come that layers are made from.
    pub progress: Arc<Progress>,
    pub scratch: PathBuf,
    /// The folder of its files that hold keys.
    pub keys: PathBuf,
    /// The user's environment, captured once.
    pub environment: Environment,
    /// What is carried over from the user's own OpenCode.
    pub carried: Carried,
    /// The scripted model server, in a rehearsal.
    pub rehearsal: Option<rehearsal::Server>,
    /// Keeps secrets out of the run folder.
    pub redactor: Redactor,
    /// Name and text of the project's instruction file, if there is one.
    pub instructions: Option<(String, String)>,
    /// How long an agent may take to end after it was asked to.
    pub grace: Duration,
    pub cells: Cells,
    /// Of all agents of this user on this machine, if there is a limit.
    pub places: Option<Places>,
    /// What all runs of this user spend; a rehearsal spends nothing.
    pub day: Option<Day>,
    pub accounts: RunAccounts,
}

/// Where and with what a run's calls are carried out.
#[derive(Debug)]
pub struct RunContext {
    parts: RunContextParts,
    pub(super) gate: StartGate,
    /// What is known of the project's source files.
    pub(super) sources: Arc<Mutex<Sources>>,
    /// Our own program, to be started as warden; right even if the file was replaced meanwhile.
    pub(super) program: PathBuf,
    /// The same by its path, for processes in cells; of the new file if it is replaced.
    pub(super) client: PathBuf,
    /// The jobs that carry calls out on other machines.
    pub(super) jobs: Queue,
    /// This program as nodes find it, by the names of executors.
    pub(super) programs: Mutex<BTreeMap<String, PathBuf>>,
    layers: Arc<Layers>,
    git: Arc<OnceLock<GitLayer>>,
    pub(super) set_up: Mutex<Installed>,
}

impl std::ops::Deref for RunContext {
    type Target = RunContextParts;

    fn deref(&self) -> &RunContextParts {
        &self.parts
    }
}

impl RunContext {
    /// A context of these parts.
    pub fn new(parts: RunContextParts) -> Self {
        let store = parts.folder.path(RunFolder::STORE);
        let progress = Arc::clone(&parts.progress);
        let layers = match parts.cells.are_closed() {
            true => Layers::new(parts.cache.as_ref(), &store, &parts.scratch, progress),
            // Nothing that an agent may have written to before this process began.
            false => {
                let own = parts.scratch.join(std::process::id().to_string());
                Layers::new(None, &store, &own, progress)
            }
        };
        Self {
            parts,
            layers: Arc::new(layers),
            git: Arc::default(),
            jobs: Queue::default(),
            programs: Mutex::default(),
            set_up: Mutex::default(),
            gate: StartGate::of_this_machine(),
            sources: Arc::default(),
            program: PathBuf::from("/proc/self/exe"),
            client: std::env::current_exe().unwrap_or_default(),
        }
    }

    /// An attempt's folder, relative to the run folder.
    pub(super) fn attempt_folder(&self, call: &CallSpec, attempt: u32) -> String {
        attempt_folder(&self.plan, call, attempt)
    }

    pub(super) fn scratch_of(&self, call: &CallSpec, attempt: u32) -> Scratch {
        let (scratch, keys, run) = (&self.scratch, &self.keys, self.folder.id());
        let folder = |call, attempt| Scratch::of(scratch, keys, run, call, attempt);
        let own = folder(&call.id, attempt);
        match &call.continues {
            Some(begun) => own.in_workspace_of(&folder(&begun.call, begun.attempt)),
            None => own,
        }
    }

    pub(super) fn sections_of(&self, phase: &PhaseName) -> Sections {
        let phase = self.plan.phase(phase);
        phase.map_or_else(Sections::default, |phase| phase.sections.clone())
    }

    pub fn workspaces(&self) -> Workspaces {
        Workspaces {
            snapshot: self.snapshot.clone(),
            store: self.store(),
            layers: Arc::clone(&self.layers),
            mounted: self.cells.mount(),
            project: self.project.clone(),
            git: Arc::clone(&self.git),
        }
    }

    /// How the processes of an attempt see its folders.
    pub(super) fn inside(&self, scratch: &Scratch) -> Inside {
        self.cells
            .inside(&scratch.workspace(), &scratch.private(), &scratch.keys())
    }

    /// The run's private object store.
    pub(super) fn store(&self) -> PathBuf {
        self.folder.path(RunFolder::STORE)
    }

    /// An attempt's mark, by which its processes are known.
    pub(super) fn marker(&self, call: &CallId, attempt: u32) -> String {
        format!("{}/{call}/{attempt}", self.folder.id())
    }
}
