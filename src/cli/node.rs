//! The hidden command `__node FOLDER`: carries a call out on a node, as its supervisor ordered in the shared folder.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use super::doctor::{Examination, Node};
use super::interruptible::Interruptible;
use super::print;
use super::probes::{Lack, Probes, What, find};
use super::settings::Settings;
use super::work::{GRACE, carry_over, instructions, start_rehearsal};
use crate::agents::{Carried, Environment};
use crate::executors;
use crate::files::{self, xdg_folder};
use crate::journal::RunFolder;
use crate::machine::Accounts;
use crate::model::{Failure, FailureKind, RunId, Usage};
use crate::plan::{Plan, SandboxMode};
use crate::process::{self, become_subreaper, shut_others_out};
use crate::runtime::{
    self, Cells, JobFolder, Keys, Look, Order, Report, RunAccounts, RunContext, RunContextParts,
};
use crate::trust::ProjectFiles;
use crate::workspace::{
    Layers, Progress, Project, ProjectCache, Scratch, borrow_store, keep, own_store, receive,
    remove_old, remove_tree, stand_in,
};

/// With more packs than this, a node begins a project's store anew, as soon as no call reads from it.
const MOST_PACKS: usize = 400;

/// `args` are those after the command's own name.
pub fn node(mut args: impl Iterator<Item = OsString>) -> ExitCode {
    let mut place = args.next();
    let looks = place.as_ref().is_some_and(|arg| arg == "--look");
    if looks {
        place = args.next();
    }
    let job = JobFolder::at(place.unwrap_or_default().into());
    let done = match looks {
        true => look(&job),
        false => carry_out(&job),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            print::note(&failure.message);
            ExitCode::FAILURE
        }
    }
}

fn carry_out(job: &JobFolder) -> Result<(), Failure> {
    shut_others_out().map_err(machine)?;
    become_subreaper().map_err(machine)?;
    // Only once, whatever the scheduler does.
    if !job.claim().map_err(machine)? {
        return Ok(());
    }
    // No other command does so on a node.
    super::sweep();
    let arrived = Report::Arrived {
        node: host(),
        sandbox: Default::default(),
    };
    let said = job.append("reports.jsonl", &arrived).map_err(|error| {
        let message = format!("failed to write {}: {error}", job.root().display());
        Failure::new(FailureKind::Machine, message)
    });
    job.give_signs_of_life();
    match said.and_then(|()| prepared(job)) {
        // Of one that was given up, nothing is made anew.
        Err(failure) if job.is_there() => {
            runtime::refuse(job, job.attempt(), (failure, Usage::default()))
        }
        done => done,
    }
}

/// Looks at this node, and leaves what it found.
fn look(job: &JobFolder) -> Result<(), Failure> {
    let wanted: Look = job
        .read("look.json")
        .map_err(machine)?
        .ok_or_else(|| Failure::new(FailureKind::Machine, "there is nothing to look for"))?;
    same_version(&wanted.version)?;
    let project = Project::discover(job.root()).map_err(machine)?;
    let settings = settings(project, environment(&wanted.path, &Keys::default()));
    let found = Examination::make(&settings, (false, false)).map_err(of_edge)?;
    let agents = found.agents.iter().filter(|agent| agent.path.is_some());
    let node = Node {
        name: host(),
        version: wanted.version,
        sandbox: found.machine.sandbox.to_string(),
        agents: agents
            .map(|agent| (agent.name.clone(), agent.in_words()))
            .collect(),
    };
    job.write(Look::FOUND, &node).map_err(machine)
}

