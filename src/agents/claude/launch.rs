//! The command line, environment and seeds of one `claude --print`.

use std::ffi::OsString;
use std::path::Path;

use serde_json::json;

use super::place::{self, Place};
use crate::agents::environment::{allowed, configure, copy};
use crate::agents::launch::{ambient, find};
use crate::agents::{Assignment, Environment, Launch, LaunchError, SeedFile, instructions};
use crate::model::Profile;

/// What keeps Claude Code to the prompt and to the model: no traffic of its own, no updates, no memories, no
/// instruction files, nothing that outlives the answer, and no `@name` in a prompt read as a file.
const SWITCHES: &[(&str, &str)] = &[
    ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
    ("DISABLE_AUTOUPDATER", "1"),
    ("DISABLE_AUTO_COMPACT", "1"),
    ("CLAUDE_CODE_DISABLE_AUTO_MEMORY", "1"),
    ("CLAUDE_CODE_DISABLE_BACKGROUND_TASKS", "1"),
    ("CLAUDE_CODE_DISABLE_CLAUDE_MDS", "1"),
    ("CLAUDE_CODE_DISABLE_FILE_MENTIONS", "1"),
    // Its own ten retries take three minutes, in which nobody else is asked.
    ("CLAUDE_CODE_MAX_RETRIES", "4"),
    // Milliseconds until the headers of an answer.
    ("API_TIMEOUT_MS", "180000"),
];

pub(super) fn launch(assignment: &Assignment<'_>) -> Result<Launch, LaunchError> {
    let program = find(
        &assignment.agent.command,
        assignment.environment,
        &assignment.carried.project_root,
    )?;
    let (place, model) = place::of(&assignment.model.id, assignment.environment);
    let private = assignment.private;
    let settings = private.join("settings.json");
    let mut files = ["home", "config", "tmp"]
        .map(|name| SeedFile::folder(private.join(name)))
        .to_vec();
    files.push(SeedFile::private(
        settings.clone(),
        rules(assignment).to_string(),
    ));
    if assignment.endpoint.is_none() {
        files.extend(ambient(
            place.provider,
            &private.join("home"),
            assignment.environment,
        ));
    }
    Ok(Launch {
        program,
        args: arguments(assignment, model, &settings),
        env: environment(assignment, place),
        // It has no flag for the folder to work in. Of what it finds there it reads no settings, and as a program
        // that is compiled as a whole, nothing for its runtime either (`bunfig.toml`, `.env`).
        cwd: assignment.workspace.to_owned(),
        files,
        reads_prompt: true,
    })
}

fn arguments(assignment: &Assignment<'_>, model: &str, settings: &Path) -> Vec<OsString> {
    let mut args: Vec<OsString> = assignment.agent.args.iter().map(Into::into).collect();
    // In one word each, so that no value passes for an option and no list takes what follows.
    let mut word = |name: &str, value: &str| args.push(format!("--{name}={value}").into());
    word("model", model);
    if let Some(variant) = &assignment.model.variant {
        word("effort", variant);
    }
    word("output-format", "stream-json");
    // Settings of the user, of the project and of its folder, with all that hangs on them: hooks, plugins, skills.
    word("setting-sources", "");
    word("tools", tools(assignment.profile));
    word(
        "system-prompt",
        instructions::of_profile(assignment.profile),
    );
    args.push("--settings".into());
    args.push(settings.into());
    let flags = [
        "--print",
        "--verbose",
        "--no-session-persistence",
        "--strict-mcp-config",
        "--disable-slash-commands",
    ];
    args.extend(flags.map(OsString::from));
    args
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

fn environment(assignment: &Assignment<'_>, place: &Place) -> Environment {
    let user = assignment.environment;
    let mut env = allowed(user, assignment.endpoint.is_some());
    env.extend(
        SWITCHES
            .iter()
            .map(|(name, value)| (name.into(), value.into())),
    );
    configure(
        &mut env,
        &assignment.agent.env,
        assignment.endpoint.is_some(),
    );
    match assignment.endpoint {
        Some(endpoint) => {
            env.insert("ANTHROPIC_BASE_URL".into(), endpoint.root().into());
            env.insert("ANTHROPIC_API_KEY".into(), (&endpoint.key).into());
        }
        None => {
            let names = user.keys().filter_map(|name| name.to_str());
            copy(user, &mut env, names.filter(|name| place.takes(name)));
            copy(
                user,
                &mut env,
                assignment.agent.pass_env.iter().map(String::as_str),
            );
            env.extend(place.switch.map(|switch| (switch.into(), "1".into())));
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
    env.insert("CLAUDE_CONFIG_DIR".into(), private.join("config").into());
    env.insert("TMPDIR".into(), private.join("tmp").into());
    env.insert("PWD".into(), assignment.workspace.into());
    env
}

#[cfg(test)]
#[path = "launch_tests.rs"]
mod tests;
