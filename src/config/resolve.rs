//! A merged layer into a configuration; every name that is mentioned must exist.

use std::collections::BTreeMap;

use crate::model::{AgentName, ChangeLimits, Millis, ModelName, RunLimits};
use crate::plan::{AgentKind, AgentSpec, ModelSpec, Network, Wrapper};
use crate::yaml::{Diagnostic, Spot, did_you_mean};

use super::catalogue::catalogue;
use super::defaults::DefaultsEntry;
use super::layer::{AgentEntry, Layer, Limit, LimitsEntry, ModelEntry};
use super::types::{Config, Defaults};

/// Agent CLIs that exist in the world but have no adapter here.
const KNOWN_ELSEWHERE: &[&str] = &[
    "aider",
    "amp",
    "claude-code",
    "copilot",
    "crush",
    "cursor",
    "goose",
];

/// The agent of a model that names none.
const DEFAULT_AGENT: &str = "opencode";

impl Config {
    /// This configuration with a workflow's own layer over it, and the mistakes that arise. What is
    /// mistaken is left out, so that checking can go on.
    pub fn with(&self, over: &Layer) -> (Self, Vec<Diagnostic>) {
        resolve(self.layer.clone().under(over.clone()))
    }
}

/// Resolves a merged layer. What is mistaken is reported and left out.
pub(super) fn resolve(layer: Layer) -> (Config, Vec<Diagnostic>) {
    let mut mistakes = Vec::new();
    let mut agents = BTreeMap::new();
    for (name, entry) in &layer.agents {
        match resolve_agent(name, entry) {
            Ok(mut spec) => {
                let mut sandbox = layer.sandbox.clone();
                sandbox.extend(spec.sandbox);
                spec.sandbox = sandbox;
                agents.insert(AgentName::new(name), spec);
            }
            Err(mistake) => mistakes.push(*mistake),
        }
    }
    let mut models = BTreeMap::new();
    for (name, entry) in &layer.models {
        match resolve_model(name, entry, &layer, &agents) {
            Ok(spec) => {
                models.insert(ModelName::new(name), spec);
            }
            Err(mistake) => mistakes.push(*mistake),
        }
    }
    let mut config = Config {
        agents,
        models,
        roles: BTreeMap::new(),
        executors: layer.executors.clone(),
        limits: resolve_limits(layer.limits),
        change_limits: resolve_change_limits(layer.limits),
        defaults: resolve_defaults(layer.defaults),
        verify: layer.verify.clone(),
        verify_with: layer.verify_with.clone().unwrap_or_default(),
        accept: layer.accept.clone(),
        notify: layer.notify.clone(),
        confirm_above: layer.confirm_above,
        setup: layer.setup.clone(),
        sandbox_mode: layer.sandbox_mode.unwrap_or_default(),
        sandbox: layer.sandbox.clone(),
        layer,
    };
    for name in &config.layer.executor_names {
        mistakes.extend(config.unknown_executor(name));
    }
    let roles = resolve_roles(&config, &mut mistakes);
    config.roles = roles;
    (config, mistakes)
}

fn resolve_agent(name: &str, entry: &AgentEntry) -> Result<AgentSpec, Box<Diagnostic>> {
    let kind = match &entry.kind {
        Some(kind) => {
            AgentKind::of(&kind.value).ok_or_else(|| unknown_kind(name, &kind.value, &kind.spot))?
        }
        None => AgentKind::of(name).ok_or_else(|| unknown_kind(name, name, &entry.spot))?,
    };
    let command = entry.command.as_deref().or(kind.program());
    let command = command.map(str::to_owned).ok_or_else(|| {
        let message = format!("the agent `{name}` has no `command`");
        Box::new(entry.spot.error("missing-key", message))
    })?;
    if kind.needs_network() && entry.sandbox.network == Some(Network::None) {
        let message = format!("the agent `{name}` reaches its models by the network");
        let mistake = entry.spot.error("bad-value", message);
        return Err(Box::new(
            mistake.with_hint("`network: none` is for agents of `kind: command`"),
        ));
    }
    // What speaks for itself may still have its sign-in in the user's home.
    let home_alone = Wrapper {
        shares_home: kind == AgentKind::Acp && entry.wrapper.shares_home,
        ..Wrapper::default()
    };
    if kind != AgentKind::Command && entry.wrapper != home_alone {
        let message = format!("`output`, `failures` and `home` are not for the agent `{name}`");
        let hint = "they describe programs without an adapter: `kind: command`";
        let mistake = entry.spot.error("misplaced-key", message).with_hint(hint);
        return Err(Box::new(mistake));
    }
    Ok(AgentSpec {
        kind,
        command,
        args: entry.args.clone().unwrap_or_default(),
        env: entry.env.clone(),
        pass_env: entry.pass_env.clone().unwrap_or_default(),
        sandbox: entry.sandbox.clone(),
        wrapper: entry.wrapper.clone(),
    })
}

fn kinds() -> String {
    let words = AgentKind::WORDS.iter().map(|word| format!("`{word}`"));
    words.collect::<Vec<_>>().join(", ")
}

