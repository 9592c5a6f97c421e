//! Finding the user's own OpenCode: sign-in, configuration, catalogue.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::preferences::keep_preferences;
use super::{AuthEntry, Carried, IsTrusted, LeftOut, read, values};
use crate::agents::environment::value;
use crate::agents::providers::home_folder;
use crate::agents::{Environment, LaunchError};
use crate::files;

/// Providers whose own tools keep a sign-in in the user's home.
const AMBIENT: &[&str] = &["amazon-bedrock", "google-vertex", "google-vertex-anthropic"];
/// A key in a file is small; a larger file is not read for its secrets.
const LARGEST_KEY_FILE: u64 = 16 << 10;

/// See [`Carried::discover`].
pub(super) fn discover(
    environment: &Environment,
    project_root: &Path,
    is_trusted: IsTrusted<'_>,
) -> Result<Carried, LaunchError> {
    let home = value(environment, "HOME").map(PathBuf::from);
    let folder = |variable: &str, below: &str| {
        value(environment, variable)
            .map(PathBuf::from)
            .or_else(|| Some(home.as_ref()?.join(below)))
            .map(|base| base.join("opencode"))
    };
    let mut carried = Carried {
        project_root: project_root.to_owned(),
        ..Carried::default()
    };
    if let Some(data) = folder("XDG_DATA_HOME", ".local/share") {
        read_auth(&mut carried, data.join("auth.json"))?;
    }
    let global = folder("XDG_CONFIG_HOME", ".config");
    let documents = documents(
        environment,
        global.as_deref(),
        home.as_deref(),
        project_root,
    );
    for Document { path, of_project } in documents {
        if let Some(text) = read::text(&path)? {
            let base = path.parent().unwrap_or(project_root);
            let place = path.display().to_string();
            let mut document = read::object(&text, &place)?;
            if of_project && !is_trusted(&path, &text) {
                let keys = keep_preferences(&mut document);
                if !keys.is_empty() {
                    let file = path.clone();
                    carried.left_out.push(LeftOut { file, keys });
                }
            }
            merge_document(&mut carried, document, &place, base, home.as_deref())?;
        }
    }
    if let Some(text) = value(environment, "OPENCODE_CONFIG_CONTENT") {
        let text = text.to_string_lossy();
        let place = "OPENCODE_CONFIG_CONTENT";
        let document = read::object(&text, place)?;
        merge_document(&mut carried, document, place, project_root, home.as_deref())?;
    }
    if let Some(cache) = folder("XDG_CACHE_HOME", ".cache") {
        carried.catalogue = read::text(&cache.join("models.json"))?;
    }
    carried.file_secrets = file_secrets(&carried);
    carried.ambient = ambient(environment);
    Ok(carried)
}

/// The providers whose own tools are signed in.
pub(super) fn ambient(environment: &Environment) -> BTreeSet<&'static str> {
    let home = value(environment, "HOME").map(Path::new);
    let is_there = |provider: &&str| {
        let below = home_folder(provider).zip(home);
        below.is_some_and(|(below, home)| home.join(below).is_dir())
    };
    AMBIENT.iter().copied().filter(is_there).collect()
}

/// A configuration file, and whether it is the project's word or the user's.
struct Document {
    path: PathBuf,
    of_project: bool,
}

