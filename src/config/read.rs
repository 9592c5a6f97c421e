//! A layer out of a tree. Also used for the same keys at the top of a workflow.

use std::path::{Component, Path};

use crate::model::{AgentEnv, AgentName, MicroUsd, ModelName};
use crate::plan::{
    ExecutorKind, ExecutorSpec, NodeSignIn, Price, SandboxMode, SandboxRules, SetupStep,
    VerifyRules,
};
use crate::yaml::{Entry, Fields, Node, Reader, Spanned, Value};

use super::defaults::DefaultsEntry;
use super::keys::{
    AGENT_KEYS, CONFIRM_KEYS, DEFAULT_KEYS, EXECUTOR_KEYS, LIMIT_KEYS, MODEL_KEYS, NETWORKS,
    PRICE_KEYS, SANDBOX_KEYS, SANDBOX_RULES, SETUP_KEYS,
};
use super::layer::{AgentEntry, ConfirmAbove, Layer, Limit, LimitsEntry, ModelEntry, RoleEntry};
use super::{notify, wrapper};

/// Reads the keys of a layer and no others; whoever owns the map checks for unknown ones.
pub fn read_layer(reader: &mut Reader, fields: Fields<'_>) -> Layer {
    let mut layer = Layer::default();
    for entry in entries(reader, fields, "agents") {
        if let Some(agent) = read_agent(reader, entry) {
            layer.agents.insert(entry.key.clone(), agent);
        }
    }
    for entry in entries(reader, fields, "models") {
        if let Some(model) = read_model(reader, entry) {
            layer.models.insert(entry.key.clone(), model);
        }
    }
    read_executors(reader, fields, &mut layer);
    for entry in entries(reader, fields, "roles") {
        if let Some(role) = read_role(reader, entry) {
            layer.roles.insert(entry.key.clone(), role);
        }
    }
    if let Some(node) = fields.get("limits") {
        layer.limits = read_limits(reader, node);
    }
    layer.confirm_above = fields
        .get("confirm_above")
        .and_then(|node| read_confirm_above(reader, node));
    if let Some(node) = fields.get("defaults") {
        layer.defaults = read_defaults(reader, node);
    }
    layer.verify_with = fields
        .get("verify")
        .map(|_| names(reader, fields, "verify"));
    layer.verify = VerifyRules {
        allow: names(reader, fields, "verify_allow"),
        pass_env: names(reader, fields, "verify_pass_env"),
        env: match fields.get("verify_env") {
            Some(node) => read_env(reader, node, "`verify_env`"),
            None => AgentEnv::default(),
        },
    };
    layer.accept = names(reader, fields, "accept");
    if let Some(node) = fields.get("notify") {
        layer.notify = notify::read(reader, node);
    }
    layer.setup = fields
        .get("setup")
        .and_then(|node| read_setup(reader, node));
    if let Some(node) = fields.get("sandbox") {
        (layer.sandbox_mode, layer.sandbox) = read_sandbox(reader, node);
    }
    layer
}

/// What executors there are, and what goes to which.
fn read_executors(reader: &mut Reader, fields: Fields<'_>, layer: &mut Layer) {
    for entry in entries(reader, fields, "executors") {
        if let Some(executor) = read_executor(reader, entry) {
            layer.executors.named.insert(entry.key.clone(), executor);
        }
    }
    let uses = &mut layer.executor_names;
    let mut named = |reader: &mut Reader, fields: Fields<'_>| {
        let name = fields.get("executor")?;
        let name = reader.name(name, "`executor`")?;
        uses.push(name.clone());
        Some(name.value)
    };
    layer.executors.of_all = named(reader, fields);
    for (key, known) in [("agents", AGENT_KEYS), ("models", MODEL_KEYS)] {
        let Some(Value::Map(all)) = fields.get(key).map(|node| &node.value) else {
            continue;
        };
        for entry in all {
            let (place, Value::Map(entries)) = (entry.place, &entry.value.value) else {
                continue;
            };
            let of = Fields {
                place,
                entries,
                known,
            };
            let Some(name) = named(reader, of) else {
                continue;
            };
            let executors = &mut layer.executors;
            match key {
                "agents" => executors.of_agents.insert(AgentName::new(&entry.key), name),
                _ => executors.of_models.insert(ModelName::new(&entry.key), name),
            };
        }
    }
}

