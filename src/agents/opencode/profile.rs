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
}

/// The agent's name, for `--agent`.
pub(super) fn name(profile: Profile) -> &'static str {
    match profile {
        Profile::Reader => "reader",
        Profile::Worker => "worker",
        Profile::Writer => "writer",
    }
}

pub(super) fn agent(profile: Profile, search: Search, folders: &Folders<'_>) -> Value {
    json!({
        "mode": "primary",
        "prompt": prompt(profile),
        "permission": permission(profile, search, folders),
    })
}

/// Short on purpose: it is paid for with each request, and the call's own prompt says the rest.
fn prompt(profile: Profile) -> &'static str {
    match profile {
        Profile::Reader => {
            "Nobody answers questions. Read and search this folder; write only below .tipstaff/out/. End as the prompt says."
        }
        Profile::Worker => {
            "Nobody answers questions. Work only in this folder. End as the prompt says."
        }
        Profile::Writer => {
            "Nobody answers questions. Write only below .tipstaff/out/. End as the prompt says."
        }
    }
}

/// Explicit rules, never "ask": an ask that nobody answers ends the session at once, with exit 0.
/// A tool that is denied as a whole is not offered to the model; a refused path is an error that the
/// model sees, and the run goes on. The last matching rule wins, so the order of keys matters.
pub(super) fn permission(profile: Profile, search: Search, folders: &Folders<'_>) -> Value {
    let mut rules = Map::new();
    let mut rule = |name: &str, value: Value| rules.insert(name.to_owned(), value);
    rule("*", json!("deny"));
    for tool in tools(profile, search) {
        rule(tool, json!("allow"));
    }
    match profile {
        // `edit` stands for the tools write and apply_patch, too.
        Profile::Reader | Profile::Writer => rule("edit", edit_below_out(folders.workspace)),
        Profile::Worker => rule("edit", json!("allow")),
    };
    rule("external_directory", external(folders));
    rule("doom_loop", json!("allow"));
    Value::Object(rules)
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
fn edit_below_out(workspace: &Path) -> Value {
    let mut rules = Map::new();
    rules.insert("*".to_owned(), json!("deny"));
    rules.insert(OUT.to_owned(), json!("allow"));
    for above in workspace.ancestors().skip(1) {
        if let Ok(relative) = workspace.strip_prefix(above) {
            rules.insert(format!("{}/{OUT}", relative.display()), json!("allow"));
        }
    }
    Value::Object(rules)
}

/// Outside the workspace only what the agent itself puts there. This is no sandbox: a shell can go
/// where it wants.
fn external(folders: &Folders<'_>) -> Value {
    let mut rules = Map::new();
    rules.insert("*".to_owned(), json!("deny"));
    for folder in [folders.temporary, folders.tool_output] {
        rules.insert(format!("{}/*", folder.display()), json!("allow"));
    }
    Value::Object(rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders() -> Folders<'static> {
        Folders {
            workspace: Path::new("/t/run/ws"),
            temporary: Path::new("/t/p/tmp"),
            tool_output: Path::new("/t/p/data/opencode/tool-output"),
        }
    }

    #[test]
    fn nothing_is_ever_asked() {
        for profile in [Profile::Reader, Profile::Worker, Profile::Writer] {
            let agent = agent(profile, Search::Available, &folders()).to_string();
            assert!(!agent.contains("\"ask\""), "{agent}");
            assert!(
                agent.contains(r#""permission":{"*":"deny","#),
                "the general rule comes first"
            );
        }
    }

    #[test]
    fn a_reader_writes_below_out_wherever_the_work_tree_begins() {
        let rules = permission(Profile::Reader, Search::Available, &folders());
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
        let rules = permission(Profile::Worker, Search::Missing, &folders());
        assert_eq!(rules.get("grep"), None);
        assert_eq!(rules["read"], json!("allow"));
    }
}
