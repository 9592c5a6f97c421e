//! Looking before leaping: whether the agents are there and signed in, before anything is started.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::failure::{Exit, Failure};
use super::print;
use super::settings::Settings;
use crate::agents::{self, Carried, SignIn, Supported};
use crate::files;
use crate::model::ModelName;
use crate::plan::{AgentKind, AgentSpec, Distill, ModelSpec, PhaseKind, Plan};

/// An agent that does not tell its version within this time gets no more questions.
const PATIENCE: Duration = Duration::from_secs(20);

/// Checks everything the plan's calls will need and can be told now. A call that has a usable model
/// left only earns a warning.
pub fn preflight(settings: &Settings, plan: &Plan, carried: &mut Carried) -> Result<(), Failure> {
    let mut programs = BTreeMap::new();
    for (name, agent) in &plan.agents {
        programs.insert(name.clone(), probe(settings, agent, carried));
    }
    let unusable: BTreeMap<&ModelName, Lack> = plan
        .models
        .iter()
        .filter_map(|(name, model)| {
            let program = programs.get(&model.agent)?;
            let lack = match program {
                Err(reason) => Some(Lack::Agent(reason.clone())),
                Ok(()) => missing_sign_in(settings, plan, model, carried).map(Lack::SignIn),
            };
            Some((name, lack?))
        })
        .collect();
    for chain in chains(plan) {
        let lacks: Vec<(&ModelName, &Lack)> = chain
            .iter()
            .filter_map(|model| Some((model, unusable.get(model)?)))
            .collect();
        if lacks.len() == chain.len() {
            return Err(refusal(plan, &lacks));
        }
    }
    let wanted = chains(plan).into_iter().chain(distillers(plan));
    let wanted: BTreeSet<&ModelName> = wanted.flatten().collect();
    for (model, lack) in unusable
        .into_iter()
        .filter(|(model, _)| wanted.contains(model))
    {
        print::note(&format!(
            "warning: {model} cannot be used: {}",
            lack.reason()
        ));
    }
    Ok(())
}

/// What a model lacks, and why.
enum Lack {
    /// Its agent cannot be run.
    Agent(String),
    /// Nobody is signed in at its provider.
    SignIn(String),
}

impl Lack {
    fn reason(&self) -> &str {
        match self {
            Self::Agent(reason) | Self::SignIn(reason) => reason,
        }
    }
}

/// No model of a chain can be used.
fn refusal(plan: &Plan, lacks: &[(&ModelName, &Lack)]) -> Failure {
    let reasons: Vec<String> = lacks
        .iter()
        .map(|(model, lack)| format!("{model}: {}", lack.reason()))
        .collect();
    let message = format!("nothing was started: {}", reasons.join("\n  "));
    let keys = lacks
        .iter()
        .any(|(_, lack)| matches!(lack, Lack::SignIn(_)));
    let opencode = lacks.iter().any(|(model, _)| {
        let agent = plan.models.get(*model).map(|model| &model.agent);
        let agent = agent.and_then(|agent| plan.agents.get(agent));
        agent.is_some_and(|agent| agent.kind == AgentKind::Opencode)
    });
    let hint = if keys {
        "`--rehearse` runs the workflow without a key; `--model NAME=OTHER` uses another model"
    } else if opencode {
        "`npm install -g opencode-ai` installs OpenCode, as do the ways that https://opencode.ai/docs names; \
         a rehearsal needs it too"
    } else {
        "name a program that is there under `agents:` of the configuration, or use another model with \
         `--model NAME=OTHER`"
    };
    Failure::said(Exit::Usage, &message, Some(hint))
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
    let path = settings.environment.get(std::ffi::OsStr::new("PATH"));
    let program = which::which_in(&agent.command, path, &settings.project.root).map_err(|_| {
        format!(
            "`{}` is not on PATH; install it, or set `agents:` in the configuration",
            agent.command
        )
    })?;
    match agent.kind {
        AgentKind::Command => Ok(()),
        AgentKind::Opencode => {
            let text = version_of(settings, &program)?;
            let supported = agents::version(&text);
            match &supported {
                Supported::Tested(_) => {}
                Supported::Untested(_) => {
                    print::note(&format!("warning: {supported}; it may work"))
                }
                Supported::TooOld(_) => {
                    return Err(format!(
                        "{supported}; update it with `npm install -g opencode-ai`"
                    ));
                }
            }
            carried.opencode_version = Some(text);
            Ok(())
        }
    }
}

/// What `opencode --version` prints. Remembered, because asking costs most of a second.
fn version_of(settings: &Settings, program: &Path) -> Result<String, String> {
    let memory = Memory::of(settings, program);
    if let Some(version) = memory.as_ref().and_then(Memory::recall) {
        return Ok(version);
    }
    let failed =
        |error: std::io::Error| format!("`{} --version` failed: {error}", program.display());
    // OpenCode leaves a folder in the temporary folder whatever it is asked.
    let temporary = tempfile::tempdir().map_err(failed)?;
    let started = duct::cmd(program, ["--version"])
        .env("TMPDIR", temporary.path())
        .stdin_null()
        .stderr_null()
        .stdout_capture()
        .unchecked()
        .start()
        .map_err(failed)?;
    let Some(output) = started.wait_timeout(PATIENCE).map_err(failed)? else {
        started.kill().map_err(failed)?;
        return Err(format!("`{} --version` does not answer", program.display()));
    };
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

/// The remembered version of one program file.
struct Memory {
    file: PathBuf,
    program: String,
}

impl Memory {
    fn of(settings: &Settings, program: &Path) -> Option<Self> {
        let folder = |name: &str| {
            let value = settings.environment.get(std::ffi::OsStr::new(name))?;
            Some(PathBuf::from(value)).filter(|path| path.is_absolute())
        };
        let cache = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")))?;
        let real = program.canonicalize().ok()?;
        let meta = real.metadata().ok()?;
        let changed = meta
            .modified()
            .ok()?
            .duration_since(std::time::UNIX_EPOCH)
            .ok()?;
        let program = format!("{} {} {}", real.display(), meta.len(), changed.as_nanos());
        Some(Self {
            file: cache.join("tipstaff/versions.json"),
            program,
        })
    }

    fn recall(&self) -> Option<String> {
        let known: BTreeMap<String, String> =
            serde_json::from_slice(&files::read(&self.file, files::RECORD).ok()?).ok()?;
        known.get(&self.program).cloned()
    }

    /// Forgetting is harmless, so trouble with the cache is none.
    fn keep(&self, version: &str) {
        let known = BTreeMap::from([(self.program.clone(), version.to_owned())]);
        let folder = self.file.parent().map(std::fs::create_dir_all);
        if let (Some(Ok(())), Ok(json)) = (folder, serde_json::to_vec(&known)) {
            let _ = std::fs::write(&self.file, json);
        }
    }
}

fn missing_sign_in(
    settings: &Settings,
    plan: &Plan,
    model: &ModelSpec,
    carried: &Carried,
) -> Option<String> {
    let kind = plan.agents.get(&model.agent)?.kind;
    if plan.rehearsal.is_some() || kind == AgentKind::Command {
        return None;
    }
    let (provider, _) = model.id.split_once('/')?;
    match agents::signed_in(carried, provider, &settings.environment) {
        SignIn::None => Some(format!(
            "no sign-in for provider `{provider}`: run `opencode auth login`, or set its key variable"
        )),
        SignIn::Key(_) | SignIn::Auth | SignIn::ProviderConfig | SignIn::Ambient | SignIn::Free => {
            None
        }
    }
}