fn read_executor(reader: &mut Reader, entry: &Entry) -> Option<ExecutorSpec> {
    let what = format!("the executor `{}`", entry.key);
    let fields = reader.known_fields(&entry.value, &what, EXECUTOR_KEYS)?;
    let mut text = |key: &str| {
        let node = fields.get(key)?;
        reader.name(node, &format!("`{key}`"))
    };
    let [shared, partition, constraint, account, program] =
        ["shared", "partition", "constraint", "account", "program"].map(&mut text);
    for path in shared.iter().chain(&program) {
        if !path.value.starts_with('/') {
            let message = format!("`{}` is no absolute path", path.value);
            reader.report(path.spot.error("bad-path", message));
        }
    }
    for key in ["kind", "shared"] {
        if fields.get(key).is_none() {
            let message = format!("{what} has no `{key}`");
            let mistake = reader.spot(entry.place).error("missing-key", message);
            reader.report(mistake);
        }
    }
    let kind = fields.get("kind");
    let kind =
        kind.and_then(|node| reader.choice(node, "the kind of an executor", &ExecutorKind::WORDS));
    let sign_in = fields.get("sign_in");
    let sign_in = sign_in.and_then(|node| reader.choice(node, "`sign_in`", &NodeSignIn::WORDS));
    let value = |text: Option<Spanned<String>>| text.map(|text| text.value);
    Some(ExecutorSpec {
        kind: kind?.value,
        shared: shared?.value,
        partition: value(partition),
        constraint: value(constraint),
        account: value(account),
        options: names(reader, fields, "options"),
        program: value(program),
        path: names(reader, fields, "path"),
        sign_in: sign_in.map(|sign_in| sign_in.value).unwrap_or_default(),
    })
}

fn names(reader: &mut Reader, fields: Fields<'_>, key: &str) -> Vec<String> {
    let node = fields.get(key);
    let texts = node.and_then(|node| reader.texts(node, &format!("`{key}`")));
    let texts = texts.unwrap_or_default().into_iter();
    texts.map(|text| text.value).collect()
}

/// The entries of a map of names, with names that could not be told from literals refused.
fn entries<'n>(reader: &mut Reader, fields: Fields<'n>, key: &str) -> Vec<&'n Entry> {
    let Some(named) = fields
        .get(key)
        .and_then(|node| reader.fields(node, &format!("`{key}`")))
    else {
        return Vec::new();
    };
    let odd = |c: char| c == ':' || c == '=' || c.is_whitespace() || c.is_control();
    let mut good = Vec::new();
    for entry in named.entries {
        if entry.key.is_empty() || entry.key.contains(odd) {
            let message = format!("`{}` is no name", entry.key);
            let mistake = reader
                .spot(entry.place)
                .error("bad-name", message)
                .with_hint("a name has no spaces, no `:` and no `=`");
            reader.report(mistake);
        } else {
            good.push(entry);
        }
    }
    good
}

fn read_agent(reader: &mut Reader, entry: &Entry) -> Option<AgentEntry> {
    let what = format!("the agent `{}`", entry.key);
    let fields = reader.known_fields(&entry.value, &what, AGENT_KEYS)?;
    let command = fields
        .get("command")
        .and_then(|node| reader.name(node, "`command`"));
    let kind = fields
        .get("kind")
        .and_then(|node| reader.name(node, "`kind`"));
    let mut list = |key: &str| {
        let node = fields.get(key)?;
        let texts = reader.texts(node, &format!("`{key}`"))?;
        Some(texts.into_iter().map(|text| text.value).collect())
    };
    let args = list("args");
    let pass_env = list("pass_env");
    let env = match fields.get("env") {
        Some(node) => read_env(reader, node, "`env`"),
        None => AgentEnv::default(),
    };
    let sandbox = fields.get("sandbox");
    let sandbox = sandbox.map(|node| read_sandbox_rules(reader, node));
    Some(AgentEntry {
        spot: reader.spot(entry.place),
        command: command.map(|command| command.value),
        kind,
        args,
        env,
        pass_env,
        sandbox: sandbox.unwrap_or_default(),
        wrapper: wrapper::read(reader, fields),
    })
}

