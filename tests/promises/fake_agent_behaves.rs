//! The stand-in does what the tests rely on, and the sandbox keeps to itself.

use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::support::{Sandbox, fake_agent};

/// Runs the fake agent in the sandbox's project, as an agent CLI is run.
fn agent(sandbox: &Sandbox, args: &[&str], env: &[(&str, &str)]) -> (Option<i32>, String) {
    let output = Command::new(fake_agent())
        .args(args)
        .env_clear()
        .envs(env.iter().copied())
        .current_dir(sandbox.project())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

#[test]
fn a_proposer_leaves_a_document_and_a_handoff() {
    let sandbox = Sandbox::new();
    let env = [
        ("TIPSTAFF_PURPOSE", "propose"),
        ("TIPSTAFF_PHASE", "plan"),
        ("TIPSTAFF_SLOT", "2"),
    ];
    let (code, _) = agent(&sandbox, &["run", "--dir", "."], &env);
    assert_eq!(code, Some(0));
    assert!(
        sandbox
            .read(".tipstaff/out/deliverable.md")
            .contains("plan, slot 2")
    );
    let handoff: serde_json::Value =
        serde_json::from_str(&sandbox.read(".tipstaff/out/handoff.json")).unwrap();
    assert!(handoff["summary"].is_string());
    assert!(!sandbox.exists(".tipstaff/out/verdict.json"));
}

#[test]
fn a_judge_picks_the_first_label_that_is_there() {
    let sandbox = Sandbox::new();
    sandbox
        .write(".tipstaff/in/proposals/C.md", "c")
        .write(".tipstaff/in/proposals/B.md", "b");
    agent(&sandbox, &[], &[("TIPSTAFF_PURPOSE", "judge")]);
    let verdict: serde_json::Value =
        serde_json::from_str(&sandbox.read(".tipstaff/out/verdict.json")).unwrap();
    assert_eq!(verdict["winner"], "B");
}

#[test]
fn the_script_decides_by_the_call() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "script.yaml",
        "- when: { slot: 1 }\n  do: [{ print: one }, { exit: 7 }]\n\
         - do: [{ write_hex: { path: bytes, hex: 'ff 41' } }, { write_size: { path: big, bytes: 9 } }]\n",
    );
    let script = ["--script", "script.yaml"];
    let first = agent(&sandbox, &script, &[("TIPSTAFF_SLOT", "1")]);
    assert_eq!(first, (Some(7), String::from("one\n")));
    assert_eq!(
        agent(&sandbox, &script, &[("TIPSTAFF_SLOT", "2")]).0,
        Some(0)
    );
    assert_eq!(
        std::fs::read(sandbox.project().join("bytes")).unwrap(),
        b"\xffA"
    );
    assert_eq!(sandbox.read("big"), "xxxxxxxxx");
}

#[test]
fn a_broken_script_is_no_scripted_failure() {
    let sandbox = Sandbox::new();
    for script in ["- do: [explode]", "- do: [{ write: { path: a, txt: b } }]"] {
        sandbox.write("script.yaml", script);
        let (code, _) = agent(&sandbox, &["--script", "script.yaml"], &[]);
        assert_eq!(code, Some(99), "{script}");
    }
}

#[test]
fn with_opencode_events_every_line_is_an_event_and_the_last_one_is_the_end() {
    let sandbox = Sandbox::new();
    let (_, stdout) = agent(&sandbox, &["--opencode-events"], &[]);
    let events: Vec<serde_json::Value> = stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let kinds: Vec<_> = events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["step_start", "text", "step_finish"]);
    assert_eq!(events[2]["part"]["reason"], "stop");
    assert_eq!(
        events[1]["part"]["messageID"],
        events[2]["part"]["messageID"]
    );
}

#[test]
fn it_answers_with_the_version_of_the_agent_it_stands_in_for() {
    let sandbox = Sandbox::new();
    let (code, version) = agent(&sandbox, &["--version"], &[]);
    assert_eq!((code, version.trim()), (Some(0), "1.18.33"));
}

#[test]
fn a_sandbox_is_a_clean_repository_with_a_home_of_its_own() {
    let mut sandbox = Sandbox::new();
    sandbox.write("src/a.rs", "fn a() {}\n").git_init();
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    assert_eq!(sandbox.git(&["ls-files"]).trim(), "src/a.rs");

    sandbox.fake_agent("- do: [done]\n");
    let config = sandbox.home().join(".config/tipstaff/config.yaml");
    let config: serde_json::Value =
        serde_saphyr::from_str(&std::fs::read_to_string(config).unwrap()).unwrap();
    assert_eq!(config["agents"]["fake"]["command"], fake_agent());
    assert_eq!(config["models"]["m4"]["agent"], "fake");
    assert_eq!(config["roles"]["judge"], "m4");

    sandbox.env("NO_COLOR", "1");
    // Not a command: only that the binary runs here, and that its end is seen.
    let output = sandbox.start(&["__warden"]).wait();
    output.exits_with(1).stdout_has("process id").stderr_has("");
}

#[test]
fn a_warden_whose_supervisor_is_another_process_refuses() {
    let sandbox = Sandbox::new();
    sandbox
        .tipstaff(&["__warden", "1"])
        .exits_with(1)
        .stdout_has("the supervisor is gone");

    let running = sandbox.start(&["__warden", "1"]);
    // It has ended or will: a process that was not waited for can still be sent a signal.
    running.signal(Signal::TERM);
    assert_ne!(running.wait().code, Some(0));
}
