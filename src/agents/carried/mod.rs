//! What is carried over from the user's own OpenCode: the sign-in, the providers and the models.
//!
//! Nothing else is: no sessions, instructions, plugins, agents, MCP servers, permissions.

mod discover;
mod preferences;
mod read;
mod values;

pub use self::values::secrets as secrets_in;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value, json};

use super::environment::value;
use super::providers::key_names;
use super::sign_in_file::SignInPlace;
use super::{Environment, LaunchError, SignInFile};

/// What was found of the user's own OpenCode. Secrets are among it: it is never shown or recorded.
#[derive(Clone, Default)]
pub struct Carried {
    /// The user's project; relative paths of agent programs start here.
    pub project_root: PathBuf,
    /// Settings of providers, merged over all of the user's configurations.
    pub providers: BTreeMap<String, Value>,
    /// The same in the form of OpenCode 2 (`providers`).
    pub providers_of_two: BTreeMap<String, Value>,
    /// The only providers the user wants, if limited.
    pub enabled_providers: Option<Vec<String>>,
    /// Providers the user does not want.
    pub disabled_providers: Option<Vec<String>>,
    /// What projects said that they may not say without being trusted, by file.
    pub left_out: Vec<LeftOut>,
    /// The installed version, if it was asked; the tested one is assumed otherwise.
    pub opencode_version: Option<String>,
    /// The user's `auth.json`, if there is one.
    pub auth_file: Option<PathBuf>,
    pub(super) auth: BTreeMap<String, AuthEntry>,
    /// Every secret in it, by provider.
    auth_secrets: BTreeMap<String, Vec<String>>,
    /// Keys that `{file:…}` settings lead to, by provider.
    file_secrets: BTreeMap<String, Vec<String>>,
    /// Providers whose own tools keep a sign-in in the user's home (`~/.aws` and the like).
    pub(super) ambient: BTreeSet<&'static str>,
    /// The secrets in the users' own sign-ins with other agents, by file.
    own: BTreeMap<PathBuf, Vec<String>>,
    /// The user's cached catalogue of models, as text: it is large, and one entry of it is needed.
    catalogue: Option<String>,
}

/// Keys of a project's file that were not carried over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    pub file: PathBuf,
    /// Where in it: `provider.acme.options.baseURL`.
    pub keys: Vec<String>,
}

/// Whether the user trusts a file of the project, by its path and the text that was read: all that it says
/// is carried over then.
pub type IsTrusted<'a> = &'a dyn Fn(&Path, &str) -> bool;

/// How a provider is signed in to.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum AuthEntry {
    /// By a key that stays as it is; the whole entry.
    Key(Value),
    /// By tokens that OpenCode refreshes and writes back.
    Refreshed,
}

impl Carried {
    /// Nothing but the project: for runs that ask no real model.
    pub fn nothing(project_root: &Path) -> Self {
        Self {
            project_root: project_root.to_path_buf(),
            ..Self::default()
        }
    }

    /// Reads the user's own OpenCode configuration and sign-in, without changing anything.
    ///
    /// Settings of the project count from the root of its git work tree downward, or of
    /// `project_root` alone without git; of a file that is not trusted only what it prefers.
    ///
    /// # Errors
    /// A file is there but cannot be read, or is not what OpenCode could read itself.
    pub fn discover(
        environment: &Environment,
        project_root: &Path,
        is_trusted: IsTrusted<'_>,
    ) -> Result<Self, LaunchError> {
        discover::discover(environment, project_root, is_trusted)
    }

    /// The catalogue for one provider: its entry, or nothing where its settings say it all. `None`
    /// if neither is known; then the catalogue that comes with OpenCode has to do.
    pub(super) fn catalogue_entry(&self, provider: &str) -> Option<Value> {
        if let Some(entry) = self.look_up(provider) {
            return Some(json!({ provider: entry }));
        }
        let settings = self.providers.get(provider)?;
        let complete = ["npm", "models"]
            .iter()
            .all(|key| settings.get(key).is_some());
        complete.then(|| json!({}))
    }

    /// The ids of the models that OpenCode knows of a provider, without its name; `None` where only the
    /// catalogue that comes with OpenCode could tell.
    pub fn models_of(&self, provider: &str) -> Option<Vec<String>> {
        let catalogue = self.catalogue_entry(provider)?;
        let models = catalogue
            .get(provider)
            .into_iter()
            .chain(self.settings(provider));
        let models = models.filter_map(|source| source.get("models")?.as_object());
        Some(models.flat_map(Map::keys).cloned().collect())
    }

