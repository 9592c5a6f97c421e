//! Finding out what the files of a project order.

use std::fmt::Display;
use std::io;
use std::path::Path;

use super::order::{By, Fact, Order};
use super::{CONFIG, OF_AGENTS, PROMPTS, ProjectFiles};
use crate::config::{
    self, AgentEntry, Config, Layer, Limit, LimitsEntry, ModelEntry, parse_literal,
};
use crate::model::{AgentEnv, AgentName, ModelName, RunLimits, names_a_secret};
use crate::plan::{SandboxMode, SandboxRules};
use crate::workflow;
use crate::yaml::Source;

/// What there is without the project: its orders are what differs from that.
pub struct Known<'a> {
    /// The built-in configuration with the user's over it.
    pub config: &'a Config,
    /// What a workflow or a template of the project replaces, by its path, in words.
    pub replaced: &'a dyn Fn(&str) -> Option<String>,
}

/// The orders of these files of a project, of those that are there and order anything.
///
/// # Errors
/// A file cannot be read, or may not be obeyed; with its path.
pub fn orders(
    files: &ProjectFiles,
    known: &Known<'_>,
    paths: &[String],
) -> Result<Vec<Order>, (String, io::Error)> {
    let mut found = Vec::new();
    for path in paths {
        let text = files.text(Path::new(path));
        let text = text.map_err(|error| (path.clone(), error))?;
        let order = text.map(|text| order(files, known, path, &text));
        found.extend(order.filter(|order| !order.facts.is_empty()));
    }
    Ok(found)
}

/// The order that a configuration of an agent CLI in the project is.
pub fn agent_config(path: &str, text: &str) -> Order {
    let says = "configures OpenCode: its programs, addresses and keys count once you agree";
    let (says, by) = (says.to_owned(), By::Nobody);
    Order {
        path: path.to_owned(),
        facts: vec![Fact { says, by }],
        text: text.to_owned(),
    }
}

fn order(files: &ProjectFiles, known: &Known<'_>, path: &str, text: &str) -> Order {
    let mut facts = Facts {
        base: known.config,
        files,
        found: Vec::new(),
    };
    let source = Source::new(path, text);
    let mut whole = String::new();
    if OF_AGENTS.contains(&path) {
        return agent_config(path, text);
    }
    if path == CONFIG {
        facts.of_layer(&config::layer(&source));
    } else {
        let replaced = (known.replaced)(path).map(|whose| format!("replaces {whose}"));
        if path.starts_with(PROMPTS) {
            facts.add(
                By::All,
                replaced.unwrap_or_else(|| "is a prompt template".to_owned()),
            );
            text.clone_into(&mut whole);
        } else {
            facts
                .found
                .extend(replaced.map(|says| Fact { says, by: By::All }));
            whole = facts.of_workflow(&source);
        }
    }
    Order {
        path: path.to_owned(),
        facts: facts.found,
        text: whole,
    }
}

/// The facts that were found so far, by what there is without the project.
struct Facts<'a> {
    base: &'a Config,
    files: &'a ProjectFiles,
    found: Vec<Fact>,
}

