//! The configuration of one attempt, and the files that keep OpenCode from installing anything.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::model::Endpoint;

use super::PRODUCT;
use super::profile::{Folders, Search, agent, name, permission};
use crate::agents::{Assignment, Carried, SeedFile};

/// How long a provider may stay silent before a request counts as broken, in milliseconds: until its
/// headers, and between two pieces. OpenCode's own limit is five minutes, tried six times.
const PROVIDER_SILENCE: u64 = 180_000;
/// The provider of a rehearsal.
pub(super) const REHEARSAL: &str = "rehearsal";

/// The whole configuration. It goes into a file and not into a variable: the agent's tools see its
/// variables, and a variable holds 128 KiB at most.
pub(super) fn config(
    assignment: &Assignment<'_>,
    provider: &str,
    search: Search,
    folders: &Folders<'_>,
) -> Value {
    let mut config = json!({
        // Without this key OpenCode rewrites the file.
        "$schema": "https://opencode.ai/config.json",
        "snapshot": false,
        "share": "disabled",
        "autoupdate": false,
        "compaction": { "auto": false },
        // They are programs of the project, started when a file is read or written.
        "formatter": false,
        "lsp": false,
        "permission": permission(assignment.profile, search, folders),
        "agent": { name(assignment.profile): agent(assignment.profile, search, folders) },
    });
    if let Some(endpoint) = assignment.endpoint {
        config["provider"] = json!({ REHEARSAL: rehearsal(endpoint, &assignment.model.id) });
        config["enabled_providers"] = json!([REHEARSAL]);
        return config;
    }
    let carried = assignment.carried;
    config["provider"] = json!({ provider: patient(carried, provider) });
    if let Some(enabled) = &carried.enabled_providers {
        config["enabled_providers"] = json!(enabled);
    }
    if let Some(disabled) = &carried.disabled_providers {
        config["disabled_providers"] = json!(disabled);
    }
    config
}

/// The user's own settings of a provider, with limits on its silence unless the user set some.
fn patient(carried: &Carried, provider: &str) -> Value {
    let mut settings = match carried.providers.get(provider) {
        Some(Value::Object(settings)) => settings.clone(),
        _ => Map::new(),
    };
    let options = settings
        .entry("options")
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

/// A provider that knows one model, under the id of the real one. The package is part of OpenCode.
fn rehearsal(endpoint: &Endpoint, model: &str) -> Value {
    json!({
        "npm": "@ai-sdk/openai-compatible",
        "name": "Rehearsal",
        "options": {
            "baseURL": endpoint.base_url,
            "apiKey": endpoint.key,
            "headerTimeout": PROVIDER_SILENCE,
            "chunkTimeout": PROVIDER_SILENCE,
        },
        "models": { model: { "name": model } },
    })
}

/// What must be in a configuration folder so that OpenCode does not install its plugin package there
/// (63 MB from the network, at each start).
pub(super) fn installed(folder: &Path, version: Option<&str>) -> Vec<SeedFile> {
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
