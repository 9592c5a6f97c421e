//! The command line, environment and seeds of one `codex exec`.

use std::env::consts::ARCH;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::KEYS;
use crate::agents::environment::value;
use crate::agents::launch::in_workspace;
use crate::agents::{Assignment, Environment, Launch, LaunchError, instructions};
use crate::model::Profile;

/// How long a provider may stay silent within an answer, in milliseconds.
const PROVIDER_SILENCE: u64 = 180_000;
/// Where keys of OpenAI are good for.
const OPENAI: &str = "https://api.openai.com/v1";
/// The variable that Codex is told to take the key from, whatever it was called.
const KEY: &str = KEYS[0];
/// What would ask, go elsewhere, remember, or only be paid for.
const FEATURES: &[&str] = &[
    "apps",
    "browser_use",
    "computer_use",
    "goals",
    "hooks",
    "image_generation",
    "memories",
    "multi_agent",
    "plugins",
    "remote_plugin",
    "shell_snapshot",
    "skill_mcp_dependency_install",
    "skill_search",
    "tool_suggest",
    // Without an end where nobody listens.
    "unbounded_connection_retries",
    "view_image",
];

pub(super) fn launch(assignment: &Assignment<'_>) -> Result<Launch, LaunchError> {
    let mut launch = in_workspace(assignment, ("CODEX_HOME", "codex"))?;
    let own_key = match assignment.endpoint {
        Some(endpoint) => Some(endpoint.key.as_ref()),
        None => key(assignment.environment),
    };
    if let Some(key) = own_key {
        launch.set(KEY, key);
    }
    if let Some(program) = native(&launch.program) {
        launch.program = program;
    }
    launch.args.extend(arguments(assignment));
    Ok(launch)
}

/// The first of the keys that signs in.
fn key(environment: &Environment) -> Option<&OsStr> {
    KEYS.iter().find_map(|name| value(environment, name))
}

fn arguments(assignment: &Assignment<'_>) -> Vec<OsString> {
    let model = &assignment.model;
    let id = model.id.strip_prefix("openai/").unwrap_or(&model.id);
    let ours = [
        "exec",
        "--json",
        "--ephemeral",
        "--skip-git-repo-check",
        "--ignore-user-config",
        "--ignore-rules",
        "--color=never",
        "--cd",
    ];
    let mut args: Vec<OsString> = ours.map(OsString::from).into();
    args.push(assignment.workspace.into());
    args.push(format!("--model={id}").into());
    let mut settings = vec![
        format!(
            "developer_instructions={}",
            json!(instructions::of_profile(assignment.profile))
        ),
        // Instructions of the project are part of the prompt where the workflow wants them.
        "project_doc_max_bytes=0".to_owned(),
        "skills.include_instructions=false".to_owned(),
        "analytics.enabled=false".to_owned(),
        "check_for_update_on_startup=false".to_owned(),
        r#"web_search="disabled""#.to_owned(),
        format!("shell_environment_policy.exclude={}", json!([KEY])),
    ];
    settings.extend(FEATURES.iter().map(|name| format!("features.{name}=false")));
    settings.extend(provider(assignment).into_iter().flatten());
    if let Some(variant) = &model.variant {
        settings.push(format!("model_reasoning_effort={}", json!(variant)));
    }
    if assignment.is_closed {
        // Bubblewrap fails in a cell, and the cell is the closer border.
        args.push("--dangerously-bypass-approvals-and-sandbox".into());
    } else {
        settings.extend(permissions(assignment.profile));
    }
    for setting in settings {
        args.extend(["-c".into(), setting.into()]);
    }
    args.push("-".into());
    args
}

/// Keys go to a provider of ours, which is reached by plain requests: to that of Codex an own base URL says
/// nothing, and it tries a WebSocket first.
fn provider(assignment: &Assignment<'_>) -> Option<[String; 2]> {
    let base = match assignment.endpoint {
        Some(endpoint) => endpoint.base_url.clone(),
        None => {
            key(assignment.environment)?;
            let base = value(assignment.environment, "OPENAI_BASE_URL");
            base.unwrap_or(OPENAI.as_ref())
                .to_string_lossy()
                .into_owned()
        }
    };
    let settings = format!(
        r#"model_providers.tipstaff={{name="OpenAI",base_url={},wire_api="responses",env_key="{KEY}",stream_idle_timeout_ms={PROVIDER_SILENCE}}}"#,
        json!(base)
    );
    Some([r#"model_provider="tipstaff""#.to_owned(), settings])
}

/// Codex's own sandbox, where tipstaff has none. What it refuses is an error that the model sees.
fn permissions(profile: Profile) -> [String; 2] {
    let (root, network) = match profile {
        Profile::Reader | Profile::Writer => ("read", false),
        Profile::Worker => ("write", true),
    };
    let rules = format!(
        r#"permissions.tipstaff={{filesystem={{":root"="read",":workspace_roots"={{"."="{root}",".tipstaff/out"="write"}},":tmpdir"="write"}},network={{enabled={network}}}}}"#
    );
    [r#"default_permissions="tipstaff""#.to_owned(), rules]
}

/// The program that npm's wrapper of Node starts and waits for, in the packages that it takes it from.
fn native(wrapper: &Path) -> Option<PathBuf> {
    let script = wrapper.canonicalize().ok()?;
    if !script.ends_with("@openai/codex/bin/codex.js") {
        return None;
    }
    let package = script.ancestors().nth(2)?;
    let platform = format!(
        "codex-linux-{}",
        if ARCH == "aarch64" { "arm64" } else { "x64" }
    );
    let inside = format!("vendor/{ARCH}-unknown-linux-musl/bin/codex");
    [
        package.with_file_name(&platform),
        package.join("node_modules/@openai").join(&platform),
    ]
    .map(|folder| folder.join(&inside))
    .into_iter()
    .find(|program| program.is_file())
}

#[cfg(test)]
#[path = "launch_tests.rs"]
mod tests;
