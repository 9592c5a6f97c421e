//! The command line, environment and seeds of one `opencode run`.

use std::ffi::OsString;
use std::path::Path;

use serde_json::json;

use super::config::{REHEARSAL, config, installed};
use super::generation::Generation;
use super::profile::{self, Folders, Search};
use crate::agents::carried::AuthEntry;
use crate::agents::environment::{copy, value};
use crate::agents::launch::{ambient, find, neutral_folder, of_attempt};
use crate::agents::providers::{key_names, provider_of, takes};
use crate::agents::{Assignment, Environment, Launch, LaunchError, SeedFile};

/// Switches without which OpenCode looks at the user's files, the network or the clock. Those of one generation
/// do no harm in the other.
pub const SWITCHES: &[&str] = &[
    "OPENCODE_CONFIG_PROJECT_DISABLE",
    "OPENCODE_FILEWATCHER_DISABLE",
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
    shell_output: std::path::PathBuf,
    catalogue: std::path::PathBuf,
}

impl Places {
    fn below(private: &Path) -> Self {
        let data = private.join("data");
        Self {
            home: private.join("home"),
            tool_output: data.join("opencode/tool-output"),
            shell_output: data.join("opencode/shell"),
            data,
            config: private.join("config"),
            state: private.join("state"),
            cache: private.join("cache"),
            temporary: private.join("tmp"),
            catalogue: private.join("models.json"),
        }
    }

    fn name_in(&self, env: &mut Environment) {
        let names = [
            ("HOME", &self.home),
            ("XDG_DATA_HOME", &self.data),
            ("XDG_CONFIG_HOME", &self.config),
            ("XDG_STATE_HOME", &self.state),
            ("XDG_CACHE_HOME", &self.cache),
            ("TMPDIR", &self.temporary),
        ];
        for (name, path) in names {
            env.insert(name.into(), path.into());
        }
    }

    /// As they are laid out, empty.
    fn folders(&self) -> impl Iterator<Item = SeedFile> {
        let empty = [&self.home, &self.state, &self.cache, &self.temporary].map(Clone::clone);
        let own = self.data.join("opencode");
        empty.into_iter().chain([own]).map(SeedFile::folder)
    }
}

pub(super) fn launch(assignment: &Assignment<'_>) -> Result<Launch, LaunchError> {
    let id = &assignment.model.id;
    let provider = provider_of(id).ok_or_else(|| LaunchError::ModelId { id: id.clone() })?;
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
        shell_output: &places.shell_output,
    };
    let generation = Generation::of(carried);
    let rules = profile::rules(assignment.profile, search, &folders);
    let config = config(generation, assignment, provider, &rules);
    let mut files = seeds(
        generation,
        &places,
        &config,
        carried.opencode_version.as_deref(),
    );
    let (cwd, ends) = neutral_folder(assignment.private);
    files.extend(ends);
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
            files.push(SeedFile::private(
                places.catalogue.clone(),
                entry.to_string(),
            ));
        }
        files.extend(sign_in(generation, assignment, provider, &places)?);
    }
    Ok(Launch {
        program,
        args: arguments(generation, assignment),
        env,
        cwd,
        reads_prompt: true,
        files,
    })
}

fn arguments(generation: Generation, assignment: &Assignment<'_>) -> Vec<OsString> {
    let model = match assignment.endpoint {
        Some(_) => format!("{REHEARSAL}/{}", assignment.model.id),
        None => assignment.model.id.clone(),
    };
    // An empty title would be made from the prompt, none at all costs a model request.
    let title = match assignment.title.trim() {
        "" => "tipstaff",
        title => title,
    };
    // In one word, so that a title or variant never passes for an option.
    let title = format!("--title={title}");
    let agent = assignment.profile.word();
    let variant = assignment.model.variant.as_deref();
    let mut args: Vec<OsString> = assignment.agent.args.iter().map(Into::into).collect();
    match generation {
        Generation::One => {
            args.extend(["run", "--dir"].map(OsString::from));
            args.push(assignment.workspace.into());
            args.extend(["--model", &model, "--agent", agent, &title].map(OsString::from));
            args.extend(variant.map(|variant| format!("--variant={variant}").into()));
            args.extend(["--format", "json", "--print-logs"].map(OsString::from));
            args.extend(["--log-level", "ERROR"].map(OsString::from));
        }
        Generation::Two => {
            let variant = variant.map(|variant| format!("#{variant}"));
            let model = model + &variant.unwrap_or_default();
            // A server of its own: without it, one for all calls would stay behind.
            args.extend(["run", "--standalone", "--model", &model].map(OsString::from));
            args.extend(["--agent", agent, &title, "--format", "json"].map(OsString::from));
            args.push("--print-logs".into());
        }
    }
    args
}

