//! The pinned agents are there, in the versions that everything is measured with.

use std::process::Command;

use serde_json::Value;

#[test]
fn each_agent_tells_the_pinned_version() {
    let file = crate::stand::fixture("agents/package.json");
    let package: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let pinned = [
        ("claude", "@anthropic-ai/claude-code"),
        ("codex", "@openai/codex"),
        ("gemini", "@google/gemini-cli"),
        ("qwen", "@qwen-code/qwen-code"),
    ];
    for (program, name) in pinned {
        let version = package["devDependencies"][name].as_str().unwrap();
        let path = crate::stand::fixture("agents/node_modules/.bin").join(program);
        let said = Command::new(&path).arg("--version").output();
        let said = said.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        assert!(said.contains(version), "{program}: {said} is not {version}");
    }
}