fn prepared(job: &JobFolder) -> Result<(), Failure> {
    let (order, keys) = read(job)?;
    let mut interruptible = Interruptible::new().map_err(of_edge)?;
    let environment = environment(&order.path, &keys);
    let at = xdg_folder(&environment, "XDG_CACHE_HOME", ".cache")
        .ok_or_else(|| Failure::new(FailureKind::Machine, "the node has no HOME for its cache"))?;
    let nodes = at.join("tipstaff/nodes");
    let place = nodes.join(&order.project);
    let run_of = |attempt: u32| format!("{}.{}.{attempt}", order.run, order.call.id);
    // What a killed node process and its killed warden left here.
    for lost in 1..order.attempt {
        process::sweep(&run_of(lost));
    }
    let run = RunId::new(run_of(order.attempt));
    let runtime_folder = environment
        .get(OsStr::new("XDG_RUNTIME_DIR"))
        .map(PathBuf::from);
    let scratch = Scratch::claim(&run, &job.path("order.json"), runtime_folder.as_deref());
    let scratch = scratch.map_err(machine)?;
    let packs = job.shared().join("projects").join(&order.project);
    let store = place.join("store.git");
    files::make_folders(&place).map_err(machine)?.sync();
    keep(&place).map_err(machine)?;
    let _ = remove_old(&nodes, 1);
    // One unpacks for all.
    let lock = files::open_folder(&place).map_err(machine)?;
    lock.lock().map_err(machine)?;
    let in_use = files::append(&place.join("in-use")).map_err(machine)?;
    let count = fs::read_dir(store.join("objects/pack")).map_or(0, Iterator::count) / 2;
    if count > MOST_PACKS && in_use.try_lock().is_ok() {
        remove_tree(&place.join("project")).map_err(machine)?;
        remove_tree(&store).map_err(machine)?;
        in_use.unlock().map_err(machine)?;
    }
    // Until this process ends, calls read from it.
    in_use.lock_shared().map_err(machine)?;
    own_store(&store, &order.snapshot).map_err(machine)?;
    receive(&packs, &store, &order.packs).map_err(runtime::not_whole)?;
    let project = stand_in(&place.join("project"), &store, order.head.as_ref());
    let project = project.map_err(machine)?;
    let cache = ProjectCache::open(&place, &project).map_err(machine)?;
    cache.stands_for(&order.snapshot).map_err(machine)?;
    let folder = RunFolder::create(scratch.root(), run).map_err(machine)?;
    // What this call writes belongs to nobody else.
    let own = borrow_store(&store, &order.snapshot, scratch.root()).map_err(machine)?;
    symlink(own.path(), folder.path(RunFolder::STORE)).map_err(machine)?;
    for input in &order.inputs {
        let from = job.root().join("inputs").join(input);
        let bytes = files::read(&from, files::RECORD).map_err(machine)?;
        files::replace_unsynced(&folder.path(input), &bytes).map_err(machine)?;
    }
    let settings = settings(project, environment);
    let context = context(
        &settings,
        &order,
        (folder, &scratch, cache.clone()),
        &mut interruptible,
    )?;
    context.workspaces().prepare()?;
    drop(lock);
    std::thread::spawn(move || Layers::sweep(&cache));
    let Interruptible { runtime, signals } = &mut interruptible;
    let done = runtime.block_on(runtime::carry_out(job, order, context, signals));
    drop(interruptible);
    let _ = scratch.remove();
    done
}

/// The order, if it is of this very version, and the keys that came with it.
fn read(job: &JobFolder) -> Result<(Order, Keys), Failure> {
    let keys = job.read::<Keys>("keys").map_err(machine)?;
    let _ = fs::remove_file(job.path("keys"));
    let order: serde_json::Value = job.read("order.json").map_err(machine)?.unwrap_or_default();
    let theirs = order.get("version").and_then(|version| version.as_str());
    same_version(theirs.unwrap_or("another"))?;
    let order = serde_json::from_value(order).map_err(machine)?;
    Ok((order, keys.unwrap_or_default()))
}

fn same_version(theirs: &str) -> Result<(), Failure> {
    let ours = env!("CARGO_PKG_VERSION");
    if theirs == ours {
        return Ok(());
    }
    let message = format!(
        "tipstaff on {} is {ours}, the supervisor's is {theirs}",
        host()
    );
    let hint = "install the same version there, or leave out `program` of the executor";
    Err(Failure::new(FailureKind::JobRefused, message).hint(hint))
}

fn environment(path: &[String], keys: &Keys) -> Environment {
    let mut environment: Environment = std::env::vars_os().collect();
    let handed = keys.of_user.iter();
    environment.extend(handed.map(|(name, value)| (name.into(), value.into())));
    let known = environment.get(OsStr::new("PATH")).cloned();
    let known = known.unwrap_or_default();
    let before = path.iter().map(PathBuf::from);
    let path = std::env::join_paths(before.chain(std::env::split_paths(&known)));
    let path = path.ok().map(|path| files::absolute_search_path(&path));
    environment.extend(path.map(|path| (OsString::from("PATH"), path)));
    environment
}

fn settings(project: Project, environment: Environment) -> Settings {
    let config = xdg_folder(&environment, "XDG_CONFIG_HOME", ".config");
    Settings {
        files: ProjectFiles::new(&project.root, crate::yaml::MAX_BYTES as u64),
        project,
        named: None,
        user_folder: config.map(|folder| folder.join("tipstaff")),
        environment,
    }
}

