#![expect(clippy::unwrap_used, reason = "tests")]

use crate::agents::testing::{Bench, seeded_json, var};
use crate::agents::{Seed, SignIn, of};
use crate::model::Profile;
use crate::plan::AgentKind;

fn bench() -> Bench {
    let mut bench = Bench::new(AgentKind::Claude);
    bench
        .environment
        .insert("CLAUDE_CONFIG_DIR".into(), "/x".into());
    bench
}

#[test]
fn the_command_line_is_the_measured_one() {
    let mut bench = bench();
    bench.model.variant = Some("high".to_owned());
    let launch = bench.launch().unwrap();
    let settings = bench.private().join("settings.json");
    let expected = [
        "--model=claude-opus-4-5",
        "--effort=high",
        "--output-format=stream-json",
        "--setting-sources=",
        "--tools=Read,Grep,Glob,Write,Edit",
        "--system-prompt=Nobody answers questions. Read and search this folder; write only below .tipstaff/out/. End as the prompt says.",
        "--settings",
        settings.to_str().unwrap(),
        "--print",
        "--verbose",
        "--no-session-persistence",
        "--strict-mcp-config",
        "--disable-slash-commands",
    ];
    assert_eq!(launch.args, expected);
    assert_eq!(launch.cwd, std::path::Path::new("/project"));
}

#[test]
fn nothing_is_ever_asked_and_each_profile_writes_where_it_may() {
    let mut bench = bench();
    for (profile, allowed) in [
        (Profile::Reader, vec!["Edit(//project/.tipstaff/out/**)"]),
        (Profile::Writer, vec!["Edit(//project/.tipstaff/out/**)"]),
        (Profile::Worker, vec!["Bash", "Edit(//project/**)"]),
    ] {
        bench.profile = profile;
        let rules = seeded_json(&bench.launch().unwrap(), "settings.json");
        assert_eq!(rules["permissions"]["defaultMode"], "dontAsk");
        assert_eq!(rules["permissions"]["allow"], serde_json::json!(allowed));
    }
}

#[test]
fn every_folder_is_private_and_no_other_key_is_handed_on() {
    let bench = bench();
    let launch = bench.launch().unwrap();
    for name in ["HOME", "TMPDIR", "CLAUDE_CONFIG_DIR"] {
        let path = std::path::PathBuf::from(var(&launch, name).unwrap());
        assert!(path.starts_with(bench.private()), "{name}");
    }
    assert_eq!(var(&launch, "ANTHROPIC_API_KEY"), Some("anthropic-key-1"));
    assert_eq!(var(&launch, "EXTRA_TOKEN"), Some("extra-token-1"));
    assert_eq!(var(&launch, "OPENAI_API_KEY"), None);
    assert_eq!(var(&launch, "PWD"), Some("/project"));
}

#[test]
fn a_rehearsal_knows_no_secret() {
    let launch = bench().rehearsing().launch().unwrap();
    assert_eq!(
        var(&launch, "ANTHROPIC_BASE_URL"),
        Some("http://127.0.0.1:4711")
    );
    assert_eq!(var(&launch, "ANTHROPIC_API_KEY"), Some("rehearsal"));
    for absent in ["EXTRA_TOKEN", "HTTPS_PROXY"] {
        assert_eq!(var(&launch, absent), None, "{absent}");
    }
}

#[test]
fn a_cloud_is_chosen_by_the_id_or_by_the_users_switch() {
    let mut bench = bench();
    bench
        .environment
        .insert("AWS_REGION".into(), "eu-west-1".into());
    bench.model.id = "amazon-bedrock/eu.anthropic.claude-opus".to_owned();
    let launch = bench.launch().unwrap();
    assert_eq!(launch.args[0], "--model=eu.anthropic.claude-opus");
    assert_eq!(var(&launch, "CLAUDE_CODE_USE_BEDROCK"), Some("1"));
    assert_eq!(var(&launch, "AWS_REGION"), Some("eu-west-1"));
    assert_eq!(var(&launch, "ANTHROPIC_API_KEY"), None);
    let target = std::path::PathBuf::from("/home/user/.aws");
    assert!(launch.files.iter().any(|file| file.seed
        == Seed::Link {
            target: target.clone()
        }));
    bench
        .environment
        .insert("CLAUDE_CODE_USE_VERTEX".into(), "1".into());
    bench.model.id = "claude-opus".to_owned();
    let launch = bench.launch().unwrap();
    assert_eq!(var(&launch, "CLAUDE_CODE_USE_VERTEX"), Some("1"));
    assert_eq!(var(&launch, "AWS_REGION"), None);
}

#[test]
fn each_way_to_sign_in_is_seen() {
    let mut bench = bench();
    let ask = |bench: &Bench| {
        let claude = of(AgentKind::Claude);
        (claude.signed_in)("opus", &bench.carried, &bench.environment)
    };
    assert_eq!(ask(&bench), SignIn::Key("ANTHROPIC_API_KEY".to_owned()));
    bench
        .environment
        .remove(std::ffi::OsStr::new("ANTHROPIC_API_KEY"));
    assert_eq!(ask(&bench), SignIn::None);
    bench
        .environment
        .insert("CLAUDE_CODE_OAUTH_TOKEN".into(), "t".into());
    assert_eq!(
        ask(&bench),
        SignIn::Key("CLAUDE_CODE_OAUTH_TOKEN".to_owned())
    );
}
