//! Looking before leaping: whether the agents are there and signed in, before anything is started.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use super::failure::{Exit, Failure};
use super::print;
use super::settings::Settings;
use crate::agents::{self, Adapter, Carried, SignIn, Supported};
use crate::files;
use crate::model::ModelName;
use crate::plan::{AgentKind, AgentSpec, Distill, PhaseKind, Plan};
use crate::process::run_helper;
use crate::runtime::{self, Inside};
use crate::workspace::{ApplyError, WorkspaceError};
use crate::yaml::nearest;

/// An agent that does not tell its version within this time gets no more questions.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a model or the whole run lacks, and why.
type Lack = (What, String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Program,
    /// Nobody is signed in at its provider.
    SignIn,
    /// Its agent does not know it.
    Model,
    /// The results could not go where they are to go.
    Destination,
}

/// Checks everything that the plan's calls will need and that can be told now, all of it at once. A call
/// that has a usable model left only earns a warning. `used` says which model is used in the place of one of
/// the plan's, `destination` whether results can go where they are to go.
pub fn preflight<'p>(
    settings: &Settings,
    plan: &'p Plan,
    used: impl Fn(&'p ModelName) -> &'p ModelName,
    carried: &mut Carried,
    destination: Result<(), ApplyError>,
) -> Result<(), Failure> {
    let missing = missing(settings, plan, used, carried, destination);
    missing.map_or(Ok(()), |(list, hint)| {
        let message = format!("nothing was started, because this is missing:{list}");
        Err(Failure::said(Exit::Usage, &message, Some(&hint)))
    })
}

/// The same for who only wants to know: what is missing is a warning.
pub fn report(settings: &Settings, plan: &Plan, carried: &mut Carried) {
    if let Some((list, hint)) = missing(settings, plan, |model| model, carried, Ok(())) {
        print::note(&format!(
            "warning: a run could not start, because this is missing:{list}\nhint: {hint}"
        ));
    }
}

/// What is missing, a line each, and what to do about it. What only may be is said.
fn missing<'p>(
    settings: &Settings,
    plan: &'p Plan,
    used: impl Fn(&'p ModelName) -> &'p ModelName,
    carried: &mut Carried,
    destination: Result<(), ApplyError>,
) -> Option<(String, String)> {
    // Without these some call could never be made, each with the models that it concerns.
    let mut missing: BTreeMap<&Lack, Vec<&str>> = BTreeMap::new();
    let git = find(settings, "git").map_err(|reason| (What::Program, reason));
    // Without git, the list says so already.
    let destination = destination.or_else(|error| match error {
        ApplyError::Workspace(WorkspaceError::GitMissing { .. }) => Ok(()),
        error => Err((
            What::Destination,
            format!("a place for the results: {error}"),
        )),
    });
    missing.extend(git.as_ref().err().map(|lack| (lack, Vec::new())));
    missing.extend(destination.as_ref().err().map(|lack| (lack, Vec::new())));
    let uses_opencode = |agent: &AgentSpec| agent.kind == AgentKind::Opencode;
    if plan.agents.values().any(uses_opencode) && find(settings, "rg").is_err() {
        warn("ripgrep (`rg`) is not on PATH: agents have no search tools");
    }
    let unusable = unusable(settings, plan, carried);
    let is_usable = |model: &ModelName| !unusable.contains_key(model);
    let mut needed: BTreeSet<&ModelName> = BTreeSet::new();
    for chain in chains(plan) {
        if !chain.iter().any(|model| is_usable(used(model))) {
            needed.extend(chain.iter().map(&used));
        }
    }
    let wanted = chains(plan).into_iter().chain(distillers(plan));
    let wanted: BTreeSet<&ModelName> = wanted.flatten().map(&used).collect();
    for (model, lack) in &unusable {
        if needed.contains(*model) {
            missing.entry(lack).or_default().push(model.as_str());
        } else if wanted.contains(*model) {
            warn(&format!("{model} cannot be used: {}", lack.1));
        }
    }
    let install = unusable.iter().find_map(|(model, lack)| {
        let agent = plan.agents.get(&plan.models.get(*model)?.agent)?;
        let product = agents::of(agent.kind).product()?;
        (lack.0 == What::Program).then(|| {
            format!(
                "`{}` installs {}; a rehearsal needs it too",
                product.install, product.name
            )
        })
    });
    let lines = missing
        .iter()
        .map(|((_, reason), models)| match models.is_empty() {
            true => format!("\n  {reason}"),
            false => format!("\n  {}: {reason}", models.join(", ")),
        });
    let list: String = lines.collect();
    let lacks = |wanted| missing.keys().any(|(what, _)| *what == wanted);
    let hint = if lacks(What::SignIn) || lacks(What::Model) {
        "`--rehearse` runs the workflow without a key; `--model NAME=OTHER` uses another model"
            .to_owned()
    } else if lacks(What::Destination) {
        "`--branch` takes the name of a new branch of a git repository".to_owned()
    } else if let Some(install) = install {
        install
    } else {
        "name a program that is there under `agents:` of the configuration, or use another model with \
         `--model NAME=OTHER`"
            .to_owned()
    };
    (!missing.is_empty()).then_some((list, hint))
}

