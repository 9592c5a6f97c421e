//! A tool call as its updates tell it.

use serde_json::Value;

use crate::model::shortened;

/// Longest text that is kept of a call, in bytes.
const LONGEST: usize = 400;
/// Most files that are kept of one.
const MOST_PATHS: usize = 64;

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Tool {
    name: String,
    pub kind: String,
    title: String,
    command: String,
    /// The files it is about, as the agent writes them.
    pub paths: Vec<String>,
    /// Files that were left out.
    pub has_more: bool,
    pub told: bool,
}

impl Tool {
    /// Takes what an update says of it; what it does not say stays.
    pub fn update(&mut self, update: &Value) {
        let text = |at: &str| update.pointer(at).and_then(Value::as_str);
        let name = text("/name").or_else(|| text("/_meta/toolName"));
        for (to, said) in [
            (&mut self.name, name),
            (&mut self.kind, text("/kind")),
            (&mut self.title, text("/title")),
            (&mut self.command, text("/rawInput/command")),
        ] {
            if let Some(said) = said.filter(|said| !said.trim().is_empty()) {
                *to = shortened(said.trim(), LONGEST).into_owned();
            }
        }
        let list = |at: &str| update.pointer(at).and_then(Value::as_array);
        let entries = list("/locations").into_iter().chain(list("/content"));
        let named = entries.flatten().filter_map(|entry| entry.get("path"));
        let keys = ["filePath", "file_path", "path", "abs_path"];
        let input = keys
            .iter()
            .filter_map(|key| update.get("rawInput")?.get(key));
        for path in named.chain(input).filter_map(Value::as_str) {
            if self.paths.iter().any(|known| known == path) {
                continue;
            }
            if self.paths.len() == MOST_PATHS || path.len() > 4096 {
                self.has_more = true;
                break;
            }
            self.paths.push(path.to_owned());
        }
    }

    /// What it is called, for people.
    pub fn name(&self) -> String {
        let names = [&self.name, &self.kind, &self.title];
        let named = names
            .into_iter()
            .find(|name| !name.is_empty() && *name != "other");
        named.map_or("tool", |name| first_line(name)).to_owned()
    }

    /// What it works on, in a few words: a command, a file below its folder, else its title.
    pub fn detail(&self) -> String {
        if !self.command.is_empty() {
            return first_line(&self.command).to_owned();
        }
        match self.paths.first() {
            Some(path) => {
                let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
                names[names.len().saturating_sub(2)..].join("/")
            }
            None if self.title == self.name() => String::new(),
            None => first_line(&self.title).to_owned(),
        }
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