fn context(
    settings: &Settings,
    order: &Order,
    (folder, scratch, cache): (RunFolder, &Scratch, ProjectCache),
    interruptible: &mut Interruptible,
) -> Result<RunContext, Failure> {
    let mut plan = order.plan.clone();
    for (name, agent) in &mut plan.agents {
        for (name, value) in order.env.get(name).into_iter().flatten() {
            agent.env.set(name, value);
        }
    }
    let mut carried = carry_over(settings, &plan).map_err(of_edge)?;
    let redactor = settings.redactor(Some(&plan), Some(&carried));
    look_at_agent(settings, (&plan, order), &cache, &mut carried)?;
    let (user, root) = (&settings.environment, &settings.project.root);
    let cells = Cells::probe(user, root, scratch.root(), plan.sandbox_mode);
    let cells = interruptible.runtime.block_on(cells)?;
    if let Some(open) = cells
        .open()
        .filter(|_| plan.sandbox_mode == SandboxMode::Required)
    {
        return Err(Failure::new(
            FailureKind::JobRefused,
            format!("on {}: {open}", host()),
        ));
    }
    let log = folder.path(RunFolder::REHEARSAL);
    let rehearsal = plan.rehearsal.as_ref();
    let rehearsal = rehearsal.map(|rehearsal| start_rehearsal(rehearsal, &log, redactor.clone()));
    let signed_in = (&carried, &settings.environment);
    let accounts = Accounts::at(folder.path(RunFolder::ACCOUNTS));
    Ok(RunContext::new(RunContextParts {
        run: order.run.clone(),
        instructions: instructions(&folder.path(RunFolder::STORE), &order.snapshot),
        accounts: RunAccounts::of(&plan, signed_in, accounts),
        plan,
        folder,
        project: settings.project.clone(),
        snapshot: order.snapshot.clone(),
        cache: Some(cache),
        progress: Arc::new(Progress::default()),
        scratch: scratch.root().to_owned(),
        keys: scratch.keys().to_owned(),
        environment: settings.environment.clone(),
        carried,
        rehearsal: rehearsal.transpose().map_err(of_edge)?,
        redactor,
        grace: GRACE,
        cells,
        places: None,
        day: None,
    }))
}

/// Whether the agent is there and signed in. Asking it takes seconds, so it is asked once as long as it is the same file.
fn look_at_agent(
    settings: &Settings,
    (plan, order): (&Plan, &Order),
    cache: &ProjectCache,
    carried: &mut Carried,
) -> Result<(), Failure> {
    let model = plan.models.get(&order.model);
    let agent = model.and_then(|model| plan.agents.get(&model.agent));
    let (Some(model), Some(agent)) = (model, agent) else {
        return Ok(());
    };
    let stamp = find(settings, &agent.command).ok().and_then(|program| {
        let found = fs::metadata(&program).ok()?;
        Some(format!(
            "{} {} {:?}",
            program.display(),
            found.len(),
            found.modified().ok()?
        ))
    });
    let known = stamp.map(|stamp| {
        let name = blake3::hash(stamp.as_bytes()).to_hex();
        cache.folder().join(format!("agent-{name}"))
    });
    let before = known
        .as_ref()
        .and_then(|known| files::read(known, files::RECORD).ok());
    if let Some(version) = before {
        carried.opencode_version = String::from_utf8(version)
            .ok()
            .filter(|version| !version.is_empty());
        return Ok(());
    }
    let mut probes = Probes::new(settings, carried);
    let lack = match plan.rehearsal.is_some() {
        true => probes.agent(agent).lack,
        false => probes.model(model, agent).err(),
    };
    if let Some(lack) = lack {
        return Err(lacking(&lack));
    }
    let version = carried.opencode_version.clone().unwrap_or_default();
    // The next call asks again, if this cannot be kept.
    let _ = known.map(|known| files::replace_unsynced(&known, version.as_bytes()));
    Ok(())
}

fn lacking(lack: &Lack) -> Failure {
    let kind = match lack.what {
        What::Program => FailureKind::AgentMissing,
        What::SignIn => FailureKind::Auth,
        What::Model => FailureKind::UnknownModel,
        What::Machine | What::Destination => FailureKind::Machine,
    };
    Failure::new(kind, format!("on {}: {}", host(), lack.problem)).hint(&lack.remedy)
}

fn of_edge(failure: super::failure::Failure) -> Failure {
    Failure::new(FailureKind::Machine, failure.text())
}

fn machine(error: impl std::error::Error) -> Failure {
    Failure::new(FailureKind::Machine, error.to_string())
}

/// The name of this machine.
fn host() -> String {
    executors::node().unwrap_or_else(|| {
        rustix::system::uname()
            .nodename()
            .to_string_lossy()
            .into_owned()
    })
}
