//! From an attempt to a job that is handed in.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use blake3::Hasher;

use crate::executors::{self, Job};
use crate::files::{self, NewFile};
use crate::journal::RunFolder;
use crate::model::{AgentEnv, AgentName, Failure, InputSource, Millis, names_a_secret};
use crate::plan::{ExecutorSpec, Executors, NodeSignIn, Plan};
use crate::workspace::{
    self, Head, OUTER_RULES, Project, check_above, check_ours, keep, remove_old, remove_tree,
};

use super::super::attempt::Attempt;
use super::super::blocking::blocking;
use super::super::failure::{at_path, machine};
use super::{JobFolder, Keys, Order};

/// The hidden subcommand by which this binary carries a call out on a node.
pub const NODE_ARG: &str = "__node";
/// What a job may take beyond its call: for unpacking, `setup`, and bringing back what came of it.
const BESIDE: Millis = Millis::minutes(30);
/// Room for a node's last words, in bytes.
const RESERVED: usize = 8 << 10;

/// The name of a project among all that share a folder.
pub fn project_key(project: &Project) -> String {
    let root = project.root.as_os_str().as_bytes();
    let hash = blake3::hash(root).to_hex();
    hash.chars().take(32).collect()
}

impl Attempt {
    /// The folder of its job.
    pub(in super::super) fn job(&self, executor: &ExecutorSpec) -> JobFolder {
        let (context, shared) = (&self.context, Path::new(&executor.shared));
        let (run, key) = (context.folder.id(), project_key(&context.project));
        JobFolder::of(shared, &key, run, &self.call.id, self.number)
    }

    /// Sees to it that what a node needs is in the shared folder, and tells where tipstaff is there. One call of a run
    /// after the other: the first one sends what the others find.
    pub(super) async fn lay_out_job(
        self: &Arc<Self>,
        (name, executor): (&str, &ExecutorSpec),
        is_there: bool,
    ) -> Result<PathBuf, Failure> {
        let mut programs = self.context.programs.lock().await;
        let known = programs.get(name).cloned();
        let (whose, executor) = (Arc::clone(self), executor.clone());
        let program = blocking(move || {
            if !is_there {
                whose.send_job(&executor)?;
            }
            match known {
                Some(known) if executor.program.is_some() || known.exists() => Ok(known),
                _ => whose.send_program(&executor),
            }
        });
        let program = program.await?;
        programs.insert(name.to_owned(), program.clone());
        Ok(program)
    }

    fn send_job(&self, executor: &ExecutorSpec) -> Result<(), Failure> {
        let (job, shared) = (self.job(executor), Path::new(&executor.shared));
        make_shared(shared)?;
        remove_tree(job.root()).map_err(machine)?;
        let sent = self.write_job(executor, &job);
        if sent.is_err() {
            let _ = remove_tree(job.root());
        }
        sent
    }

    /// Clears the folder up, too: once in a run is often enough.
    fn send_program(&self, executor: &ExecutorSpec) -> Result<PathBuf, Failure> {
        let shared = Path::new(&executor.shared);
        for (below, depth) in [("projects", 2), ("jobs", 3), ("bin", 1)] {
            let _ = remove_old(&shared.join(below), depth);
        }
        program_for(executor, &self.context.program)
    }

