//! `tipstaff models` tells what every name stands for, and who says so.

use serde_json::Value;

use crate::support::Sandbox;

#[test]
fn names_are_listed_under_the_file_that_says_them() {
    let sandbox = Sandbox::new();
    sandbox.user_config(
        "agents: { mine: { kind: command, command: ./agent.sh } }\n\
         models: { claude-opus: { variant: high }, local: { agent: mine, price: { input: 1, output: 2 } } }\n",
    );
    sandbox.write(
        ".tipstaff/config.yaml",
        "roles: { planner: [local, gpt-4o] }\n",
    );
    sandbox.write(
        "own.yaml",
        "models: { late: { id: openai/gpt-6-luna } }\nphases: [{ name: p, model: late }]\n",
    );
    let output = sandbox.tipstaff(&["models", "own.yaml"]);
    let text = &output.succeeds().stdout;
    let mut from = "";
    let mut said = Vec::new();
    for line in text.lines() {
        match line
            .strip_prefix("  ")
            .and_then(|line| line.split("  ").next())
        {
            Some(name) => said.push((from, name)),
            None => from = line.rsplit('/').next().unwrap(),
        }
    }
    let home = "config.yaml";
    for pair in [
        ("built-in, of 2026-11-28", "gemini-pro"),
        (home, "claude-opus"),
        (home, "local"),
    ] {
        assert!(said.contains(&pair), "{pair:?} {text}");
    }
    assert!(said.contains(&("own.yaml", "late")), "{text}");
    assert!(
        !said.contains(&("built-in, of 2026-11-28", "claude-opus")),
        "{text}"
    );
    assert!(text.contains("anthropic/claude-opus-5-5@high"), "{text}");
    assert!(text.contains("local, gpt-4o"), "{text}");
    assert!(
        text.lines()
            .all(|line| line.len() <= 80 || line.starts_with('/')),
        "{text}"
    );
}

#[test]
fn json_names_prices_windows_and_places() {
    let sandbox = Sandbox::new();
    sandbox.write(
        ".tipstaff/config.yaml",
        "models:\n  short: { id: anthropic/claude-haiku-4-5 }\n",
    );
    let output = sandbox.tipstaff(&["models", "--json"]);
    let told: Value = serde_json::from_str(&output.succeeds().stdout).unwrap();
    let models = told["models"].as_array().unwrap();
    let of = |name: &str| models.iter().find(|model| model["name"] == name).unwrap();
    let short = of("short");
    assert_eq!(short["price"]["cache_read"], 0.1);
    assert_eq!(
        (&short["context"], &short["family"]),
        (&200_000.into(), &"anthropic".into())
    );
    assert_eq!(short["from"]["line"], 2);
    assert!(
        short["from"]["source"]
            .as_str()
            .unwrap()
            .ends_with(".tipstaff/config.yaml")
    );
    assert_eq!(of("gpt-4o")["from"]["source"], "built-in configuration");
    assert!(told["roles"].as_array().unwrap().len() >= 8);
}

#[test]
fn workflow_with_mistakes_is_explained() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "own.yaml",
        "models: { late: { agent: nobody } }\nphases: [{ name: p, model: late }]\n",
    );
    let output = sandbox.tipstaff(&["models", "own.yaml"]);
    output.exits_with(2).stderr_has("unknown agent `nobody`");
}
