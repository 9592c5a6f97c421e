//! The command line, environment and seeds of one `qwen`.

use serde_json::{Value, json};

use super::KEYS;
use crate::agents::environment::value;
use crate::agents::launch::in_workspace;
use crate::agents::{Assignment, Launch, LaunchError, SeedFile, instructions};
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

/// All tools that some profile has: a writer the first, a reader all but the last.
const TOOLS: [&str; 6] = [
    "write_file",
    "read_file",
    "grep_search",
    "glob",
    "edit",
    "run_shell_command",
];

pub(super) fn launch(assignment: &Assignment<'_>) -> Result<Launch, LaunchError> {
    // It has no flag for the folder to work in. What it finds there is not trusted: see `settings`.
    let mut launch = in_workspace(assignment, ("QWEN_HOME", "config"))?;
    let user = assignment.environment;
    let own = KEYS
        .into_iter()
        .find_map(|(name, server)| Some((value(user, name)?, server)));
    let signs_in = match (assignment.endpoint, own) {
        (Some(endpoint), _) => {
            launch.set("OPENAI_BASE_URL", &endpoint.base_url);
            launch.set("OPENAI_API_KEY", &endpoint.key);
            "openai"
        }
        (None, Some((key, server))) => {
            if let Some(server) = server {
                launch.set("OPENAI_BASE_URL", server);
            }
            launch.copy(user, ["OPENAI_BASE_URL"]);
            launch.set("OPENAI_API_KEY", key);
            "openai"
        }
        (None, None) => "qwen-oauth",
    };
    let settings = assignment.private.join("settings.json");
    launch.set_default("QWEN_CODE_NO_RELAUNCH", "true");
    launch.set("QWEN_CODE_SYSTEM_SETTINGS_PATH", &settings);
    launch.option("auth-type", signs_in);
    launch.option("model", &assignment.model.id);
    launch.option("output-format", "stream-json");
    // Any other mode is refused in a folder that is not trusted.
    launch.option("approval-mode", "default");
    launch.option("chat-recording", "false");
    launch.option(
        "system-prompt",
        instructions::of_profile(assignment.profile),
    );
    // Without it, it writes one that says in what language to answer, and reads it with each prompt.
    let language = assignment.private.join("config/output-language.md");
    launch.files.extend([
        SeedFile::private(settings, self::settings(assignment).to_string()),
        SeedFile::private(language, String::new()),
    ]);
    Ok(launch)
}

/// Settings of the system, which those of the project cannot override. In a folder that is not trusted, the project's
/// settings and its `.env` are not read, and nothing is allowed but what is allowed here; nothing is ever asked.
fn settings(assignment: &Assignment<'_>) -> Value {
    let edit = |below: &str| format!("Edit(/{}/{below}**)", assignment.workspace.display());
    let (has, allow) = match assignment.profile {
        Profile::Writer => (1, vec![edit(".tipstaff/out/")]),
        Profile::Reader => (5, vec![edit(".tipstaff/out/")]),
        Profile::Worker => (6, vec!["Bash".to_owned(), edit("")]),
    };
    let (core, not_core) = TOOLS.split_at(has);
    let denied = [DENIED, not_core].concat();
    let mut settings = quiet();
    settings["security"] = json!({ "folderTrust": { "enabled": true } });
    settings["permissions"] = json!({ "allow": allow, "deny": denied });
    settings["tools"] = json!({ "core": core });
    if let Some(variant) = &assignment.model.variant {
        settings["model"]["generationConfig"]["reasoning"] = json!({ "effort": variant });
    }
    settings
}

/// What holds for every call, by whichever way.
pub fn quiet() -> Value {
    json!({
        "skills": { "disabledLevels": ["project", "user", "bundled", "extension"] },
        "disableAllHooks": true,
        "mcp": { "allowed": ["__none__"] },
        "context": { "fileName": "__none__.md" },
        "memory": { "enableManagedAutoMemory": false },
        "privacy": { "usageStatisticsEnabled": false },
        "telemetry": { "enabled": false },
        "general": { "enableAutoUpdate": false },
        // Its own seven tries are not to be multiplied.
        "model": { "generationConfig": { "timeout": PATIENCE, "maxRetries": 0 } },
    })
}

#[cfg(test)]
#[path = "launch_tests.rs"]
mod tests;
