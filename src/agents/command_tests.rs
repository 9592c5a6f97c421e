#![expect(clippy::unwrap_used, reason = "tests")]

use crate::agents::LaunchError;
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
