#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::json;

use crate::agents::testing::{Bench, seeded_json, var};
use crate::model::Profile;
use crate::plan::AgentKind;

fn bench() -> Bench {
    let mut bench = Bench::new(AgentKind::Qwen);
    bench.model.id = "qwen3-coder-plus".to_owned();
    bench
}

#[test]
fn the_command_line_is_the_measured_one() {
    let launch = bench().launch().unwrap();
    let expected = [
        "--auth-type=openai",
        "--model=qwen3-coder-plus",
        "--output-format=stream-json",
        "--approval-mode=default",
        "--chat-recording=false",
        "--system-prompt=Nobody answers questions. Read and search this folder; write only below .tipstaff/out/. End as the prompt says.",
    ];
    assert_eq!(launch.args, expected);
}

#[test]
fn folder_is_not_trusted_and_each_profile_writes_where_it_may() {
    let mut bench = bench();
    for (profile, allowed) in [
        (Profile::Reader, json!(["Edit(//project/.tipstaff/out/**)"])),
        (Profile::Writer, json!(["Edit(//project/.tipstaff/out/**)"])),
        (Profile::Worker, json!(["Bash", "Edit(//project/**)"])),
    ] {
        bench.profile = profile;
        let settings = seeded_json(&bench.launch().unwrap(), "settings.json");
        assert_eq!(settings["security"]["folderTrust"]["enabled"], true);
        assert_eq!(settings["permissions"]["allow"], allowed);
        let denied = settings["permissions"]["deny"].as_array().unwrap();
        let has_shell = !denied.contains(&json!("run_shell_command"));
        assert_eq!(has_shell, profile == Profile::Worker);
    }
}

#[test]
fn key_of_model_studio_goes_to_its_own_server() {
    let mut bench = bench();
    assert_eq!(
        var(&bench.launch().unwrap(), "OPENAI_API_KEY"),
        Some("openai-key-1")
    );
    bench
        .environment
        .remove(std::ffi::OsStr::new("OPENAI_API_KEY"));
    assert_eq!(bench.launch().unwrap().args[0], "--auth-type=qwen-oauth");
    bench
        .environment
        .insert("DASHSCOPE_API_KEY".into(), "dash-key-1".into());
    let launch = bench.launch().unwrap();
    assert_eq!(var(&launch, "OPENAI_API_KEY"), Some("dash-key-1"));
    assert!(
        var(&launch, "OPENAI_BASE_URL")
            .unwrap()
            .contains("dashscope")
    );
    assert_eq!(var(&launch, "ANTHROPIC_API_KEY"), None);
}
