//! The command line, environment and seeds of one `opencode run`.

use std::ffi::OsString;
use std::path::Path;

use serde_json::json;

use super::config::{REHEARSAL, config, installed};
use super::profile::{self, Folders, Search};
use crate::agents::carried::AuthEntry;
use crate::agents::environment::{allowed, configure, copy, value};
use crate::agents::launch::find;
use crate::agents::providers::{home_folder, provider_of, takes};
use crate::agents::{AgentError, Assignment, Environment, Launch, SeedFile};

/// Switches without which OpenCode looks at the user's files, the network or the clock.
const SWITCHES: &[&str] = &[
    "OPENCODE_DISABLE_MODELS_FETCH",
    // Leaves a 5 MB library in the temporary folder at each start.
    "OPENCODE_DISABLE_FFF",
    "OPENCODE_PURE",
    "OPENCODE_DISABLE_PROJECT_CONFIG",
    "OPENCODE_DISABLE_CLAUDE_CODE",
    "OPENCODE_DISABLE_EXTERNAL_SKILLS",
    "OPENCODE_DISABLE_AUTOCOMPACT",
    "OPENCODE_DISABLE_AUTOUPDATE",
    "OPENCODE_EXPERIMENTAL_DISABLE_FILEWATCHER",
];

/// The folders of one attempt, all below its private one.
struct Places {
    home: std::path::PathBuf,
    data: std::path::PathBuf,
    config: std::path::PathBuf,
    state: std::path::PathBuf,
    cache: std::path::PathBuf,
    temporary: std::path::PathBuf,
    tool_output: std::path::PathBuf,
    catalogue: std::path::PathBuf,
}

impl Places {
    fn below(private: &Path) -> Self {
        let data = private.join("data");
        Self {
            home: private.join("home"),
            tool_output: data.join("opencode/tool-output"),
            data,
            config: private.join("config"),
            state: private.join("state"),
            cache: private.join("cache"),
            temporary: private.join("tmp"),
            catalogue: private.join("models.json"),
        }
    }
}

/// Builds the launch.
pub(in crate::agents) fn launch(assignment: &Assignment<'_>) -> Result<Launch, AgentError> {
    let id = &assignment.model.id;
    let provider = provider_of(id).ok_or_else(|| AgentError::ModelId { id: id.clone() })?;
    let carried = assignment.carried;
    let program = find(
        &assignment.agent.command,
        assignment.environment,
        &carried.project_root,
    )?;
    let search = match find("rg", assignment.environment, &carried.project_root) {
        Ok(_) => Search::Available,
        Err(_) => Search::Missing,
    };
    let places = Places::below(assignment.private);
    let folders = Folders {
        workspace: assignment.workspace,
        temporary: &places.temporary,
        tool_output: &places.tool_output,
    };
    let config = config(assignment, provider, search, &folders);
    let mut files = seeds(&places, &config, carried.opencode_version.as_deref());
    let mut env = environment(assignment, provider, &places);
    if assignment.endpoint.is_some() {
        env.insert(
            "OPENCODE_MODELS_PATH".into(),
            places.catalogue.clone().into(),
        );
        files.push(SeedFile::private(places.catalogue, "{}".to_owned()));
    } else {
        if let Some(entry) = carried.catalogue_entry(provider) {
            env.insert(
                "OPENCODE_MODELS_PATH".into(),
                places.catalogue.clone().into(),
            );
            files.push(SeedFile::private(places.catalogue, entry.to_string()));
        }
        files.extend(sign_in(assignment, provider, &places.home, &places.data));
    }
    Ok(Launch {
        program,
        args: arguments(assignment),
        env,
        cwd: assignment.workspace.to_owned(),
        files,
    })
}

