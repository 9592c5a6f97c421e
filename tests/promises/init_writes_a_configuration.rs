//! `tipstaff init` writes a configuration that works with what is there, and over nothing without a word.

use crate::support::{Sandbox, Terminal, fake_agent};

const CONFIG: &str = ".tipstaff/config.yaml";

/// A user with one agent that answers for one model.
fn with_one_model() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.user_config(&format!(
        "agents: {{ mine: {{ kind: command, command: \"{}\" }} }}\nmodels: {{ own: {{ agent: mine }} }}\n",
        fake_agent()
    ));
    sandbox
}

#[test]
fn one_model_alone_gives_a_setup_in_which_the_bundled_workflows_run() {
    let mut sandbox = with_one_model();
    sandbox.env("PATH", "/usr/bin:/bin");
    sandbox.write("Makefile", "test:\n\ttrue\n");
    sandbox.git_init();
    let output = sandbox.tipstaff(&["init", "--yes"]);
    output
        .succeeds()
        .stdout_has("one model does all the work")
        .stdout_has("next: tipstaff run plan");
    let text = sandbox.read(CONFIG);
    assert!(text.contains("verify: \"make test\"\n"), "{text}");
    assert!(text.contains("  gpt-4o: { agent: mine }\n"), "{text}");
    let doctor = sandbox.tipstaff(&["doctor"]);
    doctor.succeeds();
    // Whoever had it written agrees to it.
    let run = sandbox.tipstaff(&["run", "plan", "Plan it"]);
    run.succeeds().has_no("orders");
    assert!(sandbox.exists("docs/ai/plan-it/plan.md"));
}

#[test]
fn agent_that_is_slow_to_tell_its_version_is_named() {
    let mut sandbox = Sandbox::new();
    let folder = sandbox.outside("bin");
    let slow = folder.join("codex");
    sandbox.program_at(&slow, "sleep 1; echo codex-cli 0.171.0");
    sandbox.env("PATH", &format!("{}:/usr/bin:/bin", folder.display()));
    let output = sandbox.tipstaff(&["init", "--yes"]);
    output
        .succeeds()
        .stderr_has(&format!("asking `{}` for its version", slow.display()));
}

#[test]
fn place_that_cannot_be_written_is_named() {
    let sandbox = with_one_model();
    sandbox.write(".tipstaff", "a file\n");
    let output = sandbox.tipstaff(&["init", "--yes"]);
    output
        .exits_with(1)
        .stderr_has("failed to write `.tipstaff/config.yaml`: ");
}

#[test]
fn names_go_to_the_agent_that_is_signed_in() {
    let mut sandbox = Sandbox::new();
    let folder = sandbox.outside("bin");
    sandbox.program_at(&folder.join("codex"), "echo codex-cli 0.171.0");
    sandbox.env("PATH", &format!("{}:/usr/bin:/bin", folder.display()));
    sandbox.env("OPENAI_API_KEY", "k");
    sandbox.tipstaff(&["init", "--yes"]).succeeds();
    let text = sandbox.read(CONFIG);
    for line in [
        "  gpt-4o: { agent: codex, id: gpt-6-sol }\n",
        // A small one stands in for a small one.
        "  claude-haiku: { agent: codex, id: gpt-6-luna }\n",
        "  planner: [gpt]\n",
        "  quick: [gpt-luna]\n",
    ] {
        assert!(text.contains(line), "{line} {text}");
    }
    sandbox.tipstaff(&["doctor"]).succeeds();
}

/// A user with an OpenCode of these settings and no key.
fn with_opencode(settings: &str) -> Sandbox {
    let mut sandbox = Sandbox::new();
    let folder = sandbox.outside("bin");
    sandbox.program_at(&folder.join("opencode"), "echo 1.18.33");
    sandbox.env("PATH", &format!("{}:/usr/bin:/bin", folder.display()));
    let file = sandbox.home().join(".config/opencode/opencode.json");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, settings).unwrap();
    sandbox
}

