//! Our own lean agent per profile, in place of OpenCode's: its own part of each request (system
//! prompt and tool descriptions) is 3.8 KB (writer), 7.8 KB (reader), 12 KB (worker) instead of 31 KB.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::model::Profile;

/// The folder for results, below the workspace.
const OUT: &str = ".tipstaff/out/*";

/// Whether the search tools work on this machine: they need ripgrep, which OpenCode would otherwise
/// try to download.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Search {
    /// `rg` is on PATH.
    Available,
    /// It is not: the tools are left out.
    Missing,
}

/// The folders of one attempt that permissions speak of; absolute.
#[derive(Debug, Clone, Copy)]
pub(super) struct Folders<'a> {
    pub workspace: &'a Path,
    pub temporary: &'a Path,
    /// Where OpenCode keeps the full text of long tool outputs.
    pub tool_output: &'a Path,
    /// Where OpenCode 2 keeps that of long commands.
    pub shell_output: &'a Path,
}

/// What a tool may do, in the words of OpenCode 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    pub tool: &'static str,
    /// On which paths or commands; `*` for all.
    pub on: String,
    pub allow: bool,
}

impl Rule {
    fn new(tool: &'static str, on: impl Into<String>, allow: bool) -> Self {
        let on = on.into();
        Self { tool, on, allow }
    }

    pub fn effect(&self) -> &'static str {
        if self.allow { "allow" } else { "deny" }
    }
}

/// Explicit rules, never "ask": an ask that nobody answers ends the session at once, with exit 0.
/// A tool that is denied as a whole is not offered to the model; a refused path is an error that the
/// model sees, and the run goes on. The last matching rule wins.
pub(super) fn rules(profile: Profile, search: Search, folders: &Folders<'_>) -> Vec<Rule> {
    let mut rules = vec![Rule::new("*", "*", false)];
    rules.extend(
        tools(profile, search)
            .iter()
            .map(|tool| Rule::new(tool, "*", true)),
    );
    match profile {
        // `edit` stands for the tools write and apply_patch, too.
        Profile::Reader | Profile::Writer => rules.extend(edit_below_out(folders.workspace)),
        Profile::Worker => rules.push(Rule::new("edit", "*", true)),
    }
    rules.extend(external(folders));
    rules.push(Rule::new("doom_loop", "*", true));
    rules
}

/// The rules as OpenCode 1 takes them: by tool, and by path where there are several.
pub(super) fn by_tool(rules: &[Rule]) -> Value {
    let mut tools = Map::new();
    for of_tool in rules.chunk_by(|one, next| one.tool == next.tool) {
        let effects = match of_tool {
            [only] if only.on == "*" => json!(only.effect()),
            several => several
                .iter()
                .map(|rule| (rule.on.clone(), json!(rule.effect())))
                .collect(),
        };
        tools.insert(of_tool[0].tool.to_owned(), effects);
    }
    Value::Object(tools)
}

/// The tools that are allowed without conditions. A worker finds files with its shell: with `glob`
/// beside `bash`, whose description is the longest of all, a request's own part passes 13 KB.
fn tools(profile: Profile, search: Search) -> &'static [&'static str] {
    match (profile, search) {
        (Profile::Reader, Search::Available) => &["read", "glob", "grep"],
        (Profile::Reader, Search::Missing) => &["read"],
        (Profile::Worker, Search::Available) => &["read", "grep", "bash"],
        (Profile::Worker, Search::Missing) => &["read", "bash"],
        (Profile::Writer, Search::Available | Search::Missing) => &[],
    }
}

/// Patterns of `edit` are matched against the path relative to the root of the git work tree, or to
/// `/` without git. Which folder that will be is not known here, so each folder above the workspace
/// gets a rule; every one of them leads to the same place and nowhere else.
fn edit_below_out(workspace: &Path) -> impl Iterator<Item = Rule> {
    let above = workspace.ancestors().skip(1);
    let below = above.filter_map(move |above| {
        let relative = workspace.strip_prefix(above).ok()?;
        Some(Rule::new(
            "edit",
            format!("{}/{OUT}", relative.display()),
            true,
        ))
    });
    let own = [Rule::new("edit", "*", false), Rule::new("edit", OUT, true)];
    own.into_iter().chain(below)
}

/// Outside the workspace only what the agent itself puts there. This is no sandbox: a shell can go
/// where it wants.
fn external(folders: &Folders<'_>) -> impl Iterator<Item = Rule> {
    let own = [folders.temporary, folders.tool_output, folders.shell_output];
    let own = own.map(|folder| {
        Rule::new(
            "external_directory",
            format!("{}/*", folder.display()),
            true,
        )
    });
    [Rule::new("external_directory", "*", false)]
        .into_iter()
        .chain(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders() -> Folders<'static> {
        Folders {
            workspace: Path::new("/t/run/ws"),
            temporary: Path::new("/t/p/tmp"),
            tool_output: Path::new("/t/p/data/opencode/tool-output"),
            shell_output: Path::new("/t/p/data/opencode/shell"),
        }
    }

    fn permission(profile: Profile, search: Search) -> Value {
        by_tool(&rules(profile, search, &folders()))
    }

    #[test]
    fn nothing_is_ever_asked() {
        for profile in [Profile::Reader, Profile::Worker, Profile::Writer] {
            let rules = permission(profile, Search::Available).to_string();
            assert!(!rules.contains("\"ask\""), "{rules}");
            assert!(
                rules.starts_with(r#"{"*":"deny","#),
                "the general rule comes first"
            );
        }
    }

    #[test]
    fn a_reader_writes_below_out_wherever_the_work_tree_begins() {
        let rules = permission(Profile::Reader, Search::Available);
        let expected = json!({
            "*": "deny",
            ".tipstaff/out/*": "allow",
            "ws/.tipstaff/out/*": "allow",
            "run/ws/.tipstaff/out/*": "allow",
            "t/run/ws/.tipstaff/out/*": "allow",
        });
        assert_eq!(rules["edit"], expected);
        assert_eq!(rules.get("bash"), None);
    }

    #[test]
    fn without_ripgrep_the_search_tools_are_left_out() {
        let rules = permission(Profile::Worker, Search::Missing);
        assert_eq!(rules.get("grep"), None);
        assert_eq!(rules["read"], json!("allow"));
    }
}
