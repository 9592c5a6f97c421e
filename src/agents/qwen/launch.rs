//! The command line, environment and seeds of one `qwen`.

use std::ffi::OsString;

use serde_json::{Value, json};

use super::account;
use crate::agents::environment::{allowed, configure, copy, value};
use crate::agents::launch::find;
use crate::agents::{Assignment, Environment, Launch, LaunchError, SeedFile, instructions};
use crate::model::Profile;

/// Tools that would do more than work on the files here.
const DENIED: &[&str] = &[
    "agent",
    "list_agents",
    "send_message",
    "get_goal",
    "update_goal",
    "skill",
    "tool_call",
    "tool_search",
    "read_mcp_resource",
    "web_fetch",
    "zoom_image",
    "report_findings",
    "enter_worktree",
    "exit_worktree",
    "record_artifact",
    "cron_create",
    "cron_list",
    "cron_delete",
    "loop_wakeup",
    "monitor",
    "task_stop",
    "notebook_edit",
];
/// Milliseconds until the headers of an answer.
const PATIENCE: u64 = 180_000;

pub(super) fn launch(assignment: &Assignment<'_>) -> Result<Launch, LaunchError> {
    let program = find(
        &assignment.agent.command,
        assignment.environment,
        &assignment.carried.project_root,
    )?;
    let private = assignment.private;
    let mut files = ["home", "config", "tmp"]
        .map(|name| SeedFile::folder(private.join(name)))
        .to_vec();
    let settings = private.join("settings.json");
    files.push(SeedFile::private(
        settings.clone(),
        self::settings(assignment).to_string(),
    ));
    // Without it, it writes one that says in what language to answer, and reads it with each prompt.
    files.push(SeedFile::private(
        private.join("config/output-language.md"),
        String::new(),
    ));
    Ok(Launch {
        program,
        args: arguments(assignment),
        env: environment(assignment, settings.into()),
        // It has no flag for the folder to work in. What it finds there is not trusted: see `settings`.
        cwd: assignment.workspace.to_owned(),
        files,
        reads_prompt: true,
    })
}

fn arguments(assignment: &Assignment<'_>) -> Vec<OsString> {
    let has_key = assignment.endpoint.is_some() || account::key(assignment.environment).is_some();
    let mut args: Vec<OsString> = assignment.agent.args.iter().map(Into::into).collect();
    let mut word = |name: &str, value: &str| args.push(format!("--{name}={value}").into());
    word("auth-type", if has_key { "openai" } else { "qwen-oauth" });
    word("model", &assignment.model.id);
    word("output-format", "stream-json");
    // Any other mode is refused in a folder that is not trusted.
    word("approval-mode", "default");
    word("chat-recording", "false");
    word(
        "system-prompt",
        instructions::of_profile(assignment.profile),
    );
    args
}

/// Settings of the system, which those of the project cannot override. In a folder that is not trusted, the project's
/// settings and its `.env` are not read, and nothing is allowed but what is allowed here; nothing is ever asked.
fn settings(assignment: &Assignment<'_>) -> Value {
    let edit = |below: &str| format!("Edit(/{}/{below}**)", assignment.workspace.display());
    let (core, allow) = match assignment.profile {
        Profile::Reader => (
            vec!["read_file", "grep_search", "glob", "write_file", "edit"],
            vec![edit(".tipstaff/out/")],
        ),
        Profile::Worker => (
            vec![
                "read_file",
                "grep_search",
                "glob",
                "write_file",
                "edit",
                "run_shell_command",
            ],
            vec!["Bash".to_owned(), edit("")],
        ),
        Profile::Writer => (vec!["write_file"], vec![edit(".tipstaff/out/")]),
    };
    let all = [
        "read_file",
        "grep_search",
        "glob",
        "write_file",
        "edit",
        "run_shell_command",
    ];
    let not_core = all.into_iter().filter(|tool| !core.contains(tool));
    let denied: Vec<&str> = DENIED.iter().copied().chain(not_core).collect();
    let mut model = json!({ "timeout": PATIENCE, "maxRetries": 2 });
    if let Some(variant) = &assignment.model.variant {
        model["reasoning"] = json!({ "effort": variant });
    }
    json!({
        "security": { "folderTrust": { "enabled": true } },
        "permissions": { "allow": allow, "deny": denied },
        "tools": { "core": core },
        "skills": { "disabledLevels": ["project", "user", "bundled", "extension"] },
        "disableAllHooks": true,
        "mcp": { "allowed": ["__none__"] },
        "context": { "fileName": "__none__.md" },
        "memory": { "enableManagedAutoMemory": false },
        "privacy": { "usageStatisticsEnabled": false },
        "telemetry": { "enabled": false },
        "general": { "enableAutoUpdate": false },
        "model": { "generationConfig": model },
    })
}

fn environment(assignment: &Assignment<'_>, settings: OsString) -> Environment {
    let user = assignment.environment;
    let mut env = allowed(user, assignment.endpoint.is_some());
    env.insert("QWEN_CODE_NO_RELAUNCH".into(), "true".into());
    configure(
        &mut env,
        &assignment.agent.env,
        assignment.endpoint.is_some(),
    );
    match assignment.endpoint {
        Some(endpoint) => {
            env.insert("OPENAI_BASE_URL".into(), (&endpoint.base_url).into());
            env.insert("OPENAI_API_KEY".into(), (&endpoint.key).into());
        }
        None => {
            if let Some((name, server)) = account::key(user) {
                env.extend(server.map(|server| ("OPENAI_BASE_URL".into(), server.into())));
                copy(user, &mut env, ["OPENAI_BASE_URL"]);
                env.extend(value(user, name).map(|key| ("OPENAI_API_KEY".into(), key.to_owned())));
            }
            copy(
                user,
                &mut env,
                assignment.agent.pass_env.iter().map(String::as_str),
            );
        }
    }
    env.extend(
        assignment
            .vars
            .iter()
            .map(|(name, value)| (name.into(), value.into())),
    );
    let private = assignment.private;
    env.insert("HOME".into(), private.join("home").into());
    env.insert("QWEN_HOME".into(), private.join("config").into());
    env.insert("TMPDIR".into(), private.join("tmp").into());
    env.insert("QWEN_CODE_SYSTEM_SETTINGS_PATH".into(), settings);
    env.insert("PWD".into(), assignment.workspace.into());
    env
}

#[cfg(test)]
#[path = "launch_tests.rs"]
mod tests;