/// A list of commands, or `none`.
fn read_setup(reader: &mut Reader, node: &Node) -> Option<Vec<SetupStep>> {
    let Value::Seq(items) = &node.value else {
        let none = reader.choice(node, "`setup` that is no list", &[("none", ())]);
        return none.map(|_| Vec::new());
    };
    let steps = items.iter();
    Some(
        steps
            .filter_map(|item| read_setup_step(reader, item))
            .collect(),
    )
}

fn read_setup_step(reader: &mut Reader, node: &Node) -> Option<SetupStep> {
    let fields = reader.known_fields(node, "an item of `setup`", SETUP_KEYS)?;
    for key in ["run", "when"] {
        if fields.get(key).is_none() {
            let message = format!("an item of `setup` has no `{key}`");
            let mistake = reader.spot(node.place).error("missing-key", message);
            reader.report(mistake);
        }
    }
    let run = fields
        .get("run")
        .and_then(|node| reader.name(node, "`run`"));
    let (when, keep) = (names(reader, fields, "when"), names(reader, fields, "keep"));
    for path in when.iter().chain(&keep) {
        let is_inside = Path::new(path)
            .components()
            .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !is_inside {
            let message = format!("`{path}` is no path of the project");
            let mistake = reader.spot(node.place).error("bad-path", message);
            reader.report(mistake.with_hint("write it from the top of the project, without `..`"));
        }
    }
    Some(SetupStep {
        run: run?.value,
        when,
        keep,
        detected: false,
    })
}

/// A word is the mode; a map may hold it beside the rules.
fn read_sandbox(reader: &mut Reader, node: &Node) -> (Option<SandboxMode>, SandboxRules) {
    let Value::Map(_) = &node.value else {
        return (read_sandbox_mode(reader, node), SandboxRules::default());
    };
    let Some(fields) = reader.known_fields(node, "`sandbox`", SANDBOX_KEYS) else {
        return Default::default();
    };
    let mode = fields.get("mode");
    let mode = mode.and_then(|node| read_sandbox_mode(reader, node));
    (mode, read_paths(reader, fields))
}

/// What one agent or phase may use.
pub fn read_sandbox_rules(reader: &mut Reader, node: &Node) -> SandboxRules {
    let fields = reader.known_fields(node, "`sandbox`", SANDBOX_RULES);
    fields.map_or_else(SandboxRules::default, |fields| read_paths(reader, fields))
}

fn read_sandbox_mode(reader: &mut Reader, node: &Node) -> Option<SandboxMode> {
    let word = reader.name(node, "`sandbox`")?;
    let mode = serde_json::from_value(word.value.as_str().into()).ok();
    if mode.is_none() {
        let message = format!("`{}` is no mode of the sandbox", word.value);
        let hint = "it is `on`, `required`, `landlock` or `off`";
        reader.report(word.spot.error("bad-value", message).with_hint(hint));
    }
    mode
}

/// Whether a path is absolute or begins at the user's home, and is not all there is.
fn is_place(path: &str) -> bool {
    let is_whole = Path::new(path) == Path::new("/");
    path == "~" || path.starts_with("~/") || (path.starts_with('/') && !is_whole)
}