fn warn(what: &str) {
    print::note(&format!("warning: {what}"));
}

/// The models that cannot be used.
fn unusable<'p>(
    settings: &Settings,
    plan: &'p Plan,
    carried: &mut Carried,
) -> BTreeMap<&'p ModelName, Lack> {
    let mut programs = BTreeMap::new();
    for (name, agent) in &plan.agents {
        programs.insert(name, probe(settings, agent, carried));
    }
    // The catalogue is large, and read once for each provider.
    let mut catalogues = BTreeMap::new();
    let models = plan.models.iter().filter_map(|(name, model)| {
        let lack = match programs.get(&model.agent)? {
            Err(reason) => (What::Program, reason.clone()),
            Ok(()) => {
                let adapter = agents::of(plan.agents.get(&model.agent)?.kind);
                if plan.rehearsal.is_some() {
                    return None;
                }
                let beside = (
                    &model.agent,
                    model.id.split_once('/').map(|(provider, _)| provider),
                );
                let known = catalogues
                    .entry(beside)
                    .or_insert_with(|| adapter.models_beside(&model.id, carried));
                missing_sign_in(settings, adapter, &model.id, carried)
                    .or_else(|| unknown_model(adapter, &model.id, known.as_deref()?))?
            }
        };
        Some((name, lack))
    });
    models.collect()
}

fn unknown_model(adapter: &dyn Adapter, id: &str, known: &[String]) -> Option<Lack> {
    if known.iter().any(|model| model == id) {
        return None;
    }
    let meant = nearest(id, known.iter().map(String::as_str));
    let meant = meant.map(|model| format!("; did you mean `{model}`?"));
    let meant = meant.unwrap_or_default();
    let reason = format!("{} knows no model `{id}`{meant}", adapter.product()?.name);
    Some((What::Model, reason))
}

fn chains(plan: &Plan) -> Vec<&[ModelName]> {
    let mut chains = Vec::new();
    for phase in &plan.phases {
        match &phase.kind {
            PhaseKind::Single { chain, .. } => chains.push(chain.as_slice()),
            PhaseKind::Ensemble {
                proposers, judge, ..
            } => {
                chains.extend(proposers.iter().map(Vec::as_slice));
                chains.push(judge.as_slice());
            }
            // The chains of roles stand by in case that a category is called like one; they are not worth
            // refusing a run for.
            PhaseKind::Routed { routing, named, .. } => {
                let wanted = named.iter().filter_map(|category| routing.get(category));
                chains.extend(wanted.map(Vec::as_slice));
            }
            PhaseKind::Parallel { lenses, judge } => {
                chains.extend(lenses.iter().map(|lens| lens.chain.as_slice()));
                chains.extend(judge.as_deref());
            }
        }
    }
    chains
}

/// Who distills. A run goes on without them, so they only earn a warning.
fn distillers(plan: &Plan) -> impl Iterator<Item = &[ModelName]> {
    plan.phases.iter().filter_map(|phase| match &phase.distill {
        Distill::Model(chain) => Some(chain.as_slice()),
        Distill::Agent | Distill::Nobody => None,
    })
}

/// Whether the agent's program is there and of a version that can work.
fn probe(settings: &Settings, agent: &AgentSpec, carried: &mut Carried) -> Result<(), String> {
    let program = find(settings, &agent.command)
        .map_err(|reason| format!("{reason}; install it, or set `agents:` in the configuration"))?;
    let adapter = agents::of(agent.kind);
    let Some(product) = adapter.product() else {
        return Ok(());
    };
    let installed = product.judge(&version_of(settings, adapter, &program)?);
    match installed.supported {
        Supported::Tested => {}
        Supported::Untested => warn(&format!("{installed}; it may work")),
        Supported::TooOld | Supported::TooNew => {
            return Err(format!(
                "{installed}; `{}` installs a tested one",
                product.install
            ));
        }
    }
    if agent.kind == AgentKind::Opencode {
        carried.opencode_version = Some(installed.version);
    }
    Ok(())
}

