//! What was found.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use super::executors::{Executor, try_out};
use super::live::{Reply, ask};
use super::problems::{Problem, Problems};
use crate::agents::{self, Carried};
use crate::cli::failure::Failure;
use crate::cli::prepare::{Valid, compile_unbound};
use crate::cli::print;
use crate::cli::probes::{Lack, Machine, Missing, ProbedAgent, Probes, What, discovered, missing};
use crate::cli::settings::{Configuration, Settings};
use crate::cli::trust::{is_agreed, is_configuration_agreed};
use crate::config::{Config, catalogue};
use crate::model::ModelName;
use crate::plan::{AgentKind, AgentSpec, ModelSpec};
use crate::workflow::bundled_names;

#[derive(Debug, Serialize)]
pub struct Examination {
    pub machine: Machine,
    pub agents: Vec<Agent>,
    pub models: Vec<Model>,
    pub roles: Vec<Role>,
    pub executors: Vec<Executor>,
    pub workflows: Vec<Workflow>,
    /// What models said that were asked.
    pub replies: Vec<Reply>,
    pub problems: Vec<Problem>,
}

#[derive(Debug, Serialize)]
pub struct Agent {
    pub name: String,
    pub kind: AgentKind,
    pub command: String,
    pub path: Option<PathBuf>,
    /// Further programs of its name on PATH, which are not taken.
    pub others: Vec<PathBuf>,
    pub version: Option<String>,
    /// `tested`, `untested`, `too old`, `too new`, `not installed`, `not executable`, `does not work`; `found` of any
    /// other program.
    pub state: &'static str,
    /// What installs it, where that is known.
    pub install: Option<&'static str>,
    /// How it is signed in, by provider.
    pub sign_ins: BTreeMap<String, String>,
}

impl Agent {
    /// Its version or state, and how it is signed in.
    pub fn in_words(&self) -> String {
        let state = self.version.as_deref().unwrap_or(self.state);
        let ways = self.sign_ins.iter();
        let ways = ways.map(|(provider, way)| format!("{provider}: {way}"));
        let ways = ways.collect::<Vec<_>>().join(", ");
        match ways.is_empty() {
            true => state.to_owned(),
            false => format!("{state} ({ways})"),
        }
    }
}

#[derive(Debug, Serialize)]
pub struct Model {
    pub name: String,
    pub spec: ModelSpec,
    pub can_be_used: bool,
}

#[derive(Debug, Serialize)]
pub struct Role {
    pub name: String,
    pub models: Vec<String>,
    /// The first of them that can be used.
    pub used: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct Workflow {
    pub name: &'static str,
    pub can_run: bool,
}

impl Examination {
    /// `asks` models for a word, and `tries` executors out.
    pub fn make(settings: &Settings, (asks, tries): (bool, bool)) -> Result<Self, Failure> {
        let Configuration { config, base, .. } = settings.configuration()?;
        let is_trusted = is_configuration_agreed(settings, &base)?;
        // Nothing of the project is started, not even to be asked for its version, before that is agreed to.
        let config = if is_trusted { config } else { base };
        let machine = Machine::look(settings, config.sandbox_mode)?;
        let (mut carried, unreadable) = discovered(settings);
        let mut probes = Probes::new(settings, &mut carried).without(unreadable);
        let mut problems = Problems::of(&machine);
        let models = models(&mut probes, &config, &mut problems);
        let agents = config
            .agents
            .iter()
            .map(|(name, spec)| agent(&mut probes, name.as_str(), spec, &config));
        let agents: Vec<Agent> = agents.collect();
        let roles = config.roles.iter().map(|(name, chain)| {
            let mut usable = chain
                .iter()
                .filter(|model| can_use(&mut probes, &config, model));
            let used = usable.next().cloned();
            Role {
                name: name.clone(),
                models: chain.clone(),
                used,
            }
        });
        let roles = roles.collect();
        let workflows = bundled_names()
            .map(|name| workflow(&mut probes, name, &mut problems))
            .collect();
        let executors = config.executors.named.iter().filter(|_| tries);
        let executors: Vec<Executor> = executors
            .map(|(name, spec)| {
                print::note(&format!("trying the executor {name} …"));
                try_out(name, spec)
            })
            .collect();
        for executor in &executors {
            if let Some(problem) = &executor.problem {
                let problem = format!("the executor {}: {problem}", executor.name);
                let remedy = "its settings are under `executors` in the configuration";
                problems.add(Lack::new(What::Machine, problem, remedy), None);
            }
        }
        let replies = match asks {
            true => replies(settings, &config, &carried, &models)?,
            false => Vec::new(),
        };
        Ok(Self {
            machine,
            agents,
            models,
            roles,
            executors,
            workflows,
            replies,
            problems: problems.listed(),
        })
    }