fn read_paths(reader: &mut Reader, fields: Fields<'_>) -> SandboxRules {
    let mut paths = |key: &str| {
        let node = fields.get(key);
        let texts = node.and_then(|node| reader.texts(node, &format!("`{key}`")));
        let (good, bad): (Vec<_>, Vec<_>) = texts
            .into_iter()
            .flatten()
            .partition(|text| is_place(&text.value));
        for text in bad {
            let (message, hint) = match Path::new(&text.value) == Path::new("/") {
                true => ("is all of this machine", "`sandbox: off` closes nothing"),
                false => ("is no absolute path", "write `/…`, or `~/…` for your home"),
            };
            let message = format!("`{}` {message}", text.value);
            let mistake = text.spot.error("bad-path", message);
            reader.report(mistake.with_hint(hint));
        }
        good.into_iter().map(|text| text.value).collect()
    };
    let (read, write) = (paths("read"), paths("write"));
    let mut size = |key: &str| {
        let node = fields.get(key)?;
        reader
            .size(node, &format!("`{key}`"))
            .map(|size| size.value)
    };
    SandboxRules {
        read,
        write,
        memory: size("memory"),
        disk: size("disk"),
        processes: fields
            .get("processes")
            .and_then(|node| reader.positive(node, "`processes`"))
            .map(|count| count.value),
        network: fields
            .get("network")
            .and_then(|node| reader.choice(node, "`network`", &NETWORKS))
            .map(|network| network.value),
    }
}

fn read_env(reader: &mut Reader, node: &Node, what: &str) -> AgentEnv {
    let mut env = AgentEnv::default();
    let Some(fields) = reader.fields(node, what) else {
        return env;
    };
    for entry in fields.entries {
        // A variable's value is a text whatever it looks like: `CI: true` means the text.
        let value = match &entry.value.value {
            Value::Scalar(scalar) if scalar.is_null() => Some(String::new()),
            Value::Scalar(scalar) => Some(scalar.text.clone()),
            Value::Seq(_) | Value::Map(_) => reader
                .text(&entry.value, &format!("the variable `{}`", entry.key))
                .map(|text| text.value),
        };
        if entry.key.is_empty() || entry.key.contains(['=', '\0']) {
            let mistake = reader
                .spot(entry.place)
                .error("bad-name", format!("`{}` is no variable's name", entry.key));
            reader.report(mistake);
        } else if let Some(value) = value {
            env.set(&entry.key, value);
        }
    }
    env
}

fn read_model(reader: &mut Reader, entry: &Entry) -> Option<ModelEntry> {
    let what = format!("the model `{}`", entry.key);
    let fields = reader.known_fields(&entry.value, &what, MODEL_KEYS)?;
    let mut name = |key: &str| {
        let node = fields.get(key)?;
        reader.name(node, &format!("`{key}`"))
    };
    let agent = name("agent");
    let id = name("id");
    let variant = name("variant").map(|variant| variant.value);
    let family = name("family").map(|family| family.value);
    let price = fields
        .get("price")
        .and_then(|node| read_price(reader, node));
    let context = fields
        .get("context")
        .and_then(|node| reader.whole(node, "`context`"));
    Some(ModelEntry {
        spot: reader.spot(entry.place),
        agent,
        id,
        variant,
        family,
        price,
        context: context.map(|context| context.value),
    })
}

fn read_price(reader: &mut Reader, node: &Node) -> Option<Price> {
    let fields = reader.known_fields(node, "`price`", PRICE_KEYS)?;
    let mut amount = |key: &str| {
        let amount = reader.amount(fields.get(key)?, &format!("the price of {key}"));
        amount.map(|amount| amount.value)
    };
    let price = (amount("input"), amount("output"));
    let (cache_read, cache_write) = (amount("cache_read"), amount("cache_write"));
    for key in ["input", "output"] {
        if fields.get(key).is_none() {
            let message = format!("the price of {key} is missing");
            let mistake = reader.spot(node.place).error("missing-key", message);
            reader.report(mistake);
        }
    }
    Some(Price {
        input: price.0?,
        output: price.1?,
        cache_read,
        cache_write,
    })
}

fn read_role(reader: &mut Reader, entry: &Entry) -> Option<RoleEntry> {
    let what = format!("the role `{}`", entry.key);
    let chain = reader.texts(&entry.value, &what)?;
    if chain.is_empty() {
        let mistake = reader
            .spot(entry.value.place)
            .error("empty", format!("{what} names no model"));
        reader.report(mistake);
        return None;
    }
    Some(RoleEntry {
        spot: reader.spot(entry.place),
        chain,
    })
}

