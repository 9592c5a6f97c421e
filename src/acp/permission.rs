//! What the agent is allowed when it asks. It need not ask, so this is no border: the cell is.

use std::path::{Component, Path};

use serde_json::{Value, json};

use super::tool::Tool;
use crate::model::Profile;

/// The folder for results, below the workspace.
const OUT: &str = ".tipstaff/out";

/// Whether a tool may do what it asks for.
pub(super) fn allows(profile: Profile, tool: &Tool, workspace: &Path) -> bool {
    match (profile, tool.kind.as_str()) {
        (Profile::Worker, _) => true,
        (Profile::Reader | Profile::Writer, "read" | "search" | "think") => true,
        (Profile::Reader | Profile::Writer, "edit") => {
            let is_out = |path: &String| is_below_out(Path::new(path), workspace);
            !tool.has_more && !tool.paths.is_empty() && tool.paths.iter().all(is_out)
        }
        // Deleting, moving, commands, the network, and what has no name.
        (Profile::Reader | Profile::Writer, _) => false,
    }
}

fn is_below_out(path: &Path, workspace: &Path) -> bool {
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::RootDir);
    let path = match path.strip_prefix(workspace) {
        Ok(path) => path,
        Err(_) => path,
    };
    path.components().all(is_plain) && path.starts_with(OUT) && path != Path::new(OUT)
}

/// The answer: the option of the right kind, for this once if there is a choice. Without one the agent has to do
/// as if nobody were there.
pub(super) fn outcome(allowed: bool, options: &Value) -> Value {
    let kinds = match allowed {
        true => ["allow_once", "allow_always"],
        false => ["reject_once", "reject_always"],
    };
    let of_kind = |kind: &&str| {
        let options = options.as_array()?.iter();
        let mut fitting = options.filter(|option| option["kind"].as_str() == Some(kind));
        fitting.next()?.get("optionId").cloned()
    };
    match kinds.iter().find_map(of_kind) {
        Some(id) => json!({ "outcome": { "outcome": "selected", "optionId": id } }),
        None => cancelled(),
    }
}

pub(super) fn cancelled() -> Value {
    json!({ "outcome": { "outcome": "cancelled" } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(kind: &str, paths: &[&str]) -> Tool {
        let mut tool = Tool::default();
        let locations: Vec<Value> = paths.iter().map(|path| json!({ "path": path })).collect();
        tool.update(&json!({ "kind": kind, "locations": locations }));
        tool
    }

    #[test]
    fn reader_writes_below_out_alone() {
        let cases: &[(&str, &[&str], bool)] = &[
            ("read", &["/etc/passwd"], true),
            ("search", &[], true),
            ("edit", &["/w/.tipstaff/out/deliverable.md"], true),
            ("edit", &[".tipstaff/out/a/b.md"], true),
            ("edit", &[], false),
            ("edit", &["/w/.tipstaff/out"], false),
            ("edit", &["/w/.tipstaff/out/../../src/x.rs"], false),
            ("edit", &["/w/.tipstaff/out/x", "/w/src/x.rs"], false),
            ("edit", &["/other/.tipstaff/out/x"], false),
            ("delete", &["/w/.tipstaff/out/x"], false),
            ("execute", &[], false),
            ("fetch", &[], false),
            ("other", &[], false),
            ("", &[], false),
        ];
        for (kind, paths, allowed) in cases {
            for profile in [Profile::Reader, Profile::Writer] {
                let tool = tool(kind, paths);
                assert_eq!(
                    allows(profile, &tool, Path::new("/w")),
                    *allowed,
                    "{profile:?} {kind} {paths:?}"
                );
            }
            assert!(allows(Profile::Worker, &tool(kind, paths), Path::new("/w")));
        }
    }

    #[test]
    fn options_are_told_by_their_kind() {
        let options = json!([
            { "optionId": "always", "kind": "allow_always" },
            { "optionId": "once", "kind": "allow_once" },
            { "optionId": "no", "kind": "reject_once" },
        ]);
        let chosen = |allowed| outcome(allowed, &options)["outcome"]["optionId"].clone();
        assert_eq!((chosen(true), chosen(false)), (json!("once"), json!("no")));
        assert_eq!(outcome(false, &json!([])), cancelled());
        assert_eq!(outcome(true, &json!("x")), cancelled());
    }
}