#[test]
fn model_that_another_provider_sells_is_found_there() {
    let sandbox = with_opencode(
        r#"{ "provider": { "gate": { "npm": "@ai-sdk/openai-compatible", "options": { "baseURL": "http://127.0.0.1:1" },
            "models": { "anthropic/claude-opus-5.5": {}, "other": {} } } } }"#,
    );
    sandbox.tipstaff(&["init", "--yes"]).succeeds();
    let text = sandbox.read(CONFIG);
    let line = "  claude-opus: { agent: opencode, id: gate/anthropic/claude-opus-5.5, ";
    assert!(text.contains(line), "{text}");
    sandbox.tipstaff(&["doctor"]).succeeds();
}

#[test]
fn local_model_does_all_the_work_where_there_is_no_other() {
    let sandbox = with_opencode(
        r#"{ "provider": { "ollama": { "npm": "@ai-sdk/openai-compatible", "options": { "baseURL": "http://127.0.0.1:1" },
            "models": { "qwen3:32b": {} } } } }"#,
    );
    let output = sandbox.tipstaff(&["init", "--yes"]);
    output.succeeds().stdout_has("one model does all the work");
    let text = sandbox.read(CONFIG);
    assert!(text.contains("  planner: [ollama/qwen3-32b]\n"), "{text}");
    assert!(text.contains("id: \"ollama/qwen3:32b\""), "{text}");
    sandbox
        .tipstaff(&["doctor"])
        .succeeds()
        .stdout_has("ollama: configured");
}

#[test]
fn file_that_is_there_stays_without_a_word() {
    let sandbox = with_one_model();
    sandbox.write(CONFIG, "limits: { calls: 3 }\n");
    let output = sandbox.tipstaff(&["init", "--yes"]);
    output
        .exits_with(2)
        .stderr_has("is there already; nothing was changed");
    assert_eq!(sandbox.read(CONFIG), "limits: { calls: 3 }\n");
    let output = sandbox.tipstaff(&["init", "--yes", "--force"]);
    output
        .succeeds()
        .stderr_has("the old one is `.tipstaff/config.yaml.before` now");
    assert_eq!(
        sandbox.read(".tipstaff/config.yaml.before"),
        "limits: { calls: 3 }\n"
    );
    assert!(sandbox.read(CONFIG).contains("roles:\n"));
}

#[test]
fn where_no_model_can_be_used_it_says_what_to_do() {
    let mut sandbox = Sandbox::new();
    sandbox.env("PATH", "/nonexistent");
    let output = sandbox.tipstaff(&["init"]);
    output.succeeds().stdout_has("next: tipstaff doctor");
    let models = sandbox.tipstaff(&["models"]);
    models.succeeds();
}

#[test]
fn folder_that_is_a_link_is_not_written_through() {
    let sandbox = with_one_model();
    let elsewhere = sandbox.outside("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, sandbox.project().join(".tipstaff")).unwrap();
    sandbox.tipstaff(&["init", "--yes"]).exits_with(1);
    assert_eq!(std::fs::read_dir(&elsewhere).unwrap().count(), 0);
}

#[test]
fn what_a_person_refuses_is_not_written() {
    let sandbox = with_one_model();
    sandbox.write("Makefile", "test:\n\ttrue\n");
    let mut terminal = Terminal::start(&sandbox, &["init"]);
    terminal.until_shows(1, "verify what agents change with `make test`? [Y/n]");
    terminal.types("n\n");
    terminal.until_shows(1, "write this to `.tipstaff/config.yaml`? [Y/n]");
    terminal.types("\n");
    terminal.wait().succeeds();
    let text = sandbox.read(CONFIG);
    assert!(text.contains("# verify: make test\n"), "{text}");
    assert!(text.contains("  gpt-4o: { agent: mine }\n"), "{text}");

    let other = with_one_model();
    let mut terminal = Terminal::start(&other, &["init"]);
    terminal.until_shows(1, "write this to `.tipstaff/config.yaml`? [Y/n]");
    terminal.types("n\n");
    terminal.wait().succeeds().stdout_has("nothing was written");
    assert!(!other.exists(CONFIG));
}