impl Facts<'_> {
    fn add(&mut self, by: By, says: String) {
        self.found.push(Fact { says, by });
    }

    /// The text that counts: with the prompt files that it names.
    fn of_workflow(&mut self, source: &Source) -> String {
        let mut whole = source.text.clone();
        // One that cannot be read cannot be run; why is said by whoever compiles it.
        let Ok(workflow) = workflow::parse(source) else {
            return whole;
        };
        for command in workflow.commands() {
            self.add(By::All, format!("runs: {command}"));
        }
        self.of_layer(&workflow.layer);
        for name in workflow
            .phases
            .iter()
            .flat_map(|phase| phase.model_references())
        {
            self.of_literal(&name.value);
        }
        for phase in &workflow.phases {
            let who = format!("calls and commands of the phase `{}`", phase.name.value);
            self.of_sandbox(&By::All, &who, &phase.sandbox, &self.base.sandbox);
        }
        let folder = Path::new(&*source.name).parent().unwrap_or(Path::new(""));
        for name in workflow::prompt_files(&workflow) {
            // One that is not there or leads out is said by whoever compiles it.
            if let Ok(Some(text)) = self.files.text(&folder.join(name)) {
                whole.push_str(&text);
            }
        }
        whole
    }

    fn of_layer(&mut self, layer: &Layer) {
        for (name, agent) in &layer.agents {
            self.of_agent(name, agent);
        }
        for (name, model) in &layer.models {
            self.of_model(name, model);
        }
        for model in layer.roles.values().flat_map(|role| &role.chain) {
            self.of_literal(&model.value);
        }
        for (name, executor) in &layer.executors.named {
            let says = serde_json::to_string(executor).unwrap_or_default();
            self.add(
                By::All,
                format!("sends calls to other machines by `{name}`: {says}"),
            );
        }
        self.of_limits(&layer.limits);
        for step in layer.setup.iter().flatten() {
            self.add(By::Editors, format!("sets up by: {}", step.run));
        }
        let before = self.base.sandbox_mode;
        let mode = layer.sandbox_mode.filter(|mode| *mode != before);
        if let Some(mode) = mode.filter(|mode| *mode != SandboxMode::Required) {
            self.add(
                By::All,
                format!("sets `sandbox` to {mode} instead of {before}"),
            );
        }
        let before = &self.base.sandbox;
        self.of_sandbox(&By::All, "agents and commands", &layer.sandbox, before);
        for command in layer.verify_with.iter().flatten() {
            self.add(By::Editors, format!("runs: {command}"));
        }
        for pattern in &layer.verify.allow {
            self.add(By::Editors, format!("lets models run: {pattern}"));
        }
        self.of_variables(
            &By::Editors,
            "commands",
            &layer.verify.env,
            &layer.verify.pass_env,
        );
    }

    fn of_agent(&mut self, name: &str, agent: &AgentEntry) {
        let by = By::Agent(AgentName::new(name));
        let what = format!("agent `{name}`");
        let known = self.base.agents.get(&AgentName::new(name));
        let before = known.map(|known| known.command.as_str());
        let program = agent.command.as_deref().or(before).unwrap_or(name);
        let instead = before.filter(|before| *before != program);
        let instead = instead.map_or_else(String::new, |before| format!(" (instead of {before})"));
        let digest = self.files.digest(Path::new(program));
        let digest =
            digest.map_or_else(String::new, |digest| format!(" (with the digest {digest})"));
        self.add(
            by.clone(),
            format!("{what}: program: {program}{digest}{instead}"),
        );
        if let Some(kind) = &agent.kind {
            self.add(by.clone(), format!("{what}: kind: {}", kind.value));
        }
        if let Some(args) = &agent.args {
            let args = args
                .iter()
                .map(|arg| match arg.contains([' ', '"']) || arg.is_empty() {
                    true => format!("{arg:?}"),
                    false => arg.clone(),
                });
            let args: Vec<String> = args.collect();
            self.add(by.clone(), format!("{what}: arguments: {}", args.join(" ")));
        }
        if agent.wrapper.shares_home && !known.is_some_and(|known| known.wrapper.shares_home) {
            let says = format!("{what}: lives in your home, and can read and change what is there");
            self.add(by.clone(), says);
        }
        let sandbox = known.map_or(&self.base.sandbox, |known| &known.sandbox);
        self.of_sandbox(&by, &what, &agent.sandbox, sandbox);
        let passed = agent.pass_env.as_deref().unwrap_or_default();
        self.of_variables(&by, &what, &agent.env, passed);
    }

    /// What of this machine may be used beside what is needed.
    fn of_sandbox(&mut self, by: &By, who: &str, said: &SandboxRules, before: &SandboxRules) {
        for (verb, paths) in [("read", &said.read), ("change", &said.write)] {
            for path in paths {
                self.add(by.clone(), format!("lets {who} {verb} {path}"));
            }
        }
        let raised = [
            raised("memory", said.memory.map(Limit::At), before.memory),
            raised("disk", said.disk.map(Limit::At), before.disk),
            raised("processes", said.processes.map(Limit::At), before.processes),
        ];
        for says in raised.into_iter().flatten() {
            self.add(by.clone(), says);
        }
    }

    /// The value of a key is not shown; a change of it is.
    fn of_variables(&mut self, by: &By, what: &str, env: &AgentEnv, passed: &[String]) {
        for (name, value) in env.iter() {
            let value = match names_a_secret(name) {
                true => {
                    let digest = blake3::hash(value.expose().as_bytes()).to_hex();
                    format!(" (a key with the digest {})", &digest.as_str()[..12])
                }
                false => format!("={}", value.expose()),
            };
            self.add(by.clone(), format!("{what}: sets {name}{value}"));
        }
        for name in passed {
            self.add(by.clone(), format!("{what}: takes your variable {name}"));
        }
    }

    /// Work that goes elsewhere than without the project, or to somebody whom nothing but the project names.
    fn of_model(&mut self, name: &str, model: &ModelEntry) {
        let before = self.base.models.get(&ModelName::new(name));
        let to = destination(model);
        let says = match (before, to) {
            // Where an agent reports no cost, the limit of cost counts by the price.
            (Some(before), None) if model.price.is_some() && model.price != before.price => {
                "has another price".to_owned()
            }
            (Some(before), Some(to)) => {
                let before = (before.agent.as_str(), provider(&before.id));
                if before == to {
                    return;
                }
                format!("goes to {} instead of {}", said(to), said(before))
            }
            (None, Some(to)) if !self.is_known(to) => format!("goes to {}", said(to)),
            (None, _) | (Some(_), None) => return,
        };
        let by = By::Model(ModelName::new(name));
        self.add(by, format!("model `{name}`: {says}"));
    }

    /// A model that is written as `agent:provider/model`.
    fn of_literal(&mut self, name: &str) {
        if let Some(Ok(literal)) = parse_literal(name) {
            let to = (literal.agent.as_str(), provider(&literal.id));
            if !self.is_known(to) {
                let by = By::Model(ModelName::new(name));
                self.add(by, format!("sends work to {}", said(to)));
            }
        }
    }

    fn is_known(&self, to: (&str, &str)) -> bool {
        let mut known = self.base.models.values();
        known.any(|spec| (spec.agent.as_str(), provider(&spec.id)) == to)
    }

    /// Limits of what a run may use that are higher than they would be. Lower ones are nobody's harm.
    fn of_limits(&mut self, said: &LimitsEntry) {
        let RunLimits {
            calls,
            tokens,
            cost,
            wall,
            processes,
            day,
            concurrency: _,
        } = self.base.limits;
        let raised = [
            raised("calls", said.calls, calls),
            raised("tokens", said.tokens, tokens),
            raised("cost", said.cost, cost),
            raised("wall", said.wall, wall),
            raised("processes", said.processes, processes),
            raised("day", said.day, day),
        ];
        for says in raised.into_iter().flatten() {
            self.add(By::All, says);
        }
    }
}

fn raised<T: PartialOrd + Display>(
    name: &str,
    said: Option<Limit<T>>,
    base: Option<T>,
) -> Option<String> {
    match (said?, base?) {
        (Limit::Unlimited, _) => Some(format!("takes the limit `{name}` away")),
        (Limit::At(said), base) => {
            (said > base).then(|| format!("raises the limit `{name}` from {base} to {said}"))
        }
    }
}

/// The agent and the provider; nothing for an entry that only says more about the same model.
fn destination(entry: &ModelEntry) -> Option<(&str, &str)> {
    let (agent, id) = (entry.agent.as_ref(), entry.id.as_ref());
    let is_named = agent.is_some() || id.is_some();
    let agent = agent.map_or("opencode", |agent| agent.value.as_str());
    is_named.then(|| (agent, id.map_or("", |id| provider(&id.value))))
}

fn provider(id: &str) -> &str {
    id.split_once('/').map_or("", |(provider, _)| provider)
}

fn said((agent, provider): (&str, &str)) -> String {
    match provider {
        "" => format!("the agent `{agent}`"),
        provider => format!("`{provider}` by the agent `{agent}`"),
    }
}
