#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::PathBuf;

use serde_json::Value;

use super::*;
use crate::agents::Seed;
use crate::agents::testing::{Bench, seeded, seeded_json, var};
use crate::agents::version_probe;
use crate::plan::AgentKind;

fn bench() -> Bench {
    Bench::new(AgentKind::Opencode)
}

fn config(launch: &Launch) -> Value {
    seeded_json(launch, "config/opencode/opencode.json")
}

#[test]
fn the_command_line_is_the_measured_one() {
    let mut bench = bench();
    bench.model.variant = Some("high".to_owned());
    let expected = [
        "run",
        "--dir",
        "/project",
        "--model",
        "anthropic/claude-opus-4-5",
        "--agent",
        "reader",
        "--title=plan.propose-2",
        "--variant=high",
        "--format",
        "json",
        "--print-logs",
        "--log-level",
        "ERROR",
    ];
    assert_eq!(bench.launch().unwrap().args, expected);
}

#[test]
fn only_the_keys_of_this_provider_are_handed_on() {
    let bench = bench();
    let launch = bench.launch().unwrap();
    assert_eq!(var(&launch, "ANTHROPIC_API_KEY"), Some("anthropic-key-1"));
    assert_eq!(var(&launch, "EXTRA_TOKEN"), Some("extra-token-1"));
    assert_eq!(var(&launch, "OPENAI_API_KEY"), None);
    assert_eq!(var(&launch, "OPENCODE_CONFIG"), None);
    assert_eq!(
        var(&launch, "OPENCODE_MODELS_PATH"),
        None,
        "the bundled catalogue has to do"
    );
}

#[test]
fn every_folder_is_private() {
    let bench = bench();
    let launch = bench.launch().unwrap();
    let private = bench.private();
    for name in [
        "HOME",
        "XDG_DATA_HOME",
        "XDG_CONFIG_HOME",
        "XDG_STATE_HOME",
        "XDG_CACHE_HOME",
        "TMPDIR",
    ] {
        let path = PathBuf::from(var(&launch, name).unwrap());
        assert!(path.starts_with(&private), "{name}");
    }
    assert!(
        launch
            .files
            .iter()
            .all(|file| file.path.starts_with(&private))
    );
    assert_eq!(var(&launch, "PWD"), Some("/project"));
    assert!(seeded(&launch, "config/opencode/package.json").contains("1.18.33"));
}

#[test]
fn calls_and_probes_start_where_nothing_is_configured() {
    let bench = bench();
    let private = bench.private();
    let program = std::path::Path::new("/opencode");
    let probe = version_probe(program, &bench.environment, &private);
    for launch in [bench.launch().unwrap(), probe] {
        assert_eq!(launch.cwd, private.join("start"));
        let beside = |file: &&SeedFile| file.path.starts_with(&launch.cwd);
        let names = launch.files.iter().filter(beside).map(|file| {
            let name = file.path.strip_prefix(&private).unwrap();
            let name = name.to_str().unwrap();
            (name, seeded(&launch, name))
        });
        let names: Vec<_> = names.collect();
        assert_eq!(
            names,
            [
                ("start/tsconfig.json", "{}\n"),
                ("start/package.json", "{}\n")
            ]
        );
    }
    let probe = version_probe(program, &bench.environment, &private);
    for absent in ["ANTHROPIC_API_KEY", "EXTRA_TOKEN", "OPENCODE_CONFIG"] {
        assert_eq!(var(&probe, absent), None, "{absent}");
    }
}

#[test]
fn an_agents_own_variables_cannot_move_the_folders() {
    let mut bench = bench();
    bench.agent.env.set("XDG_DATA_HOME", "/elsewhere");
    bench.agent.env.set("OPENCODE_PURE", "0");
    let launch = bench.launch().unwrap();
    assert_ne!(var(&launch, "XDG_DATA_HOME"), Some("/elsewhere"));
    assert_eq!(var(&launch, "OPENCODE_PURE"), Some("0"));
}