fn unknown_kind(name: &str, kind: &str, spot: &Spot) -> Box<Diagnostic> {
    let message = if KNOWN_ELSEWHERE.contains(&kind) {
        format!(
            "no adapter for `{kind}`: this version has adapters for {}",
            kinds()
        )
    } else if name == kind {
        format!("the agent `{name}` needs a `kind`: {}", kinds())
    } else {
        format!("unknown kind of agent `{kind}`")
    };
    let hint = if KNOWN_ELSEWHERE.contains(&kind) || name == kind {
        Some(
            "any program that speaks the Agent Client Protocol can be used with `kind: acp`, any that reads a prompt \
             on standard input with `kind: command`"
                .to_owned(),
        )
    } else {
        did_you_mean(kind, AgentKind::WORDS.iter().copied())
    };
    Box::new(
        spot.error("unknown-agent-kind", message)
            .with_hint_opt(hint),
    )
}

fn resolve_model(
    name: &str,
    entry: &ModelEntry,
    layer: &Layer,
    agents: &BTreeMap<AgentName, AgentSpec>,
) -> Result<ModelSpec, Box<Diagnostic>> {
    let (agent, spot) = match &entry.agent {
        Some(agent) => (agent.value.as_str(), &agent.spot),
        None => (DEFAULT_AGENT, &entry.spot),
    };
    // An agent that is there but mistaken has been reported already.
    if !layer.agents.contains_key(agent) {
        let mistake = spot
            .error("unknown-agent", format!("unknown agent `{agent}`"))
            .with_hint_opt(did_you_mean(agent, layer.agents.keys().map(String::as_str)));
        return Err(Box::new(mistake));
    }
    let agent = AgentName::new(agent);
    let kind = agents.get(&agent).map(|spec| spec.kind);
    let id = match &entry.id {
        Some(id) => {
            if kind.is_none_or(AgentKind::names_providers) && !id.value.contains('/') {
                let message = format!("the id `{}` has no provider", id.value);
                let mistake = id
                    .spot
                    .error("bad-model-id", message)
                    .with_hint("write it as `provider/model`");
                return Err(Box::new(mistake));
            }
            id.value.clone()
        }
        None if kind.is_some_and(|kind| !kind.is_product()) => String::new(),
        None => {
            let mistake = entry
                .spot
                .error("missing-key", format!("the model `{name}` has no `id`"))
                .with_hint("for example `id: anthropic/claude-sonnet-5`");
            return Err(Box::new(mistake));
        }
    };
    let known = catalogue().model(&id);
    Ok(ModelSpec {
        agent,
        id,
        variant: entry.variant.clone(),
        family: entry.family.clone().or(known.family),
        price: entry.price.or(known.price),
        context: entry.context.or(known.context),
    })
}

fn resolve_roles(config: &Config, mistakes: &mut Vec<Diagnostic>) -> BTreeMap<String, Vec<String>> {
    let layer = &config.layer;
    let mut roles = BTreeMap::new();
    for (name, role) in &layer.roles {
        if layer.models.contains_key(name) {
            let message = format!("`{name}` is the name of a model and of a role");
            mistakes.push(role.spot.error("ambiguous-name", message));
            continue;
        }
        let mut chain = Vec::new();
        for member in &role.chain {
            // A name that is a model as well is reported where the role is.
            if layer.roles.contains_key(&member.value) && !layer.models.contains_key(&member.value)
            {
                let message = format!("the role `{name}` names the role `{}`", member.value);
                let mistake = member
                    .spot
                    .error("role-in-role", message)
                    .with_hint("a role names models");
                mistakes.push(mistake);
                continue;
            }
            match config.model(&ModelName::new(&member.value)) {
                Ok(_) => chain.push(member.value.clone()),
                // A model that is there but mistaken has been reported already.
                Err(_) if layer.models.contains_key(&member.value) => {}
                Err(unknown) => mistakes.push(
                    member
                        .spot
                        .error("unknown-model", unknown.message)
                        .with_hint_opt(unknown.hint),
                ),
            }
        }
        if !chain.is_empty() {
            roles.insert(name.clone(), chain);
        }
    }
    roles
}

fn resolve_limits(entry: LimitsEntry) -> RunLimits {
    RunLimits {
        calls: entry.calls.and_then(Limit::value),
        tokens: entry.tokens.and_then(Limit::value),
        cost: entry.cost.and_then(Limit::value),
        wall: entry.wall.and_then(Limit::value),
        concurrency: entry.concurrency.unwrap_or(1),
        processes: entry.processes.and_then(Limit::value),
        day: entry.day.and_then(Limit::value),
    }
}

fn resolve_change_limits(entry: LimitsEntry) -> ChangeLimits {
    ChangeLimits {
        files: entry.changed_files.and_then(Limit::value),
        size: entry.changed_size.and_then(Limit::value),
        file_size: entry.changed_file_size.and_then(Limit::value),
    }
}

/// The fallbacks here only matter if the built-in layer named nothing; a test sees to it that it does.
fn resolve_defaults(entry: DefaultsEntry) -> Defaults {
    Defaults {
        timeout: entry.timeout.unwrap_or(Millis::minutes(30)),
        idle_timeout: entry.idle_timeout.unwrap_or(Millis::minutes(5)),
        retries: entry.retries.unwrap_or(2),
        straggler_timeout: entry.straggler_timeout.unwrap_or(Millis::minutes(2)),
        project_instructions: entry.project_instructions.unwrap_or(true),
    }
}
