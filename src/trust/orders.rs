//! Finding the orders of a project.

use std::fmt::Display;
use std::io;
use std::path::Path;

use super::{Order, ProjectFiles, Subject};
use crate::config::{
    self, AgentEntry, Config, Layer, Limit, LimitsEntry, ModelEntry, parse_literal,
};
use crate::model::{AgentEnv, AgentName, ModelName, RunLimits, names_a_secret};
use crate::plan::VerifyRules;
use crate::workflow::{self, Workflow};
use crate::yaml::Source;

/// The project's configuration, relative to it.
pub const CONFIG: &str = ".tipstaff/config.yaml";
/// The folder of its workflows.
pub const WORKFLOWS: &str = ".tipstaff/workflows";
/// The folder of its prompt templates.
pub const PROMPTS: &str = ".tipstaff/prompts";

/// Configuration of agent CLIs in a project.
const OF_AGENTS: &[&str] = &[
    "opencode.json",
    "opencode.jsonc",
    ".opencode/opencode.json",
    ".opencode/opencode.jsonc",
];

/// What there is without the project: its orders are what differs from that.
pub struct Known<'a> {
    /// The built-in configuration with the user's over it.
    pub config: &'a Config,
    /// Whose workflow of this name the project's replaces: `the bundled workflow`.
    pub workflow: &'a dyn Fn(&str) -> Option<&'static str>,
    /// The same of a prompt template.
    pub template: &'a dyn Fn(&str) -> Option<&'static str>,
}

/// The orders of a project: of its configuration, of these workflows of its, by their paths, and of these
/// templates, by their names.
///
/// # Errors
/// A file cannot be read, or may not be obeyed; with its path.
pub fn orders(
    files: &ProjectFiles,
    known: &Known<'_>,
    workflows: &[String],
    templates: &[String],
) -> Result<Vec<Order>, (String, io::Error)> {
    let text = |path: &str| {
        let text = files.text(Path::new(path));
        text.map_err(|error| (path.to_owned(), error))
    };
    let mut found = Vec::new();
    if let Some(text) = text(CONFIG)? {
        let layer = config::layer(&Source::new(CONFIG, &*text));
        found.extend(of_config(&layer, known.config));
    }
    for path in workflows {
        let name = path
            .strip_prefix(WORKFLOWS)
            .and_then(|name| name.strip_prefix('/'));
        let name = name.and_then(|name| name.strip_suffix(".yaml"));
        let replaces = name.and_then(known.workflow);
        if let Some(text) = text(path)? {
            found.extend(of_workflow(files, path, &text, replaces, known.config));
        }
    }
    for name in templates {
        let path = format!("{PROMPTS}/{name}.md");
        let Some(text) = text(&path)? else { continue };
        let what = match (known.template)(name) {
            Some(whose) => format!("replaces {whose} `{name}`"),
            None => format!("is the prompt template `{name}`"),
        };
        let facts = vec![what, lines_of(&text)];
        found.push(Order::new(Subject::Named, path, facts, &text, ""));
    }
    for path in OF_AGENTS {
        if let Some(text) = text(path)? {
            let facts = vec![
                "configures OpenCode: programs, addresses and keys in it count once you agree"
                    .to_owned(),
                lines_of(&text),
            ];
            found.push(Order::new(
                Subject::OfAgent,
                (*path).to_owned(),
                facts,
                &text,
                "",
            ));
        }
    }
    Ok(found)
}