fn environment(assignment: &Assignment<'_>, provider: &str, places: &Places) -> Environment {
    let user = assignment.environment;
    let mut env = of_attempt(assignment);
    for switch in SWITCHES {
        env.entry(switch.into()).or_insert_with(|| "1".into());
    }
    if assignment.endpoint.is_none() {
        let names = user.keys().filter_map(|name| name.to_str());
        copy(user, &mut env, names.filter(|name| takes(provider, name)));
        let carried = assignment.carried;
        let named = carried.key_variables(provider);
        copy(user, &mut env, named.iter().map(String::as_str));
        let mentioned = carried.variables_of(provider);
        copy(user, &mut env, mentioned.iter().map(String::as_str));
    }
    places.name_in(&mut env);
    env.insert("OPENCODE_LOG_LEVEL".into(), "WARN".into());
    // What its tools see. `--dir` leads OpenCode 1 there, this variable OpenCode 2; both start elsewhere, since
    // Bun runs code that a `tsconfig.json` of the starting folder names.
    env.insert("PWD".into(), assignment.workspace.into());
    env
}

fn seeds(
    generation: Generation,
    places: &Places,
    config: &serde_json::Value,
    version: Option<&str>,
) -> Vec<SeedFile> {
    let own = places.config.join("opencode");
    let mut files: Vec<SeedFile> = places.folders().collect();
    if generation == Generation::One {
        files.extend(installed(&own, version));
    }
    files.push(SeedFile::secret(
        own.join("opencode.json"),
        config.to_string(),
    ));
    files
}

/// What signs in besides variables. A plain key is copied. Tokens that get refreshed are not: a copy
/// would be refreshed in the private folder and leave the user's own sign-in with a spent token. So
/// the user's whole file is linked, at the price that the agent's tools could read it. OpenCode 2 reads that file
/// once and keeps what it refreshes elsewhere: it gets no such token.
fn sign_in(
    generation: Generation,
    assignment: &Assignment<'_>,
    provider: &str,
    places: &Places,
) -> Result<Option<SeedFile>, LaunchError> {
    let carried = assignment.carried;
    let path = places.data.join("opencode/auth.json");
    match (carried.auth.get(provider), generation) {
        (Some(AuthEntry::Key(entry)), _) => {
            let entry = json!({ provider: entry }).to_string();
            return Ok(Some(SeedFile::secret(path, entry)));
        }
        (Some(AuthEntry::Refreshed), Generation::One) => {
            let file = carried.auth_file.clone();
            return Ok(file.map(|file| SeedFile::link(path, file)));
        }
        (Some(AuthEntry::Refreshed), Generation::Two) if !has_key(assignment, provider) => {
            let provider = provider.to_owned();
            return Err(LaunchError::SpentSignIn { provider });
        }
        (Some(AuthEntry::Refreshed), Generation::Two) | (None, _) => {}
    }
    Ok(ambient(provider, &places.home, assignment.environment))
}

fn has_key(assignment: &Assignment<'_>, provider: &str) -> bool {
    let mut names = key_names(provider);
    names.extend(assignment.carried.key_variables(provider));
    names
        .iter()
        .any(|name| value(assignment.environment, name).is_some())
}

#[cfg(test)]
#[path = "launch_tests.rs"]
mod tests;
