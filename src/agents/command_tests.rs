#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::agents::testing::{Bench, var};
use crate::plan::AgentKind;

#[test]
fn a_command_gets_its_vars_and_what_was_passed_to_it() {
    let mut bench = Bench::new(AgentKind::Command);
    bench.agent.args = vec!["--fast".to_owned()];
    let launch = bench.launch().unwrap();
    assert_eq!(launch.args, ["--fast"]);
    assert_eq!(var(&launch, "TIPSTAFF_CALL"), Some("plan.propose-2"));
    assert_eq!(
        var(&launch, "TIPSTAFF_MODEL_ID"),
        Some("anthropic/claude-opus-4-5")
    );
    assert_eq!(var(&launch, "EXTRA_TOKEN"), Some("extra-token-1"));
    assert_eq!(var(&launch, "ANTHROPIC_API_KEY"), None);
}

#[test]
fn a_rehearsed_command_gets_the_scripted_server_and_no_secret() {
    let mut bench = Bench::new(AgentKind::Command).rehearsing();
    bench.agent.env.set("MY_API_KEY", "literal-key");
    bench.agent.env.set("MODE", "fast");
    let launch = bench.launch().unwrap();
    assert_eq!(
        var(&launch, "OPENAI_BASE_URL"),
        Some("http://127.0.0.1:4711/v1")
    );
    assert_eq!(var(&launch, "OPENAI_API_KEY"), Some("rehearsal"));
    assert_eq!(var(&launch, "MODE"), Some("fast"));
    for absent in ["EXTRA_TOKEN", "MY_API_KEY", "HTTPS_PROXY"] {
        assert_eq!(var(&launch, absent), None, "{absent}");
    }
}

#[test]
fn a_missing_program_is_named() {
    let mut bench = Bench::new(AgentKind::Command);
    bench.agent.command = "no-such-agent".to_owned();
    let error = bench.launch().unwrap_err();
    assert!(matches!(error, LaunchError::ProgramMissing { .. }));
    assert_eq!(error.to_string(), "`no-such-agent` is not on PATH");
    assert!(error.failure().hint.is_some());
}

#[test]
fn arguments_take_the_prompt_and_standard_input_is_empty_then() {
    let mut bench = Bench::new(AgentKind::Command);
    assert!(bench.launch().unwrap().reads_prompt);
    bench.agent.args = ["--model", "{model}", "--say", "{prompt}"]
        .map(str::to_owned)
        .into();
    let launch = bench.launch().unwrap();
    assert_eq!(
        launch.args,
        ["--model", "anthropic/claude-opus-4-5", "--say", "Plan it."]
    );
    assert!(!launch.reads_prompt);
    bench.agent.args = vec!["--file={prompt_file}".to_owned()];
    let launch = bench.launch().unwrap();
    let file = bench.private().join("prompt.md");
    assert_eq!(launch.args, [format!("--file={}", file.display()).as_str()]);
    assert!(launch.files.iter().any(|seed| seed.path == file));
}

#[test]
fn lines_of_json_are_read_as_the_configuration_says() {
    let paths = OutputPaths {
        text: "choices.0.message.content".to_owned(),
        input_tokens: Some("usage.in".to_owned()),
        output_tokens: Some("usage.out".to_owned()),
        cost: None,
        error: Some("error.message".to_owned()),
    };
    let signals = |line| of_json(&paths, line);
    assert_eq!(signals("Welcome to mymodel 3.1"), [Signal::Noise]);
    assert_eq!(signals(r#"{"type":"news"}"#), []);
    let [Signal::Text { text, .. }, Signal::UsedInAll(usage)] = &signals(
        r#"{"choices":[{"message":{"content":"hi"}}],"usage":{"in":7,"out":2},"error":null}"#,
    )[..] else {
        panic!("no text and usage")
    };
    assert_eq!((text.as_str(), usage.input, usage.output), ("hi", 7, 2));
    let [Signal::AgentError(error)] = &signals(r#"{"error":{"message":"rate limit reached"}}"#)[..]
    else {
        panic!("no error")
    };
    assert_eq!(error.kind(), FailureKind::RateLimit);
}