#[test]
fn a_rehearsal_knows_one_provider_and_no_secret() {
    let mut bench = bench().rehearsing();
    bench.carried.providers.insert(
        "anthropic".to_owned(),
        json!({ "options": { "apiKey": "secret-1" } }),
    );
    bench
        .carried
        .auth
        .insert("anthropic".to_owned(), AuthEntry::Refreshed);
    bench.carried.auth_file = Some("/home/user/auth.json".into());
    let launch = bench.launch().unwrap();
    assert!(
        launch
            .args
            .contains(&"rehearsal/anthropic/claude-opus-4-5".into())
    );
    for absent in ["ANTHROPIC_API_KEY", "EXTRA_TOKEN", "HTTPS_PROXY"] {
        assert_eq!(var(&launch, absent), None, "{absent}");
    }
    assert_eq!(seeded(&launch, "models.json"), "{}");
    let config = config(&launch);
    let providers: Vec<&String> = config["provider"].as_object().unwrap().keys().collect();
    assert_eq!(providers, ["rehearsal"]);
    assert_eq!(
        config["provider"]["rehearsal"]["options"]["baseURL"],
        "http://127.0.0.1:4711/v1"
    );
    assert!(
        !launch
            .files
            .iter()
            .any(|file| file.path.ends_with("auth.json"))
    );
    assert!(!config.to_string().contains("secret-1"));
}

#[test]
fn a_plain_key_is_copied_alone_and_a_refreshed_one_linked() {
    let mut bench = bench();
    let key = json!({ "type": "api", "key": "stored-key-1" });
    bench.carried.auth_file = Some("/home/user/auth.json".into());
    bench
        .carried
        .auth
        .insert("anthropic".to_owned(), AuthEntry::Key(key.clone()));
    bench
        .carried
        .auth
        .insert("openai".to_owned(), AuthEntry::Refreshed);
    let launch = bench.launch().unwrap();
    let copied: Value = serde_json::from_str(seeded(&launch, "data/opencode/auth.json")).unwrap();
    assert_eq!(copied, json!({ "anthropic": key }));
    bench.model.id = "openai/gpt-5".to_owned();
    let launch = bench.launch().unwrap();
    let linked = launch
        .files
        .iter()
        .find(|file| file.path.ends_with("auth.json"))
        .unwrap();
    let target = PathBuf::from("/home/user/auth.json");
    assert_eq!(linked.seed, Seed::Link { target });
}

#[test]
fn the_users_settings_of_this_provider_are_kept_and_its_silence_limited() {
    let mut bench = bench();
    let settings = json!({ "options": { "baseURL": "{env:EXTRA_URL}", "chunkTimeout": 5 } });
    bench
        .carried
        .providers
        .insert("anthropic".to_owned(), settings);
    bench
        .carried
        .providers
        .insert("other".to_owned(), json!({}));
    bench
        .environment
        .insert("EXTRA_URL".into(), "http://gate".into());
    let launch = bench.launch().unwrap();
    let options = &config(&launch)["provider"]["anthropic"]["options"];
    assert_eq!(options["chunkTimeout"], 5);
    assert_eq!(options["headerTimeout"], 180_000);
    assert_eq!(var(&launch, "EXTRA_URL"), Some("http://gate"));
    assert_eq!(config(&launch)["provider"].get("other"), None);
}

#[test]
fn a_cloud_providers_own_sign_in_is_linked() {
    let mut bench = bench();
    bench.model.id = "amazon-bedrock/claude".to_owned();
    let launch = bench.launch().unwrap();
    let target = PathBuf::from("/home/user/.aws");
    assert!(launch.files.iter().any(|file| file.seed
        == Seed::Link {
            target: target.clone()
        }));
}

#[test]
fn without_ripgrep_there_are_no_search_tools() {
    let bench = bench();
    std::fs::remove_file(bench.folder.path().join("rg")).unwrap();
    let launch = bench.launch().unwrap();
    let permission = &config(&launch)["agent"]["reader"]["permission"];
    assert_eq!(permission.get("grep"), None);
}

#[test]
fn an_id_without_provider_is_refused() {
    let mut bench = bench();
    bench.model.id = "claude".to_owned();
    let error = bench.launch().unwrap_err();
    assert!(matches!(error, LaunchError::ModelId { .. }));
}
