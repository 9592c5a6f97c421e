//! The settings of one attempt, and the rules of its tools.

use std::path::Path;

use serde_json::{Value, json};

use super::account::Account;
use crate::agents::Assignment;
use crate::model::Profile;

/// So often a model request is tried, with pauses of 5 to 30 seconds.
const ATTEMPTS: u32 = 5;
const READ: &[&str] = &["read_file", "list_directory", "glob", "grep_search"];
const WRITE: &[&str] = &["write_file", "replace"];
const SHELL: &str = "run_shell_command";

/// The id of the model, without its provider.
pub(super) fn model<'a>(assignment: &Assignment<'a>) -> &'a str {
    let id = &assignment.model.id;
    id.strip_prefix("google/").unwrap_or(id)
}

/// What holds for every call, by whichever way.
pub fn quiet() -> Value {
    json!({
        "telemetry": { "enabled": false },
        "privacy": { "usageStatisticsEnabled": false },
        "general": {
            "enableAutoUpdate": false,
            "enableAutoUpdateNotification": false,
            "maxAttempts": ATTEMPTS,
        },
        "skills": { "enabled": false },
        "hooksConfig": { "enabled": false },
        // An empty list would allow all.
        "mcp": { "allowed": ["none"] },
        "advanced": { "ignoreLocalEnv": true },
    })
}

pub(super) fn of(assignment: &Assignment<'_>, account: Option<&Account>) -> Value {
    let mut settings = quiet();
    settings["security"] = json!({
        // What the tools see of the environment.
        "environmentVariableRedaction": { "enabled": true, "blocked": ["GEMINI_API_KEY", "GOOGLE_API_KEY"] },
    });
    if let Some(account) = account {
        settings["security"]["auth"] = json!({ "selectedType": account.kind });
    }
    if let Some(variant) = &assignment.model.variant {
        let thinking = match variant.parse::<i64>() {
            Ok(budget) => json!({ "thinkingBudget": budget }),
            Err(_) => json!({ "thinkingLevel": variant.to_uppercase() }),
        };
        settings["modelConfigs"] = json!({ "customOverrides": [{
            "match": { "model": model(assignment) },
            "modelConfig": { "generateContentConfig": { "thinkingConfig": thinking } },
        }] });
    }
    settings
}

/// Rules of the user's rank, over the built-in ones. A tool that nothing allows is not offered to the model; a
/// refused path is an error that the model sees.
pub(super) fn policy(profile: Profile, workspace: &Path) -> String {
    let out = below_out(workspace);
    let allowed = match profile {
        Profile::Reader => rule(READ, "allow", 100, None) + &out,
        Profile::Worker => rule(&[READ, WRITE, &[SHELL]].concat(), "allow", 100, None),
        Profile::Writer => out,
    };
    rule(&["*"], "deny", 1, None) + &allowed
}

fn below_out(workspace: &Path) -> String {
    let workspace = literal(&workspace.to_string_lossy());
    let below = format!(r#""file_path":"({workspace}/)?\.tipstaff/out/[^"]*""#);
    let leaves = r#""file_path":"[^"]*\.\./"#;
    rule(WRITE, "allow", 100, Some(&below)) + &rule(WRITE, "deny", 200, Some(leaves))
}

/// A text as a pattern that matches it alone.
fn literal(text: &str) -> String {
    let mut pattern = String::new();
    for c in text.chars() {
        if c.is_ascii_punctuation() && c != '/' && c != '-' && c != '_' {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

/// Strings of JSON are strings of TOML.
fn rule(tools: &[&str], decision: &str, priority: u32, arguments: Option<&str>) -> String {
    let arguments = arguments.map(|pattern| format!("argsPattern = {}\n", json!(pattern)));
    // The rule for all tools is one without a list.
    let tools = match tools {
        [one] => json!(one),
        several => json!(several),
    };
    format!(
        "[[rule]]\ntoolName = {tools}\ndecision = {}\npriority = {priority}\nallowRedirection = true\n{}\n",
        json!(decision),
        arguments.unwrap_or_default()
    )
}