fn read_limits(reader: &mut Reader, node: &Node) -> LimitsEntry {
    let Some(fields) = reader.known_fields(node, "`limits`", LIMIT_KEYS) else {
        return LimitsEntry::default();
    };
    LimitsEntry {
        calls: limit(fields, "calls", |node| reader.positive(node, "`calls`")),
        tokens: limit(fields, "tokens", |node| reader.positive(node, "`tokens`")),
        cost: money(reader, fields, "cost"),
        day: money(reader, fields, "day"),
        processes: limit(fields, "processes", |node| {
            reader.positive(node, "`processes`")
        }),
        wall: limit(fields, "wall", |node| reader.duration(node, "`wall`")),
        concurrency: fields.get("concurrency").and_then(|node| {
            let count = reader.count(node, "`concurrency`")?;
            if count.value == 0 {
                let message = "`concurrency` must be at least 1";
                reader.report(count.spot.error("out-of-range", message));
                return None;
            }
            Some(count.value)
        }),
        changed_files: limit(fields, "changed_files", |node| {
            reader.whole(node, "`changed_files`")
        }),
        changed_size: limit(fields, "changed_size", |node| {
            reader.size(node, "`changed_size`")
        }),
        changed_file_size: limit(fields, "changed_file_size", |node| {
            reader.size(node, "`changed_file_size`")
        }),
    }
}

/// What to ask above, or `none`.
fn read_confirm_above(reader: &mut Reader, node: &Node) -> Option<ConfirmAbove> {
    let default = ConfirmAbove::default();
    let Value::Map(_) = &node.value else {
        let never = ConfirmAbove {
            cost: None,
            calls: None,
        };
        let none = [("none", never)];
        let chosen = reader.choice(node, "`confirm_above` that is no map", &none)?;
        return Some(chosen.value);
    };
    let fields = reader.known_fields(node, "`confirm_above`", CONFIRM_KEYS)?;
    let cost = money(reader, fields, "cost");
    let calls = limit(fields, "calls", |node| reader.positive(node, "`calls`"));
    Some(ConfirmAbove {
        cost: cost.map_or(default.cost, Limit::value),
        calls: calls.map_or(default.calls, Limit::value),
    })
}

fn money(reader: &mut Reader, fields: Fields<'_>, key: &str) -> Option<Limit<MicroUsd>> {
    limit(fields, key, |node| {
        let money = reader.amount(node, &format!("`{key}` (US dollars)"))?;
        Some(money.map(MicroUsd::from_usd))
    })
}

fn limit<T>(
    fields: Fields<'_>,
    key: &str,
    read: impl FnOnce(&Node) -> Option<Spanned<T>>,
) -> Option<Limit<T>> {
    let node = fields.get(key)?;
    if let Value::Scalar(scalar) = &node.value
        && scalar.text == "none"
    {
        return Some(Limit::Unlimited);
    }
    read(node).map(|value| Limit::At(value.value))
}

fn read_defaults(reader: &mut Reader, node: &Node) -> DefaultsEntry {
    let Some(fields) = reader.known_fields(node, "`defaults`", DEFAULT_KEYS) else {
        return DefaultsEntry::default();
    };
    let mut duration = |key: &str| {
        let node = fields.get(key)?;
        reader
            .duration(node, &format!("`{key}`"))
            .map(|duration| duration.value)
    };
    DefaultsEntry {
        timeout: duration("timeout"),
        idle_timeout: duration("idle_timeout"),
        straggler_timeout: duration("straggler_timeout"),
        retries: fields
            .get("retries")
            .and_then(|node| reader.count(node, "`retries`"))
            .map(|count| count.value),
        project_instructions: fields
            .get("project_instructions")
            .and_then(|node| reader.flag(node, "`project_instructions`"))
            .map(|flag| flag.value),
    }
}
