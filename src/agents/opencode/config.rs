//! The configuration of one attempt, and the files that keep OpenCode from installing anything.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::PRODUCT;
use super::generation::Generation;
use super::profile::{Rule, by_tool};
use crate::agents::{Assignment, Carried, SeedFile, instructions};
use crate::model::Endpoint;

/// How long a provider may stay silent before a request counts as broken, in milliseconds: until its
/// headers, and between two pieces. OpenCode's own limit is five minutes, tried six times.
const PROVIDER_SILENCE: u64 = 180_000;
/// The provider of a rehearsal.
pub(super) const REHEARSAL: &str = "rehearsal";
/// The window of a rehearsed model: OpenCode 2 has no default.
const WINDOW: u64 = 200_000;
const LONGEST_ANSWER: u64 = 32_000;

/// The whole configuration. It goes into a file and not into a variable: the agent's tools see its
/// variables, and a variable holds 128 KiB at most.
pub(super) fn config(
    generation: Generation,
    assignment: &Assignment<'_>,
    provider: &str,
    rules: &[Rule],
) -> Value {
    let mut config = match generation {
        Generation::One => first(assignment, rules),
        Generation::Two => second(assignment, rules),
    };
    let carried = assignment.carried;
    let (key, providers) = match (assignment.endpoint, generation) {
        (Some(endpoint), generation) => {
            let model = &assignment.model.id;
            config["enabled_providers"] = json!([REHEARSAL]);
            let entry = json!({ REHEARSAL: rehearsal(generation, endpoint, model) });
            (key_of(generation), entry)
        }
        // What is written for one of them is not mixed with what is written for the other.
        (None, Generation::Two) if carried.providers_of_two.contains_key(provider) => {
            let own = carried.providers_of_two.get(provider);
            ("providers", json!({ provider: patient(own, "settings") }))
        }
        (None, _) => {
            let own = carried.providers.get(provider);
            ("provider", json!({ provider: patient(own, "options") }))
        }
    };
    config[key] = providers;
    if assignment.endpoint.is_none() {
        limit_providers(&mut config, carried);
    }
    config
}

fn limit_providers(config: &mut Value, carried: &Carried) {
    if let Some(enabled) = &carried.enabled_providers {
        config["enabled_providers"] = json!(enabled);
    }
    if let Some(disabled) = &carried.disabled_providers {
        config["disabled_providers"] = json!(disabled);
    }
}

fn first(assignment: &Assignment<'_>, rules: &[Rule]) -> Value {
    let permission = by_tool(rules);
    let agent = json!({
        "mode": "primary",
        "prompt": instructions::of_profile(assignment.profile),
        "permission": permission,
    });
    json!({
        // Without this key OpenCode rewrites the file.
        "$schema": "https://opencode.ai/config.json",
        "snapshot": false,
        "share": "disabled",
        "autoupdate": false,
        "compaction": { "auto": false },
        // They are programs of the project, started when a file is read or written.
        "formatter": false,
        "lsp": false,
        "permission": permission,
        "agent": { assignment.profile.word(): agent },
    })
}

/// A list keeps its order in all versions, a map did not in some. The rules also stand at the top, and our agent
/// is the default one: an agent that is not found is replaced with a warning only.
fn second(assignment: &Assignment<'_>, rules: &[Rule]) -> Value {
    let permissions: Vec<Value> = rules.iter().filter_map(in_second).collect();
    let name = assignment.profile.word();
    let agent = json!({
        "mode": "primary",
        "system": instructions::of_profile(assignment.profile),
        "permissions": permissions,
    });
    json!({
        "$schema": "https://opencode.ai/config.json",
        "snapshots": false,
        "share": "disabled",
        "update": "disable",
        "compaction": { "auto": false },
        "formatter": false,
        "permissions": permissions,
        "agents": { name: agent },
        "default_agent": name,
    })
}

fn in_second(rule: &Rule) -> Option<Value> {
    let action = match rule.tool {
        "bash" => "shell",
        "doom_loop" => return None,
        same => same,
    };
    Some(json!({ "action": action, "resource": rule.on, "effect": rule.effect() }))
}

fn key_of(generation: Generation) -> &'static str {
    match generation {
        Generation::One => "provider",
        Generation::Two => "providers",
    }
}

/// The user's own settings of a provider, with limits on its silence unless the user set some.
fn patient(own: Option<&Value>, options: &str) -> Value {
    let mut settings = match own {
        Some(Value::Object(settings)) => settings.clone(),
        _ => Map::new(),
    };
    let options = settings
        .entry(options)
        .or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(options) = options {
        for key in ["headerTimeout", "chunkTimeout"] {
            options
                .entry(key)
                .or_insert_with(|| json!(PROVIDER_SILENCE));
        }
    }
    Value::Object(settings)
}

/// A provider that knows one model, under the id of the real one. The packages are part of OpenCode.
fn rehearsal(generation: Generation, endpoint: &Endpoint, model: &str) -> Value {
    let options = json!({
        "baseURL": endpoint.base_url,
        "apiKey": endpoint.key,
        "headerTimeout": PROVIDER_SILENCE,
        "chunkTimeout": PROVIDER_SILENCE,
    });
    match generation {
        Generation::One => json!({
            "npm": "@ai-sdk/openai-compatible",
            "name": "Rehearsal",
            "options": options,
            "models": { model: { "name": model } },
        }),
        Generation::Two => json!({
            "package": "@opencode/ai/providers/openai-compatible",
            "name": "Rehearsal",
            "settings": options,
            "models": { model: {
                "modelID": model,
                "capabilities": { "tools": true, "input": ["text"], "output": ["text"] },
                "limit": { "context": WINDOW, "output": LONGEST_ANSWER },
            } },
        }),
    }
}

/// What must be in a configuration folder so that OpenCode 1 does not install its plugin package there
/// (63 MB from the network, at each start).
pub fn installed(folder: &Path, version: Option<&str>) -> Vec<SeedFile> {
    let version = version.unwrap_or(PRODUCT.tested);
    let dependencies = json!({ "@opencode-ai/plugin": version });
    let package = json!({ "dependencies": dependencies });
    let lock = json!({ "lockfileVersion": 3, "packages": { "": package } });
    let ignored = "node_modules\npackage.json\npackage-lock.json\nbun.lock\n.gitignore\n";
    vec![
        SeedFile::folder(folder.join("node_modules")),
        SeedFile::private(folder.join("package.json"), package.to_string()),
        SeedFile::private(folder.join("package-lock.json"), lock.to_string()),
        SeedFile::private(folder.join(".gitignore"), ignored.to_owned()),
    ]
}
