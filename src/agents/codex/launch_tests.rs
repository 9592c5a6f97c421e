#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::os::unix::fs::symlink;

use super::*;
use crate::agents::SeedFile;
use crate::agents::testing::{Bench, var};
use crate::plan::AgentKind;

fn bench() -> Bench {
    let mut bench = Bench::new(AgentKind::Codex);
    bench.model.id = "gpt-5.5".to_owned();
    bench
}

fn words(launch: &Launch) -> Vec<&str> {
    launch
        .args
        .iter()
        .map(|word| word.to_str().unwrap())
        .collect()
}

#[test]
fn the_command_says_all_that_codex_would_look_up() {
    let mut bench = bench();
    bench.model.variant = Some("high".to_owned());
    let launch = bench.launch().unwrap();
    let words = words(&launch);
    let begin = "exec --json --ephemeral --skip-git-repo-check --ignore-user-config --ignore-rules --color=never \
                 --cd /project --model=gpt-5.5 --dangerously-bypass-approvals-and-sandbox";
    assert_eq!(words[..11].join(" "), begin);
    assert_eq!(
        words.last(),
        Some(&"-"),
        "the prompt comes on standard input"
    );
    for setting in [
        r#"model_provider="tipstaff""#,
        r#"model_reasoning_effort="high""#,
        r#"shell_environment_policy.exclude=["CODEX_API_KEY"]"#,
        "project_doc_max_bytes=0",
        "features.hooks=false",
    ] {
        assert!(words.contains(&setting), "{setting} in {words:?}");
    }
    assert_eq!(launch.cwd, Path::new("/project"));
}

#[test]
fn home_and_state_are_the_attempts_own() {
    let bench = bench();
    let launch = bench.launch().unwrap();
    let private = bench.private();
    for (name, folder) in [("HOME", "home"), ("CODEX_HOME", "codex"), ("TMPDIR", "tmp")] {
        let folder = private.join(folder);
        assert_eq!(var(&launch, name), folder.to_str(), "{name}");
        assert!(launch.files.contains(&SeedFile::folder(folder)), "{name}");
    }
    assert_eq!(var(&launch, "ANTHROPIC_API_KEY"), None);
    assert_eq!(var(&launch, "EXTRA_TOKEN"), Some("extra-token-1"));
    assert_eq!(var(&launch, "TIPSTAFF_CALL"), Some("plan.propose-2"));
}

#[test]
fn a_key_goes_to_its_own_server_and_to_no_command_line() {
    let mut bench = bench();
    bench
        .environment
        .insert("OPENAI_BASE_URL".into(), "https://gate.example/v1".into());
    let launch = bench.launch().unwrap();
    assert_eq!(var(&launch, "CODEX_API_KEY"), Some("openai-key-1"));
    assert_eq!(var(&launch, "OPENAI_API_KEY"), None);
    let words = words(&launch).join(" ");
    assert!(
        words.contains(r#"base_url="https://gate.example/v1""#),
        "{words}"
    );
    assert!(!words.contains("openai-key-1"), "{words}");
}

#[test]
fn a_rehearsal_gets_no_key_of_the_user() {
    let launch = bench().rehearsing().launch().unwrap();
    assert_eq!(var(&launch, "CODEX_API_KEY"), Some("rehearsal"));
    assert_eq!(var(&launch, "EXTRA_TOKEN"), None);
    let words = words(&launch).join(" ");
    assert!(
        words.contains(r#"base_url="http://127.0.0.1:4711/v1""#),
        "{words}"
    );
}

#[test]
fn without_a_cell_codex_closes_itself_off() {
    let writable = |profile| {
        let mut bench = bench();
        (bench.is_closed, bench.profile) = (false, profile);
        let launch = bench.launch().unwrap();
        let words = words(&launch);
        assert!(
            !words.iter().any(|word| word.contains("bypass")),
            "{words:?}"
        );
        assert!(
            words.contains(&r#"default_permissions="tipstaff""#),
            "{words:?}"
        );
        let rules = words
            .iter()
            .find(|word| word.starts_with("permissions."))
            .unwrap();
        assert!(rules.contains(r#"".tipstaff/out"="write""#), "{rules}");
        rules.contains(r#""."="write""#)
    };
    assert!(!writable(Profile::Reader) && !writable(Profile::Writer) && writable(Profile::Worker));
}

#[test]
fn npms_wrapper_is_passed_by() {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().canonicalize().unwrap();
    let script = root.join("node_modules/@openai/codex/bin/codex.js");
    fs::create_dir_all(script.parent().unwrap()).unwrap();
    fs::write(&script, "").unwrap();
    let command = root.join("codex");
    symlink(&script, &command).unwrap();
    assert_eq!(native(&command), None, "not installed for this platform");

    let arch = if ARCH == "aarch64" { "arm64" } else { "x64" };
    let vendor =
        format!("node_modules/@openai/codex-linux-{arch}/vendor/{ARCH}-unknown-linux-musl/bin");
    fs::create_dir_all(root.join(&vendor)).unwrap();
    fs::write(root.join(&vendor).join("codex"), "").unwrap();
    assert_eq!(native(&command), Some(root.join(vendor).join("codex")));
    assert_eq!(native(Path::new("/bin/sh")), None);
}

#[test]
fn a_sign_in_with_chatgpt_works_with_codexs_own_provider() {
    let mut bench = bench();
    bench.environment.remove(OsStr::new("OPENAI_API_KEY"));
    let launch = bench.launch().unwrap();
    let words = words(&launch).join(" ");
    assert!(!words.contains("model_provider"), "{words}");
    assert_eq!(var(&launch, "CODEX_API_KEY"), None);
}