/// The configuration files in OpenCode's own order, weakest first.
fn documents(
    environment: &Environment,
    global: Option<&Path>,
    home: Option<&Path>,
    project: &Path,
) -> Vec<Document> {
    let both = |folder: &Path| ["opencode.json", "opencode.jsonc"].map(|name| folder.join(name));
    let chain = work_tree(project);
    let mut of_project: Vec<PathBuf> = chain.iter().flat_map(|folder| both(folder)).collect();
    let hidden = chain.iter().map(|folder| folder.join(".opencode"));
    of_project.extend(hidden.flat_map(|folder| both(&folder)));
    let mut before: Vec<PathBuf> = Vec::new();
    if let Some(global) = global {
        before.push(global.join("config.json"));
        before.extend(both(global));
    }
    if let Some(file) = value(environment, "OPENCODE_CONFIG") {
        before.push(project.join(file));
    }
    let mut after: Vec<PathBuf> = Vec::new();
    if let Some(home) = home {
        after.extend(both(&home.join(".opencode")));
    }
    if let Some(folder) = value(environment, "OPENCODE_CONFIG_DIR") {
        after.extend(both(Path::new(folder)));
    }
    // A home that is a repository is the user's own: there, a file may be both.
    of_project.retain(|path| !after.contains(path) && !before.contains(path));
    let whose = |of_project| move |path| Document { path, of_project };
    let before = before.into_iter().map(whose(false));
    let after = after.into_iter().map(whose(false));
    before
        .chain(of_project.into_iter().map(whose(true)))
        .chain(after)
        .collect()
}

/// The folders from the root of the git work tree down to the project; without git the project alone.
fn work_tree(project: &Path) -> Vec<PathBuf> {
    let root = project
        .ancestors()
        .position(|folder| folder.join(".git").exists());
    let mut chain: Vec<PathBuf> = project
        .ancestors()
        .take(root.unwrap_or(0) + 1)
        .map(Path::to_owned)
        .collect();
    chain.reverse();
    chain
}

fn merge_document(
    carried: &mut Carried,
    mut document: Map<String, Value>,
    place: &str,
    folder: &Path,
    home: Option<&Path>,
) -> Result<(), LaunchError> {
    let shape = |key: &str, expected| LaunchError::Shape {
        place: place.to_owned(),
        key: key.to_owned(),
        expected,
    };
    for (key, known) in [
        ("provider", &mut carried.providers),
        ("providers", &mut carried.providers_of_two),
    ] {
        match document.remove(key) {
            None => {}
            Some(Value::Object(providers)) => {
                for (name, mut settings) in providers {
                    if !settings.is_object() {
                        return Err(shape(&format!("{key}.{name}"), "an object"));
                    }
                    values::anchor_files(&mut settings, folder, home);
                    merge(known.entry(name).or_insert(Value::Null), settings);
                }
            }
            Some(_) => return Err(shape(key, "an object")),
        }
    }
    for (key, list) in [
        ("enabled_providers", &mut carried.enabled_providers),
        ("disabled_providers", &mut carried.disabled_providers),
    ] {
        if let Some(value) = document.remove(key) {
            let names = serde_json::from_value(value);
            *list = Some(names.map_err(|_| shape(key, "a list of names"))?);
        }
    }
    Ok(())
}

/// Objects are merged key by key; anything else is replaced.
fn merge(under: &mut Value, over: Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                merge(under.entry(key).or_insert(Value::Null), value);
            }
        }
        (under, over) => *under = over,
    }
}

fn read_auth(carried: &mut Carried, path: PathBuf) -> Result<(), LaunchError> {
    let Some(text) = read::text(&path)? else {
        return Ok(());
    };
    let entries = read::object(&text, &path.display().to_string())?;
    for (provider, entry) in entries {
        let secrets = values::secrets(&entry);
        carried.auth_secrets.insert(provider.clone(), secrets);
        let entry = match entry.get("type").and_then(Value::as_str) {
            Some("api") => AuthEntry::Key(entry),
            _ => AuthEntry::Refreshed,
        };
        carried.auth.insert(provider, entry);
    }
    carried.auth_file = Some(path);
    Ok(())
}

/// The contents of the files that settings lead to; those that cannot be read count as none, for
/// OpenCode itself will say so.
fn file_secrets(carried: &Carried) -> BTreeMap<String, Vec<String>> {
    let content = |path: String| {
        let text = files::read(path.as_ref(), LARGEST_KEY_FILE).ok()?;
        Some(std::str::from_utf8(&text).ok()?.trim().to_owned())
    };
    let found = |name: &String| {
        let files = carried.settings(name).flat_map(values::files);
        (name.clone(), files.filter_map(content).collect())
    };
    carried.configured().map(found).collect()
}