fn of_config(layer: &Layer, base: &Config) -> Vec<Order> {
    let order = |subject, what: String, facts, hidden: String| {
        Order::new(subject, format!("{CONFIG}: {what}"), facts, "", &hidden)
    };
    let mut found = Vec::new();
    for (name, agent) in &layer.agents {
        let (facts, hidden) = (of_agent(name, agent, base), values(&agent.env));
        let subject = Subject::Agent(AgentName::new(name));
        found.push(order(subject, format!("agent `{name}`"), facts, hidden));
    }
    for (name, fact) in models(layer, base) {
        let subject = Subject::Models(vec![ModelName::new(&name)]);
        let what = format!("model `{name}`");
        found.push(order(subject, what, vec![fact], String::new()));
    }
    for (name, role) in &layer.roles {
        let named = role.chain.iter().map(|model| model.value.as_str());
        let (models, facts) = strangers(named, base);
        if !facts.is_empty() {
            let what = format!("role `{name}`");
            found.push(order(Subject::Models(models), what, facts, String::new()));
        }
    }
    let facts = of_limits(&layer.limits, &base.limits);
    if !facts.is_empty() {
        found.push(order(
            Subject::Named,
            "limits".to_owned(),
            facts,
            String::new(),
        ));
    }
    let facts = of_verify(&layer.verify);
    if !facts.is_empty() {
        let what = "commands that prove changes".to_owned();
        found.push(order(
            Subject::Verify,
            what,
            facts,
            values(&layer.verify.env),
        ));
    }
    found
}

/// A workflow is one order, with all its text and the prompt files that it names, or none.
fn of_workflow(
    files: &ProjectFiles,
    path: &str,
    text: &str,
    replaces: Option<&'static str>,
    base: &Config,
) -> Option<Order> {
    let replaces = replaces.map(|whose| format!("replaces {whose}"));
    let mut facts: Vec<String> = replaces.into_iter().collect();
    // One that cannot be read cannot be run; why is said by whoever compiles it.
    let parsed = workflow::parse(&Source::new(path, text)).ok();
    let mut hidden = String::new();
    if let Some(parsed) = &parsed {
        facts.extend(of_parsed(parsed, base));
        hidden.push_str(&values(&parsed.layer.verify.env));
        for agent in parsed.layer.agents.values() {
            hidden.push_str(&values(&agent.env));
        }
    }
    if facts.is_empty() {
        return None;
    }
    facts.push(lines_of(text));
    let folder = Path::new(path).parent().unwrap_or(Path::new(""));
    let mut whole = text.to_owned();
    for name in parsed.iter().flat_map(workflow::prompt_files) {
        facts.push(format!("prompt file: {name}"));
        let file = folder.join(name);
        // One that is not there or leads out is said by whoever compiles it.
        if let Ok(Some(text)) = files.text(&file) {
            whole.push_str(&text);
        }
    }
    let order = Order::new(Subject::Named, path.to_owned(), facts, &whole, &hidden);
    Some(order)
}

fn of_parsed(workflow: &Workflow, base: &Config) -> Vec<String> {
    let layer = &workflow.layer;
    let mut facts: Vec<String> = workflow
        .commands()
        .map(|command| format!("runs: {command}"))
        .collect();
    for (name, agent) in &layer.agents {
        let of_agent = of_agent(name, agent, base).into_iter();
        facts.extend(of_agent.map(|fact| format!("agent `{name}`: {fact}")));
    }
    facts.extend(models(layer, base).map(|(name, fact)| format!("model `{name}`: {fact}")));
    let roles = layer.roles.values().flat_map(|role| &role.chain);
    let phases = workflow
        .phases
        .iter()
        .flat_map(|phase| phase.model_references());
    let named = roles.chain(phases).map(|model| model.value.as_str());
    facts.extend(strangers(named, base).1);
    facts.extend(of_verify(&layer.verify));
    facts.extend(of_limits(&layer.limits, &base.limits));
    facts
}

fn of_agent(name: &str, agent: &AgentEntry, base: &Config) -> Vec<String> {
    let before = base.agents.get(&AgentName::new(name));
    let program = match (&agent.command, before) {
        (Some(own), Some(before)) if *own != before.command => {
            format!("program: {own} (instead of {})", before.command)
        }
        (Some(own), _) => format!("program: {own}"),
        (None, Some(before)) => format!("program: {}, as before", before.command),
        (None, None) => format!("program: {name}"),
    };
    let mut facts = vec![program];
    facts.extend(
        agent
            .kind
            .iter()
            .map(|kind| format!("kind: {}", kind.value)),
    );
    let args = agent.args.as_deref().unwrap_or_default();
    if !args.is_empty() {
        facts.push(format!("arguments: {}", args.join(" ")));
    }
    facts.extend(variables(
        &agent.env,
        agent.pass_env.as_deref().unwrap_or_default(),
    ));
    facts
}