    /// Whether every bundled workflow could run, every executor works, and every model that was asked has answered.
    pub fn can_run(&self) -> bool {
        let answered = self.replies.iter().all(|reply| reply.answered);
        let works = self
            .executors
            .iter()
            .all(|executor| executor.problem.is_none());
        answered && works && self.workflows.iter().all(|workflow| workflow.can_run)
    }

    /// Whether there is any agent that tipstaff knows.
    pub fn has_agent(&self) -> bool {
        let is_there = |agent: &Agent| agent.path.is_some();
        self.agents.iter().any(is_there)
    }
}

fn models(probes: &mut Probes<'_>, config: &Config, problems: &mut Problems) -> Vec<Model> {
    let mut models = Vec::new();
    for (name, spec) in &config.models {
        let Some(agent) = config.agents.get(&spec.agent) else {
            continue;
        };
        let lack = probes.model(spec, agent).err();
        models.push(Model {
            name: name.to_string(),
            spec: spec.clone(),
            can_be_used: lack.is_none(),
        });
        if let Some(lack) = lack {
            problems.add(lack, [name.as_str()]);
        }
    }
    models
}

/// Asks each model that can be used, whatever its names, once.
fn replies(
    settings: &Settings,
    config: &Config,
    carried: &Carried,
    models: &[Model],
) -> Result<Vec<Reply>, Failure> {
    let mut asked: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for model in models.iter().filter(|model| model.can_be_used) {
        let which = (&model.spec.agent, &model.spec.id, &model.spec.variant);
        asked.entry(which).or_default().push(model.name.clone());
    }
    let asked = asked.into_values();
    asked
        .map(|names| {
            print::note(&format!("asking {} …", names.join(", ")));
            ask(settings, config, carried, names)
        })
        .collect()
}

fn can_use(probes: &mut Probes<'_>, config: &Config, model: &str) -> bool {
    let Ok(spec) = config.model(&ModelName::new(model)) else {
        return false;
    };
    let agent = config.agents.get(&spec.agent);
    agent.is_some_and(|agent| probes.model(&spec, agent).is_ok())
}

fn agent(probes: &mut Probes<'_>, name: &str, spec: &AgentSpec, config: &Config) -> Agent {
    let ProbedAgent {
        program,
        others,
        installed,
        state,
        ..
    } = probes.agent(spec);
    let product = agents::of(spec.kind).product;
    let mut sign_ins = BTreeMap::new();
    if program.is_some()
        && let Some(product) = product
    {
        let provider_of = |model: &ModelSpec| {
            let provider = model.id.split_once('/').map(|(provider, _)| provider);
            provider.or(product.provider).unwrap_or_default().to_owned()
        };
        let own = config
            .models
            .values()
            .filter(|model| model.agent.as_str() == name);
        let mut asked: Vec<(String, String)> = own
            .map(|model| (provider_of(model), model.id.clone()))
            .collect();
        // Of one that no name stands for, any model of its provider tells.
        let any = product.provider.and_then(|provider| {
            Some((
                provider.to_owned(),
                catalogue().any_of(provider)?.to_owned(),
            ))
        });
        asked.extend(any);
        let set_up = probes.set_up(spec).into_iter();
        asked.extend(set_up.map(|(provider, _)| (provider.clone(), format!("{provider}/any"))));
        for (provider, id) in asked {
            let told = probes.sign_in(&id, spec);
            sign_ins.entry(provider).or_insert_with(|| told.to_string());
        }
    }
    Agent {
        name: name.to_owned(),
        kind: spec.kind,
        command: spec.command.clone(),
        path: program,
        others,
        version: installed.map(|installed| installed.version),
        state,
        install: product.map(|product| product.install),
        sign_ins,
    }
}

fn workflow(probes: &mut Probes<'_>, name: &'static str, problems: &mut Problems) -> Workflow {
    let settings = probes.settings;
    let valid = compile_unbound(settings, name, None);
    let agreed = |valid: &Valid| is_agreed(settings, &valid.plan, &valid.base, &valid.files);
    let lack = match valid {
        Ok(valid) if agreed(&valid).unwrap_or(false) => {
            let Missing { lacks, .. } = missing(probes, &valid.plan, |model| model);
            let can_run = lacks.is_empty();
            for (lack, models) in lacks {
                problems.add(lack, models);
            }
            return Workflow { name, can_run };
        }
        Ok(_) => {
            let problem = "this project gives orders that you have not agreed to";
            Lack::new(
                What::Destination,
                problem,
                "`tipstaff trust` shows them and asks",
            )
        }
        Err(_) => {
            let remedy = format!("`tipstaff check {name}` shows them");
            Lack::new(What::Destination, format!("`{name}` has mistakes"), remedy)
        }
    };
    problems.add(lack, None);
    Workflow {
        name,
        can_run: false,
    }
}
