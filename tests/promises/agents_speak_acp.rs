//! Agents of `kind: acp` are spoken with by the Agent Client Protocol, and whatever they do ends with its kind.

use rustix::process::Signal;

use crate::support::{Running, Sandbox, until};

/// One call with this script.
fn alone(steps: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let outside = sandbox.outside("").display().to_string();
    sandbox
        .acp_agent(&format!("- do: {}\n", steps.replace("OUTSIDE", &outside)))
        .trio(&[]);
    sandbox
}

#[test]
fn conversation_leaves_document_and_tokens() {
    let sandbox = Sandbox::new();
    sandbox
        .acp_agent("- do: [{ tool: { kind: read, path: src/main.rs } }, done]\n")
        .trio(&[]);
    sandbox.run_trio(&[]).succeeds();
    let run = sandbox.run();
    assert_eq!(run.all("attempt_failed").len(), 0);
    assert!(sandbox.read("docs/plan.md").contains("slot"));
    let ended = run.all("attempt_succeeded");
    assert_eq!(ended.len(), 4, "three propose, one judges");
    for ended in ended {
        assert_eq!(ended["result"]["usage"]["input"], 100, "{ended}");
        assert_eq!(ended["result"]["usage"]["output"], 20, "{ended}");
    }
    run.has_no_process();
}

#[test]
fn last_message_is_the_document_where_no_file_is() {
    let sandbox = alone(
        "[{ print: 'I look around.' }, { tool: { kind: read, path: a } }, { print: '# The plan' }, { print: ' is short.' }]",
    );
    sandbox.run_trio(&["--depth", "1"]).succeeds();
    let plan = sandbox.read("docs/plan.md");
    assert!(plan.contains("# The plan is short."), "{plan}");
    assert!(!plan.contains("look around"), "{plan}");
}

#[test]
fn tool_is_shown_while_it_works() {
    let sandbox = alone(
        "[{ start_tool: { kind: edit, path: src/a/b.rs } }, { wait_for_file: OUTSIDE/go }, done]",
    );
    let shown = sandbox.outside("shown");
    let mut command = sandbox.command(&["run", "trio", "Plan it", "--depth", "1", "--json"]);
    command.stdout(std::fs::File::create(&shown).unwrap());
    let running = Running::of(command);
    until("the tool is shown", || {
        std::fs::read_to_string(&shown)
            .unwrap()
            .contains("edit a/b.rs")
    });
    std::fs::write(sandbox.outside("go"), "").unwrap();
    running.wait().succeeds();
}

#[test]
fn reader_may_write_its_results_and_nothing_else() {
    let sandbox = alone(
        "[{ ask: { kind: read, path: /etc/hostname } }, { ask: { kind: edit, path: .tipstaff/out/handoff.json } }, \
          { ask: { kind: edit, path: src/main.rs } }, { ask: { kind: execute, path: x } }, \
          { request: fs/read_text_file }, { request: terminal/create }]",
    );
    sandbox.run_trio(&["--depth", "1"]).succeeds();
    let plan = sandbox.read("docs/plan.md");
    for line in [
        "read /etc/hostname: allow",
        "edit .tipstaff/out/handoff.json: allow",
        "edit src/main.rs: reject",
        "execute x: reject",
        "fs/read_text_file: -32601",
        "terminal/create: -32601",
    ] {
        assert!(plan.contains(line), "{line}\n{plan}");
    }
}