/// Where a program is, or why it cannot be run.
fn find(settings: &Settings, program: &str) -> Result<PathBuf, String> {
    let path = settings.environment.get(std::ffi::OsStr::new("PATH"));
    let root = &settings.project.root;
    which::which_in(program, path, root).map_err(|_| {
        match program.contains('/') && root.join(program).is_file() {
            true => format!("`{program}` is not executable"),
            false if program.contains('/') => format!("`{program}` does not exist"),
            false => format!("`{program}` is not on PATH"),
        }
    })
}

/// What `--version` prints. Remembered, because asking costs most of a second.
fn version_of(
    settings: &Settings,
    adapter: &dyn Adapter,
    program: &Path,
) -> Result<String, String> {
    let memory = Memory::of(settings, program);
    if let Some(version) = memory.as_ref().and_then(Memory::recall) {
        return Ok(version);
    }
    let failed =
        |error: std::io::Error| format!("`{} --version` failed: {error}", program.display());
    let private = tempfile::tempdir().map_err(failed)?;
    let probe = adapter.version_probe(program, &settings.environment, private.path());
    let keys = private.path().join("keys");
    let inside = Inside::same(private.path(), private.path(), &keys);
    runtime::lay_out(&probe.files, &keys, &inside, false).map_err(|error| error.message)?;
    let command = duct::cmd(probe.program, probe.args)
        .dir(probe.cwd)
        .full_env(probe.env)
        .stdin_null()
        .stderr_null()
        .stdout_capture();
    let output = run_helper(&command, Some(PATIENCE)).map_err(|error| match error.kind() {
        std::io::ErrorKind::TimedOut => {
            format!("`{} --version` does not answer", program.display())
        }
        _ => failed(error),
    })?;
    if !output.status.success() {
        return Err(format!(
            "`{} --version` failed with {}",
            program.display(),
            output.status
        ));
    }
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if let Some(memory) = memory {
        memory.keep(&version);
    }
    Ok(version)
}

/// The remembered versions of program files, each by its path, size and time.
struct Memory {
    file: PathBuf,
    program: String,
}

impl Memory {
    fn of(settings: &Settings, program: &Path) -> Option<Self> {
        let cache = files::xdg_folder(&settings.environment, "XDG_CACHE_HOME", ".cache")?;
        let real = program.canonicalize().ok()?;
        let meta = real.metadata().ok()?;
        let changed = meta.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        let program = format!("{} {} {}", real.display(), meta.len(), changed.as_nanos());
        Some(Self {
            file: cache.join("tipstaff/versions.json"),
            program,
        })
    }

    fn recall(&self) -> Option<String> {
        self.known()?.get(&self.program).cloned()
    }

    fn known(&self) -> Option<BTreeMap<String, String>> {
        serde_json::from_slice(&files::read(&self.file, files::RECORD).ok()?).ok()
    }

    /// Forgetting is harmless, so trouble with the cache is none.
    fn keep(&self, version: &str) {
        let path = |program: &str| program.rsplitn(3, ' ').last().map(str::to_owned);
        let mut known = self.known().unwrap_or_default();
        known.retain(|program, _| path(program) != path(&self.program));
        known.insert(self.program.clone(), version.to_owned());
        let folder = self.file.parent().map(files::make_folders);
        if let (Some(Ok(_)), Ok(json)) = (folder, serde_json::to_vec(&known)) {
            let _ = files::write(&self.file, json);
        }
    }
}

fn missing_sign_in(
    settings: &Settings,
    adapter: &dyn Adapter,
    model: &str,
    carried: &Carried,
) -> Option<Lack> {
    if adapter.signed_in(model, carried, &settings.environment) != SignIn::None {
        return None;
    }
    let product = adapter.product()?;
    let whose = match model.split_once('/') {
        Some((provider, _)) => format!("for provider `{provider}`"),
        None => format!("of {}", product.name),
    };
    let reason = format!(
        "no sign-in {whose}: run `{}`, or set its key variable",
        product.sign_in
    );
    Some((What::SignIn, reason))
}