fn of_verify(rules: &VerifyRules) -> Vec<String> {
    let allowed = rules.allow.iter();
    allowed
        .map(|pattern| format!("lets models run: {pattern}"))
        .chain(variables(&rules.env, &rules.pass_env))
        .collect()
}

/// Limits of what a run may use that are higher than they would be. Lower ones are nobody's harm.
fn of_limits(said: &LimitsEntry, base: &RunLimits) -> Vec<String> {
    fn raises<T: PartialOrd + Display>(
        name: &str,
        said: Option<Limit<T>>,
        base: Option<T>,
    ) -> Option<String> {
        match (said?, base?) {
            (Limit::Unlimited, _) => Some(format!("takes the limit `{name}` away")),
            (Limit::At(said), base) if said > base => {
                Some(format!("raises the limit `{name}` to {said} from {base}"))
            }
            (Limit::At(_), _) => None,
        }
    }
    let raised = [
        raises("calls", said.calls, base.calls),
        raises("tokens", said.tokens, base.tokens),
        raises("cost", said.cost, base.cost),
        raises("wall", said.wall, base.wall),
    ];
    raised.into_iter().flatten().collect()
}

/// The value of a key is not shown; a change of it is noticed all the same.
fn variables(env: &AgentEnv, passed: &[String]) -> Vec<String> {
    let set = env.iter().map(|(name, value)| match names_a_secret(name) {
        true => format!("sets {name}"),
        false => format!("sets {name}={}", value.expose()),
    });
    let passed = passed
        .iter()
        .map(|name| format!("takes your variable {name}"));
    set.chain(passed).collect()
}

fn values(env: &AgentEnv) -> String {
    let lines = env
        .iter()
        .map(|(name, value)| format!("{name}={}\n", value.expose()));
    lines.collect()
}

/// The models of a layer whose work goes elsewhere than it would without the layer, or to somebody whom
/// nothing but the layer names.
fn models<'a>(layer: &'a Layer, base: &'a Config) -> impl Iterator<Item = (String, String)> + 'a {
    layer.models.iter().filter_map(|(name, entry)| {
        let Some(to) = destination(entry) else {
            // Where an agent reports no cost, the limit of cost counts by the price.
            let spec = base.models.get(&ModelName::new(name))?;
            let differs = entry.price.is_some() && entry.price != spec.price;
            return differs.then(|| (name.clone(), "has another price".to_owned()));
        };
        match base.models.get(&ModelName::new(name)) {
            Some(spec) => {
                let before = (spec.agent.as_str(), provider(&spec.id));
                let fact = format!("goes to {} instead of {}", said(to), said(before));
                (before != to).then(|| (name.clone(), fact))
            }
            None => (!is_known(to, base)).then(|| (name.clone(), format!("goes to {}", said(to)))),
        }
    })
}

fn destination(entry: &ModelEntry) -> Option<(&str, &str)> {
    // Without either, it only says more about the same model.
    if entry.agent.is_none() && entry.id.is_none() {
        return None;
    }
    let agent = entry
        .agent
        .as_ref()
        .map_or("opencode", |agent| &agent.value);
    Some((
        agent,
        entry.id.as_ref().map_or("", |id| provider(&id.value)),
    ))
}

/// Models written as `agent:provider/model` whose agent and provider nothing but the project names.
fn strangers<'a>(
    named: impl Iterator<Item = &'a str>,
    base: &Config,
) -> (Vec<ModelName>, Vec<String>) {
    let mut found = (Vec::new(), Vec::new());
    for name in named {
        let Some(Ok(literal)) = parse_literal(name) else {
            continue;
        };
        let to = (literal.agent.as_str(), provider(&literal.id));
        if !is_known(to, base) {
            found.0.push(ModelName::new(name));
            found.1.push(format!("sends work to {}", said(to)));
        }
    }
    found
}

fn is_known(to: (&str, &str), base: &Config) -> bool {
    let mut known = base.models.values();
    known.any(|spec| (spec.agent.as_str(), provider(&spec.id)) == to)
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

fn lines_of(text: &str) -> String {
    match text.lines().count() {
        1 => "1 line".to_owned(),
        count => format!("{count} lines"),
    }
}