#[test]
fn each_way_to_fail_ends_with_its_kind() {
    let ways = [
        ("do: [done]", "", ""),
        (
            "first: [{ stderr: no config }, { exit: 3 }]\n  do: []",
            "crash",
            "exited with 3: no config",
        ),
        (
            "first: [{ print: unknown option --acp }, { exit: 1 }]\n  do: []",
            "bad_output",
            "unknown option",
        ),
        ("first: [hang]\n  do: []", "hang_at_start", ""),
        ("do: [{ stop: refusal }]", "content_refused", ""),
        ("do: [{ stop: max_tokens }]", "truncated", ""),
        (
            "do: [{ refuse: { code: 429, message: slow down } }]",
            "rate_limit",
            "slow down",
        ),
        (
            "do: [{ refuse: { code: -32000, message: sign in } }]",
            "auth",
            "sign in",
        ),
        ("do: [crash]", "crash", "signal 9"),
        (
            "do: [{ ask: { kind: execute, path: x } }, { stop: cancelled }]",
            "permission_refused",
            "execute",
        ),
        // Lines that are no messages, without end.
        ("do: [{ print_bytes: 9000000 }, hang]", "bad_output", "xxx"),
    ];
    let entries = ways.iter().enumerate();
    let script: String = entries
        .map(|(at, (way, ..))| {
            format!(
                "- when: {{ slot: \"{}\", purpose: propose }}\n  {way}\n",
                at + 1
            )
        })
        .collect();
    let sandbox = Sandbox::new();
    sandbox
        .acp_agent(&script)
        .trio(&["quorum: 1", "idle_timeout: 5s"]);
    sandbox
        .run_trio(&["--depth", &ways.len().to_string()])
        .succeeds();
    let run = sandbox.run();
    let failed = run.all("call_failed");
    for (at, (way, kind, message)) in ways.iter().enumerate().skip(1) {
        let call = format!("plan.propose-{}", at + 1);
        let failure = failed.iter().find(|failed| failed["call"] == *call);
        let failure = &failure.unwrap_or_else(|| panic!("{way} did not fail"))["failure"];
        assert_eq!(failure["kind"], *kind, "{way}: {failure}");
        assert!(
            failure["message"].as_str().unwrap().contains(message),
            "{way}: {failure}"
        );
    }
    run.has_no_process();
}

#[test]
fn model_that_the_agent_does_not_offer_is_unknown() {
    let sandbox = alone("[done]");
    let config = sandbox.home().join(".config/tipstaff/config.yaml");
    let text = std::fs::read_to_string(&config).unwrap();
    sandbox.user_config(&text.replace("agent: fake, id: m1", "agent: fake, id: m9"));
    sandbox.run_trio(&["--depth", "1"]).exits_with(1);
    let failed = sandbox.run().all("call_failed").pop().unwrap();
    assert_eq!(failed["failure"]["kind"], "unknown_model");
    let message = failed["failure"]["message"].as_str().unwrap();
    assert!(
        message.contains("`m9`") && message.contains("m1, m2"),
        "{message}"
    );
}

#[test]
fn noise_around_the_protocol_does_no_harm() {
    let sandbox = Sandbox::new();
    sandbox
        .acp_agent(
            "- first: [{ print: Welcome! }, { stderr: a warning }]\n  \
               do: [{ print_long_line: 20000000 }, { event: { jsonrpc: '2.0', method: x/y } }, done, { stop: end_turn }, \
                    { print: too late }]\n",
        )
        .trio(&[]);
    sandbox.run_trio(&["--depth", "1"]).succeeds();
    sandbox.run().has_no_process();
}

#[test]
fn interrupted_turn_is_cancelled_by_the_protocol() {
    let sandbox = alone(
        "[{ touch: OUTSIDE/works }, until_cancelled, { touch: OUTSIDE/cancelled }, { stop: cancelled }]",
    );
    let running = sandbox.start_trio(&["--depth", "1"]);
    until("it works", || sandbox.outside("works").exists());
    let run = sandbox.end(running, Signal::INT);
    assert!(sandbox.outside("cancelled").exists());
    run.has_no_process();
}

#[test]
fn agent_that_does_not_end_is_ended() {
    let sandbox = alone("[ignore_signals, done, { stop: end_turn }, hang]");
    sandbox.run_trio(&["--depth", "1"]).succeeds();
    let run = sandbox.run();
    run.has_no_process();
    sandbox
        .tipstaff(&["show", "--all"])
        .succeeds()
        .has_no("left behind");
}
