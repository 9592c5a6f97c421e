//! `{env:NAME}` and `{file:PATH}` in the values of OpenCode's configuration.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::model::names_a_secret;

/// Calls `change` for each string in a value; what it returns takes the string's place.
fn change_strings(value: &mut Value, change: &mut dyn FnMut(&str) -> Option<String>) {
    match value {
        Value::String(text) => {
            if let Some(changed) = change(text) {
                *text = changed;
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| change_strings(item, change)),
        Value::Object(map) => map
            .values_mut()
            .for_each(|item| change_strings(item, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Replaces each `{file:PATH}` by an absolute one: relative paths start at the folder of the file
/// they are in, and `~` is the user's home, which the agent does not have.
pub(super) fn anchor_files(value: &mut Value, folder: &Path, home: Option<&Path>) {
    change_strings(value, &mut |text| {
        let mut changed = String::new();
        let mut rest = text;
        while let Some((before, path, after)) = placeholder(rest, "{file:") {
            let absolute = match (path.strip_prefix("~/"), home) {
                (Some(below), Some(home)) => home.join(below),
                _ => folder.join(path),
            };
            changed.push_str(before);
            changed.push_str(&format!("{{file:{}}}", absolute.display()));
            rest = after;
        }
        changed.push_str(rest);
        Some(changed)
    });
}

/// The names of all `{env:NAME}` in a value.
pub(super) fn variables(value: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    each_placeholder(value, "{env:", &mut |name| {
        names.insert(name.to_owned());
    });
    names
}

/// The paths of all `{file:PATH}` in a value.
pub(super) fn files(value: &Value) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    each_placeholder(value, "{file:", &mut |path| {
        paths.insert(path.to_owned());
    });
    paths
}

/// Keys and tokens among a provider's settings, or in a sign-in; `{env:NAME}` stays as it is.
pub fn secrets(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect_secrets(value, false, &mut found);
    found
}

/// `hidden`: below a name that speaks of a secret, or below `headers`.
fn collect_secrets(value: &Value, hidden: bool, found: &mut Vec<String>) {
    match value {
        Value::String(text) if hidden => {
            // Of `Bearer abc` the second word is the secret, and `abc` alone may be echoed.
            found.extend(text.split_whitespace().last().map(str::to_owned));
        }
        Value::Array(items) => {
            for item in items {
                collect_secrets(item, hidden, found);
            }
        }
        Value::Object(map) => {
            for (name, item) in map {
                // Tokens are `access` and `refresh` in OpenCode's own file.
                let telling = names_a_secret(name)
                    || matches!(name.as_str(), "headers" | "Headers" | "access" | "refresh");
                collect_secrets(item, hidden || telling, found);
            }
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn each_placeholder(value: &Value, start: &str, take: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => {
            let mut rest = text.as_str();
            while let Some((_, inside, after)) = placeholder(rest, start) {
                take(inside);
                rest = after;
            }
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| each_placeholder(item, start, take)),
        Value::Object(map) => map
            .values()
            .for_each(|item| each_placeholder(item, start, take)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The text before the next placeholder, what is inside it, and the rest.
fn placeholder<'a>(text: &'a str, start: &str) -> Option<(&'a str, &'a str, &'a str)> {
    let (before, rest) = text.split_once(start)?;
    let (inside, after) = rest.split_once('}')?;
    Some((before, inside, after))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn file_paths_become_absolute() {
        let mut value = json!({ "a": ["{file:key.txt}", "x {file:~/k} y"], "b": "{file:/abs}", "c": "plain {" });
        anchor_files(&mut value, Path::new("/cfg"), Some(Path::new("/home/u")));
        let expected = json!({ "a": ["{file:/cfg/key.txt}", "x {file:/home/u/k} y"], "b": "{file:/abs}", "c": "plain {" });
        assert_eq!(value, expected);
    }

    #[test]
    fn variables_are_collected_everywhere() {
        let value = json!({ "options": { "apiKey": "{env:A}", "headers": { "X": "Bearer {env:B}{env:C}" } } });
        assert_eq!(
            variables(&value).into_iter().collect::<Vec<_>>(),
            ["A", "B", "C"]
        );
    }

    #[test]
    fn literal_keys_are_secrets() {
        let value = json!({ "options": { "apiKey": "sk-literal-1", "baseURL": "http://x", "headers": { "X-Auth": "Bearer tok-literal-2" } } });
        assert_eq!(secrets(&value), ["sk-literal-1", "tok-literal-2"]);
    }
}
