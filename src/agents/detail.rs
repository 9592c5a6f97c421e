//! What a tool works on, in one line.

use serde_json::Value;

/// Where the inputs of the agents' tools have it: a command, a path, a pattern.
const NAMES: [&str; 6] = [
    "command",
    "file_path",
    "filePath",
    "path",
    "dir_path",
    "pattern",
];

/// The first of them. Of a path the last two names: a workspace's own path says nothing to a user.
pub(super) fn detail(input: &Value) -> Option<String> {
    let has = |name: &'static str| {
        let text = input[name].as_str()?;
        (!text.is_empty()).then_some((name, text))
    };
    let (name, text) = NAMES.into_iter().find_map(has)?;
    if name.to_lowercase().ends_with("path") {
        let names: Vec<&str> = text.split('/').filter(|name| !name.is_empty()).collect();
        return Some(names[names.len().saturating_sub(2)..].join("/"));
    }
    text.lines().next().map(str::to_owned)
}