    fn write_job(&self, executor: &ExecutorSpec, job: &JobFolder) -> Result<(), Failure> {
        let context = &self.context;
        let in_job = |error: io::Error| at_path(job.root(), &error);
        let project = project_key(&context.project);
        let mut trees = vec![context.snapshot.clone()];
        let head = Head::of(&context.project);
        trees.extend(head.iter().map(|head| head.tree.clone()));
        trees.extend(context.workspaces().base_of(&self.call.workspace).cloned());
        trees.extend(self.ground.clone());
        let mut inputs = vec![format!("{}/{OUTER_RULES}", RunFolder::STORE)];
        for input in &self.call.inputs {
            if let InputSource::Candidate { from, to, .. } = &input.source {
                trees.extend([from.clone(), to.clone()]);
            }
            let Some(artifact) = &input.artifact else {
                continue;
            };
            inputs.push(artifact.path.clone());
            // Whose verdict is mended had written a document, too.
            let beside = Path::new(&artifact.path).with_file_name("deliverable.md");
            inputs.extend(beside.to_str().map(str::to_owned));
        }
        inputs.sort();
        inputs.dedup();
        inputs.retain(|input| context.folder.path(input).is_file());
        for input in &inputs {
            let bytes = files::read(&context.folder.path(input), files::RECORD);
            let bytes = bytes.map_err(in_job)?;
            let to = job.root().join("inputs").join(input);
            files::replace(&to, &bytes).map_err(in_job)?;
        }
        let packs = Path::new(&executor.shared).join("projects").join(&project);
        let packs =
            workspace::send(&context.project, &context.store(), &packs, &trees).map_err(machine)?;
        let env = |secret: bool| configured(&context.plan, secret);
        if executor.sign_in == NodeSignIn::Handed && context.rehearsal.is_none() {
            let user = context.environment.iter();
            let keys = user.filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?)));
            let keys = keys.filter(|(name, _)| names_a_secret(name));
            let keys = Keys {
                of_user: keys
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .collect(),
                of_agents: env(true),
            };
            job.write("keys", &keys).map_err(in_job)?;
        }
        let order = Order {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            run: context.folder.id().clone(),
            plan: Plan {
                executors: Executors::default(),
                ..context.plan.clone()
            },
            env: env(false),
            call: (*self.call).clone(),
            attempt: self.number,
            model: self.model.clone(),
            ground: self.ground.clone(),
            snapshot: context.snapshot.clone(),
            head,
            project,
            packs,
            inputs,
            path: executor.path.clone(),
        };
        let reserve = job.path(JobFolder::RESERVE);
        files::replace_unsynced(&reserve, &[0; RESERVED]).map_err(in_job)?;
        job.write("order.json", &order).map_err(in_job)
    }

    /// Hands its job in. Blocks.
    pub(super) fn submit(
        &self,
        executor: &ExecutorSpec,
        program: &Path,
    ) -> Result<String, Failure> {
        let job = self.job(executor);
        let time = Millis(self.call.limits.timeout.0.saturating_add(BESIDE.0));
        let words = [program, Path::new(NODE_ARG), job.root()];
        let words = words.map(|word| word.to_string_lossy().into_owned());
        let handed_in = Job {
            name: job.name.clone(),
            command: words.into(),
            output: job.path("job.log"),
            time,
        };
        (executors::of(executor.kind).submit)(executor, &handed_in)
    }
}

/// What the configuration sets for agents: what is secret of it, or what is not.
fn configured(plan: &Plan, secret: bool) -> BTreeMap<AgentName, BTreeMap<String, String>> {
    let of_agent = |env: &AgentEnv| {
        let wanted = env
            .iter()
            .filter(|(name, _)| names_a_secret(name) == secret);
        wanted
            .map(|(name, value)| (name.to_owned(), value.expose().to_owned()))
            .collect()
    };
    let agents = plan.agents.iter();
    agents
        .map(|(name, agent)| (name.clone(), of_agent(&agent.env)))
        .collect()
}

/// Makes the shared folder, if it is not there, and sees to it that it is for this user alone: nodes run what is in it.
pub fn make_shared(shared: &Path) -> Result<(), Failure> {
    let made = files::make_folders(shared);
    made.map_err(|error| at_path(shared, &error))?.sync();
    check_ours(shared)
        .and_then(|()| check_above(shared))
        .map_err(|error| {
            machine(error).hint("`shared` of the executor has to be a folder for you alone")
        })
}

/// tipstaff as nodes find it: what the executor says, or this program, `own`.
pub fn program_for(executor: &ExecutorSpec, own: &Path) -> Result<PathBuf, Failure> {
    match &executor.program {
        Some(program) => Ok(program.into()),
        None => shipped(Path::new(&executor.shared), own),
    }
}

/// This program where nodes find it, put there if it is not yet.
fn shipped(shared: &Path, own: &Path) -> Result<PathBuf, Failure> {
    let failed = |error: io::Error| at_path(shared, &error);
    let mut hasher = Hasher::new();
    let read = files::open(own).and_then(|own| hasher.update_reader(own).map(drop));
    read.map_err(failed)?;
    let digest = hasher.finalize().to_hex();
    let at = shared.join("bin").join(&*digest).join("tipstaff");
    if at.exists() {
        // Jobs in a queue may need it for long.
        let _ = at.parent().map(keep);
        return Ok(at);
    }
    let copied = files::open(own).and_then(|mut own| {
        let mut new = NewFile::at(&at)?;
        io::copy(&mut own, &mut new)?;
        new.set_mode(0o700)?;
        new.put()
    });
    copied.map_err(failed)?.sync();
    Ok(at)
}
