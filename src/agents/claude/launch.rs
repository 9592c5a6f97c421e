//! The command line, environment and seeds of one `claude --print`.

use serde_json::json;

use super::place;
use crate::agents::launch::{ambient, in_workspace};
use crate::agents::{Assignment, Launch, LaunchError, SeedFile, instructions};
use crate::model::Profile;

/// What keeps Claude Code to the prompt and to the model: no traffic of its own, no updates, no memories, no
/// instruction files, no commits of the project, nothing that outlives the answer, and no `@name` in a prompt read as a
/// file.
const SWITCHES: &[(&str, &str)] = &[
    ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
    ("DISABLE_AUTOUPDATER", "1"),
    ("DISABLE_AUTO_COMPACT", "1"),
    ("CLAUDE_CODE_DISABLE_AUTO_MEMORY", "1"),
    ("CLAUDE_CODE_DISABLE_BACKGROUND_TASKS", "1"),
    ("CLAUDE_CODE_DISABLE_CLAUDE_MDS", "1"),
    ("CLAUDE_CODE_DISABLE_FILE_MENTIONS", "1"),
    ("CLAUDE_CODE_DISABLE_GIT_INSTRUCTIONS", "1"),
    // Its own ten retries take three minutes, in which nobody else is asked.
    ("CLAUDE_CODE_MAX_RETRIES", "4"),
    // Milliseconds until the headers of an answer.
    ("API_TIMEOUT_MS", "180000"),
];

pub(super) fn launch(assignment: &Assignment<'_>) -> Result<Launch, LaunchError> {
    // It has no flag for the folder to work in. Of what it finds there it reads no settings, and as a program
    // that is compiled as a whole, nothing for its runtime either (`bunfig.toml`, `.env`).
    let mut launch = in_workspace(assignment, ("CLAUDE_CONFIG_DIR", "config"))?;
    let (place, model) = place::of(&assignment.model.id, assignment.environment);
    for (name, value) in SWITCHES {
        launch.set_default(name, value);
    }
    match assignment.endpoint {
        Some(endpoint) => {
            launch.set("ANTHROPIC_BASE_URL", endpoint.root());
            launch.set("ANTHROPIC_API_KEY", &endpoint.key);
        }
        None => {
            let user = assignment.environment;
            let names = user.keys().filter_map(|name| name.to_str());
            launch.copy(user, names.filter(|name| place.takes(name)));
            launch
                .env
                .extend(place.switch.map(|switch| (switch.into(), "1".into())));
            let home = assignment.private.join("home");
            launch.files.extend(ambient(place.provider, &home, user));
        }
    }
    let settings = assignment.private.join("settings.json");
    let instructions = instructions::of_profile(assignment.profile);
    launch.option("model", model);
    if let Some(variant) = &assignment.model.variant {
        launch.option("effort", variant);
    }
    launch.option("output-format", "stream-json");
    // Settings of the user, of the project and of its folder, with all that hangs on them: hooks, plugins, skills.
    launch.option("setting-sources", "");
    launch.option("tools", tools(assignment.profile));
    launch.option("system-prompt", instructions);
    launch.args(["--settings"]);
    launch.args.push(settings.clone().into());
    launch.args([
        "--print",
        "--verbose",
        "--no-session-persistence",
        "--strict-mcp-config",
        "--disable-slash-commands",
    ]);
    let rules = rules(assignment).to_string();
    launch.files.push(SeedFile::private(settings, rules));
    Ok(launch)
}

/// What is offered to the model; nothing else is there for it.
fn tools(profile: Profile) -> &'static str {
    match profile {
        Profile::Reader => "Read,Grep,Glob,Write,Edit",
        Profile::Worker => "Bash,Read,Write,Edit",
        Profile::Writer => "Write",
    }
}

/// Nothing is ever asked: what is not allowed here is an error that the model sees. Reading below the workspace needs
/// no rule. Relative ones would follow the shell's `cd`; `Edit` stands for `Write`, too.
fn rules(assignment: &Assignment<'_>) -> serde_json::Value {
    let edit = |below: &str| format!("Edit(/{}/{below}**)", assignment.workspace.display());
    let allow = match assignment.profile {
        Profile::Reader | Profile::Writer => vec![edit(".tipstaff/out/")],
        Profile::Worker => vec!["Bash".to_owned(), edit("")],
    };
    json!({
        "permissions": { "defaultMode": "dontAsk", "allow": allow },
        "attribution": { "commit": "", "pr": "" },
    })
}

#[cfg(test)]
#[path = "launch_tests.rs"]
mod tests;
