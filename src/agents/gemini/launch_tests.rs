#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use serde_json::Value;

use super::*;
use crate::agents::Seed;
use crate::agents::testing::{Bench, seeded, seeded_json, var};
use crate::model::Profile;
use crate::plan::AgentKind;

fn bench() -> Bench {
    let mut bench = Bench::new(AgentKind::Gemini);
    bench.model.id = "gemini-3.1-pro-preview".to_owned();
    bench
}

fn settings(launch: &Launch) -> Value {
    seeded_json(launch, "settings.json")
}

#[test]
fn the_command_names_model_and_rules() {
    let bench = bench();
    let launch = bench.launch().unwrap();
    let policy = bench.private().join("policy.toml");
    let expected = [
        "--model=gemini-3.1-pro-preview",
        "--output-format=stream-json",
        "--approval-mode=default",
        "--policy",
        policy.to_str().unwrap(),
    ];
    assert_eq!(launch.args, expected);
    assert_eq!(launch.cwd, Path::new("/project"));
    for (name, folder) in [
        ("HOME", "home"),
        ("GEMINI_CLI_HOME", "home"),
        ("TMPDIR", "tmp"),
    ] {
        assert_eq!(
            var(&launch, name),
            bench.private().join(folder).to_str(),
            "{name}"
        );
    }
    assert_eq!(var(&launch, "OPENAI_API_KEY"), None);
    assert_eq!(var(&launch, "GEMINI_API_KEY"), Some("gemini-key-1"));
    assert_eq!(
        settings(&launch)["security"]["auth"]["selectedType"],
        "gemini-api-key"
    );
}

#[test]
fn each_profile_has_the_tools_that_it_needs() {
    let policy = |profile| {
        let mut bench = bench();
        bench.profile = profile;
        seeded(&bench.launch().unwrap(), "policy.toml").to_owned()
    };
    let denied = "[[rule]]\ntoolName = \"*\"\ndecision = \"deny\"\npriority = 1\n";
    for profile in [Profile::Reader, Profile::Worker, Profile::Writer] {
        let policy = policy(profile);
        assert!(
            policy.starts_with(denied) && !policy.contains("ask"),
            "{policy}"
        );
        assert_eq!(
            policy.contains("run_shell_command"),
            profile == Profile::Worker
        );
        assert_eq!(policy.contains("read_file"), profile != Profile::Writer);
        assert_eq!(policy.contains("argsPattern"), profile != Profile::Worker);
    }
    let reader = policy(Profile::Reader);
    assert!(
        reader.contains(r#""\"file_path\":\"(/project/)?\\.tipstaff/out/[^\"]*\"""#),
        "{reader}"
    );
}

#[test]
fn a_rehearsal_gets_no_key_of_the_user() {
    let launch = bench().rehearsing().launch().unwrap();
    assert_eq!(var(&launch, "GEMINI_API_KEY"), Some("rehearsal"));
    assert_eq!(
        var(&launch, "GOOGLE_GEMINI_BASE_URL"),
        Some("http://127.0.0.1:4711")
    );
    assert_eq!(var(&launch, "EXTRA_TOKEN"), None);
}

#[test]
fn vertex_is_signed_in_to_by_its_own_tools() {
    let mut bench = bench();
    bench
        .environment
        .insert("GOOGLE_GENAI_USE_VERTEXAI".into(), "true".into());
    assert_eq!(Account::of(&bench.environment, &bench.carried), None);
    bench
        .environment
        .insert("GOOGLE_CLOUD_PROJECT".into(), "p1".into());
    let launch = bench.launch().unwrap();
    assert_eq!(var(&launch, "GOOGLE_CLOUD_PROJECT"), Some("p1"));
    assert_eq!(var(&launch, "GEMINI_API_KEY"), None);
    assert_eq!(
        settings(&launch)["security"]["auth"]["selectedType"],
        "vertex-ai"
    );
    let target = "/home/user/.config/gcloud".into();
    assert!(launch.files.iter().any(|file| file.seed
        == Seed::Link {
            target: std::path::PathBuf::clone(&target)
        }));
}

#[test]
fn a_variant_is_how_much_it_thinks() {
    let thinking = |variant: &str| {
        let mut bench = bench();
        bench.model.variant = Some(variant.to_owned());
        let settings = settings(&bench.launch().unwrap());
        let of = &settings["modelConfigs"]["customOverrides"][0];
        assert_eq!(of["match"]["model"], "gemini-3.1-pro-preview");
        of["modelConfig"]["generateContentConfig"]["thinkingConfig"].to_string()
    };
    assert_eq!(thinking("low"), r#"{"thinkingLevel":"LOW"}"#);
    assert_eq!(thinking("2048"), r#"{"thinkingBudget":2048}"#);
}

#[test]
fn a_sign_in_with_google_is_chosen_where_no_key_is() {
    let home = tempfile::tempdir().unwrap();
    let bench = bench().signed_in(home.path());
    let settings = settings(&bench.launch().unwrap());
    assert_eq!(
        settings["security"]["auth"]["selectedType"],
        "oauth-personal"
    );
}