    /// The key variables that the catalogue and the provider's settings name for it (`env`).
    pub(super) fn key_variables(&self, provider: &str) -> Vec<String> {
        let entry = self.look_up(provider);
        let sources = entry.as_ref().into_iter().chain(self.settings(provider));
        sources
            .filter_map(|source| source.get("env")?.as_array())
            .flatten()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect()
    }

    /// The variables that a provider's settings mention as `{env:NAME}`.
    pub(super) fn variables_of(&self, provider: &str) -> BTreeSet<String> {
        self.settings(provider)
            .flat_map(values::variables)
            .collect()
    }

    /// The providers that the user's own settings name.
    pub(super) fn configured(&self) -> impl Iterator<Item = &String> {
        self.providers.keys().chain(self.providers_of_two.keys())
    }

    /// The providers that the user signed in to or has settings for, each once.
    pub(super) fn own_providers(&self) -> impl Iterator<Item = &String> {
        let providers: BTreeSet<&String> = self.auth.keys().chain(self.configured()).collect();
        providers.into_iter()
    }

    /// The user's own settings of a provider, in both forms.
    pub(super) fn settings(&self, provider: &str) -> impl Iterator<Item = &Value> {
        let both = [
            self.providers.get(provider),
            self.providers_of_two.get(provider),
        ];
        both.into_iter().flatten()
    }

    /// The secrets that an agent of this provider gets to see, beside its variables.
    pub(super) fn secrets_of(&self, provider: &str) -> Vec<String> {
        let mut secrets: Vec<String> = match self.auth.get(provider) {
            // The whole file is linked, so all of its secrets are within reach.
            Some(AuthEntry::Refreshed) => self.auth_secrets.values().flatten().cloned().collect(),
            Some(AuthEntry::Key(_)) => self.auth_secrets.get(provider).cloned().unwrap_or_default(),
            None => Vec::new(),
        };
        secrets.extend(self.file_secrets.get(provider).cloned().unwrap_or_default());
        let literal = |text: &String| !text.contains("{env:") && !text.contains("{file:");
        let literals = self.settings(provider).flat_map(values::secrets);
        secrets.extend(literals.filter(literal));
        secrets
    }

    /// Reads the user's own sign-ins with agents, and looks for those of the clouds' tools. A file that is not there,
    /// or not whole, is none.
    pub fn look_for(&mut self, environment: &Environment, files: impl Iterator<Item = SignInFile>) {
        self.ambient = discover::ambient(environment);
        for file in files {
            let text = read::text(&file.path).ok().flatten().unwrap_or_default();
            if file.is_whole(text.as_bytes())
                && let Ok(content) = serde_json::from_str(&text)
            {
                self.own.insert(file.path, values::secrets(&content));
            }
        }
    }

    /// Whether the user's own sign-in is there.
    pub(super) fn has(&self, own: &SignInPlace, environment: &Environment) -> bool {
        let file = own.file(environment);
        file.is_some_and(|file| self.own.contains_key(&file.path))
    }

    /// Every secret that some agent may get to see, each with a name to show in its place. A variable that
    /// signs in may be called anything.
    pub fn secrets(&self, environment: &Environment) -> Vec<(String, String)> {
        let own = self.own.values().flatten();
        let own = own.map(|secret| ("sign-in".to_owned(), secret.clone()));
        let of_providers = self.own_providers().flat_map(|provider| {
            let mut secrets = self.secrets_of(provider);
            let mut names = [key_names(provider), self.key_variables(provider)].concat();
            for settings in self.settings(provider) {
                let hidden = Value::from(values::secrets(settings));
                names.extend(values::variables(&hidden));
            }
            let values = names.iter().filter_map(|name| value(environment, name));
            secrets.extend(values.filter_map(|value| value.to_str().map(str::to_owned)));
            secrets
                .into_iter()
                .map(move |secret| (format!("{provider} sign-in"), secret))
        });
        of_providers.chain(own).collect()
    }

    fn look_up(&self, provider: &str) -> Option<Value> {
        let text = self.catalogue.as_deref()?;
        let mut reader = serde_json::Deserializer::from_str(text);
        // A broken cache is no loss: OpenCode has a catalogue of its own.
        reader.deserialize_map(OneEntry(provider)).ok().flatten()
    }
}

impl fmt::Debug for Carried {
    /// Names only, no values: they are secrets or lead to them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Carried")
            .field("project_root", &self.project_root)
            .field("providers", &self.providers.keys().collect::<Vec<_>>())
            .field("signed_in", &self.auth.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// Takes one entry of a large JSON object and passes over the rest without keeping it.
struct OneEntry<'a>(&'a str);

impl<'de> Visitor<'de> for OneEntry<'_> {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of providers")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<String>()? {
            if key == self.0 {
                found = Some(Value::Object(map.next_value::<Map<String, Value>>()?));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
#[path = "carried_tests.rs"]
mod tests;