fn arguments(assignment: &Assignment<'_>) -> Vec<OsString> {
    let model = match assignment.endpoint {
        Some(_) => format!("{REHEARSAL}/{}", assignment.model.id),
        None => assignment.model.id.clone(),
    };
    // An empty title would be made from the prompt, none at all costs a model request.
    let title = match assignment.title.trim() {
        "" => "tipstaff",
        title => title,
    };
    let mut args: Vec<OsString> = assignment.agent.args.iter().map(Into::into).collect();
    let ours = ["run", "--dir"].map(OsString::from);
    args.extend(ours);
    args.push(assignment.workspace.into());
    args.push("--model".into());
    args.push(model.into());
    args.push("--agent".into());
    args.push(profile::name(assignment.profile).into());
    // In one word, so that a title or variant never passes for an option.
    args.push(format!("--title={title}").into());
    if let Some(variant) = &assignment.model.variant {
        args.push(format!("--variant={variant}").into());
    }
    args.extend(["--format", "json", "--print-logs", "--log-level", "ERROR"].map(OsString::from));
    args
}

fn environment(assignment: &Assignment<'_>, provider: &str, places: &Places) -> Environment {
    let rehearsal = assignment.endpoint.is_some();
    let user = assignment.environment;
    let mut env = allowed(user, rehearsal);
    for switch in SWITCHES {
        env.insert(switch.into(), "1".into());
    }
    configure(&mut env, &assignment.agent.env, rehearsal);
    if !rehearsal {
        for (name, value) in user {
            if name.to_str().is_some_and(|name| takes(provider, name)) && !value.is_empty() {
                env.insert(name.clone(), value.clone());
            }
        }
        let carried = assignment.carried;
        let named = carried.key_variables(provider);
        copy(user, &mut env, named.iter().map(String::as_str));
        let mentioned = carried.variables_of(provider);
        copy(user, &mut env, mentioned.iter().map(String::as_str));
        copy(
            user,
            &mut env,
            assignment.agent.pass_env.iter().map(String::as_str),
        );
    }
    for (name, value) in assignment.vars {
        env.insert(name.into(), value.into());
    }
    let fixed = [
        ("HOME", &*places.home),
        ("XDG_DATA_HOME", &places.data),
        ("XDG_CONFIG_HOME", &places.config),
        ("XDG_STATE_HOME", &places.state),
        ("XDG_CACHE_HOME", &places.cache),
        ("TMPDIR", &places.temporary),
        // Beats the real working directory where it is set, so it must agree with it.
        ("PWD", assignment.workspace),
    ];
    for (name, path) in fixed {
        env.insert(name.into(), path.into());
    }
    env
}

fn seeds(places: &Places, config: &serde_json::Value, version: Option<&str>) -> Vec<SeedFile> {
    let own = places.config.join("opencode");
    let mut files: Vec<SeedFile> = [
        &places.home,
        &places.state,
        &places.cache,
        &places.temporary,
    ]
    .into_iter()
    .map(|folder| SeedFile::folder(folder.clone()))
    .collect();
    files.push(SeedFile::folder(places.data.join("opencode")));
    files.extend(installed(&own, version));
    files.push(SeedFile::secret(
        own.join("opencode.json"),
        config.to_string(),
    ));
    files
}

/// What signs in besides variables. A plain key is copied. Tokens that get refreshed are not: a copy
/// would be refreshed in the private folder and leave the user's own sign-in with a spent token. So
/// the user's whole file is linked, at the price that the agent's tools could read it.
fn sign_in(
    assignment: &Assignment<'_>,
    provider: &str,
    home: &Path,
    data: &Path,
) -> Option<SeedFile> {
    let carried = assignment.carried;
    let path = data.join("opencode/auth.json");
    match carried.auth.get(provider) {
        Some(AuthEntry::Key(entry)) => {
            return Some(SeedFile::secret(
                path,
                json!({ provider: entry }).to_string(),
            ));
        }
        Some(AuthEntry::Refreshed) => {
            return carried
                .auth_file
                .clone()
                .map(|file| SeedFile::link(path, file));
        }
        None => {}
    }
    let folder = home_folder(provider)?;
    let user = value(assignment.environment, "HOME")?;
    Some(SeedFile::link(
        home.join(folder),
        Path::new(user).join(folder),
    ))
}

#[cfg(test)]
#[path = "launch_tests.rs"]
mod tests;
