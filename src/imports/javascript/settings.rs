//! Other names for the files of a project: aliases of `tsconfig.json` and `jsconfig.json`, packages and
//! `#imports` of `package.json`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::paths::{folder_of, join, name_of, upwards};

/// The settings of a tree, by the folders in which they are.
#[derive(Debug, Clone, Default)]
pub(in crate::imports) struct Settings {
    aliases: BTreeMap<String, Vec<Aliases>>,
    packages: BTreeMap<String, Package>,
    /// The folders of packages, by their names.
    named: BTreeMap<String, String>,
}

/// What one `tsconfig.json` says. Those of a folder, and those of the folders above, are all asked: what
/// they extend and refer to is there in most projects.
#[derive(Debug, Clone)]
struct Aliases {
    /// The folder that names without a dot may be relative to.
    base: Option<String>,
    paths: Vec<Entry>,
}

/// What one `package.json` says.
#[derive(Debug, Clone)]
struct Package {
    /// The files that it says it begins with.
    main: Vec<String>,
    exports: Vec<Entry>,
    imports: Vec<Entry>,
}

/// A pattern with at most one `*`, and what it stands for.
#[derive(Debug, Clone)]
struct Entry {
    pattern: String,
    targets: Vec<String>,
}

/// Whether a file is read by [`Settings::read`].
pub(in crate::imports) fn is_settings(path: &str) -> bool {
    let name = name_of(path);
    name == "package.json" || is_aliases(name)
}

fn is_aliases(name: &str) -> bool {
    (name.starts_with("tsconfig") || name.starts_with("jsconfig")) && name.ends_with(".json")
}

impl Settings {
    /// Reads the settings among these files. What is no JSON says nothing.
    pub(in crate::imports) fn read(files: &BTreeMap<String, Vec<u8>>) -> Self {
        let mut settings = Self::default();
        for (path, bytes) in files {
            let folder = folder_of(path);
            let text = String::from_utf8_lossy(bytes);
            if is_aliases(name_of(path)) {
                let Ok(value) = jsonc_parser::parse_to_serde_value(&text, &Default::default())
                else {
                    continue;
                };
                let here = settings.aliases.entry(folder.to_owned()).or_default();
                here.push(Aliases::of(&value, folder));
            } else if name_of(path) == "package.json"
                && let Ok(value) = serde_json::from_str::<Value>(&text)
            {
                let name = value["name"].as_str();
                let named = name.map(|name| (name.to_owned(), folder.to_owned()));
                settings.named.extend(named);
                let package = Package::of(&value);
                settings.packages.insert(folder.to_owned(), package);
            }
        }
        settings
    }

    pub(super) fn package_above<'a>(&self, folder: &'a str) -> Option<&'a str> {
        upwards(folder).find(|folder| self.packages.contains_key(*folder))
    }

    /// What an import that is no path may mean, as paths that may lack their ending; the likeliest first.
    pub(super) fn candidates(&self, folder: &str, import: &str) -> Vec<String> {
        let mut found = Vec::new();
        if let Some(package) = self.package_above(folder) {
            let entries = &self.packages[package].imports;
            found.extend(targets(entries, import, package));
        }
        for above in upwards(folder) {
            for aliases in self.aliases.get(above).into_iter().flatten() {
                let from = aliases.base.as_deref().unwrap_or(above);
                found.extend(targets(&aliases.paths, import, from));
                let base = aliases.base.as_deref();
                found.extend(base.and_then(|base| join(base, import)));
            }
        }
        let (name, below) = name_and_below(import);
        if let Some(folder) = self.named.get(name) {
            found.extend(self.packages[folder].files(folder, below));
        }
        found
    }
}

/// The package that is imported and what of it: `@a/ui` and `button` of `@a/ui/button`.
fn name_and_below(import: &str) -> (&str, &str) {
    let scope = match import.starts_with('@') {
        true => import.find('/').map_or(import.len(), |slash| slash + 1),
        false => 0,
    };
    let slash = import[scope..].find('/');
    let end = slash.map_or(import.len(), |slash| scope + slash);
    (&import[..end], import[end..].trim_start_matches('/'))
}

impl Aliases {
    fn of(value: &Value, folder: &str) -> Self {
        let options = &value["compilerOptions"];
        let base = options["baseUrl"].as_str();
        Self {
            base: base.and_then(|base| join(folder, base)),
            paths: entries(&options["paths"]),
        }
    }
}

impl Package {
    fn of(value: &Value) -> Self {
        let exports = &value["exports"];
        let is_by_path = exports
            .as_object()
            .is_some_and(|exports| exports.keys().any(|key| key.starts_with('.')));
        let main = ["source", "module", "main", "types"].map(|key| &value[key]);
        let whole = (!is_by_path).then_some(exports);
        Self {
            main: whole.into_iter().chain(main).flat_map(texts).collect(),
            exports: entries(exports),
            imports: entries(&value["imports"]),
        }
    }

    /// Where the files may be that an import of this package means. What a package exports has often
    /// to be built first; then its sources are meant.
    fn files(&self, folder: &str, below: &str) -> Vec<String> {
        let mut found = Vec::new();
        let exported = match below {
            "" => ".".to_owned(),
            below => format!("./{below}"),
        };
        found.extend(targets(&self.exports, &exported, folder));
        if below.is_empty() {
            found.extend(self.main.iter().filter_map(|main| join(folder, main)));
        }
        found.extend(join(folder, &format!("src/{below}")));
        found.extend(join(folder, below));
        found
    }
}

fn entries(value: &Value) -> Vec<Entry> {
    let entries = value.as_object().into_iter().flatten();
    entries
        .map(|(pattern, value)| Entry {
            pattern: pattern.clone(),
            targets: texts(value),
        })
        .collect()
}

/// All texts in a value: a target is one, a list, or a map of conditions.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::Object(values) => values.values().flat_map(texts).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// What the entries that match stand for.
fn targets(entries: &[Entry], import: &str, from: &str) -> Vec<String> {
    let of_entry = |entry: &Entry| -> Vec<String> {
        let Some(star) = star(&entry.pattern, import) else {
            return Vec::new();
        };
        let filled = entry.targets.iter().map(|target| target.replace('*', star));
        filled.filter_map(|target| join(from, &target)).collect()
    };
    entries.iter().flat_map(of_entry).collect()
}

/// What the `*` of a pattern stands for; nothing for a pattern without one that is the text itself.
fn star<'a>(pattern: &str, text: &'a str) -> Option<&'a str> {
    match pattern.split_once('*') {
        None => (pattern == text).then_some(""),
        Some((before, after)) => text.strip_prefix(before)?.strip_suffix(after),
    }
}
