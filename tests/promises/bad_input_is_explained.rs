//! Bad input is explained, with the documented exit code, before anything is started.

use std::os::unix::process::CommandExt;

use crate::support::{Output, Sandbox};

/// A project in which `trio` would run.
fn ready() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.fake_agent("[]").trio(&[]);
    sandbox
}

/// Nothing was started: no run folder, no document.
fn started_nothing(sandbox: &Sandbox) {
    assert!(!sandbox.exists(".tipstaff/runs"));
    assert!(!sandbox.exists("docs"));
}

#[test]
fn an_agent_that_is_not_installed() {
    let sandbox = ready();
    sandbox.user_config(
        "agents: { fake: { kind: command, command: no-such-agent } }\n\
         models: { m1: { agent: fake }, m2: { agent: fake }, m3: { agent: fake }, m4: { agent: fake } }\n\
         roles: { judge: m4 }\n",
    );
    let output = sandbox.run_trio(&[]);
    output
        .exits_with(2)
        .stderr_has("`no-such-agent` is not on PATH; install it");
    started_nothing(&sandbox);
}

#[test]
fn all_that_is_missing_is_told_at_once() {
    let sandbox = ready();
    sandbox.write("tools/agent", "no program");
    sandbox.user_config(
        "agents:\n  none: { kind: command, command: no-such-agent }\n  \
         plain: { kind: command, command: tools/agent }\n  gone: { kind: command, command: tools/gone }\n\
         models: { m1: { agent: none }, m2: { agent: plain }, m3: { agent: none }, m4: { agent: gone } }\n\
         roles: { judge: m4 }\n",
    );
    let missing = [
        "m1, m3: `no-such-agent` is not on PATH",
        "m2: `tools/agent` is not executable",
        "m4: `tools/gone` does not exist",
    ];
    let run = sandbox.run_trio(&[]);
    let check = sandbox.tipstaff(&["check", "trio"]);
    run.exits_with(2).stderr_has("error: nothing was started");
    check
        .succeeds()
        .stderr_has("warning: a run could not start");
    for line in missing {
        run.stderr_has(line);
        check.stderr_has(line);
    }
    let offline = sandbox.tipstaff(&["check", "trio", "--offline"]);
    assert_eq!(offline.succeeds().stderr, "");
    started_nothing(&sandbox);
}

#[test]
fn a_model_that_opencode_does_not_know() {
    let mut sandbox = opencode("1.18.33");
    sandbox
        .env("ANTHROPIC_API_KEY", "k")
        .env("OPENAI_API_KEY", "k");
    let catalogue = sandbox.home().join(".cache/opencode");
    std::fs::create_dir_all(&catalogue).unwrap();
    let models = r#"{"anthropic": {"models": {"claude-opus-4-5": {}, "claude-sonnet-4-5": {}}}}"#;
    std::fs::write(catalogue.join("models.json"), models).unwrap();
    let literal = |id: &str| format!("claude-haiku=opencode:anthropic/{id}");
    let output = sandbox.tipstaff(&[
        "run",
        "quick",
        "Do it",
        "--model",
        &literal("claude-opus-45"),
    ]);
    output
        .exits_with(2)
        .stderr_has("OpenCode knows no model `anthropic/claude-opus-45`; did you mean `anthropic/claude-opus-4-5`?");
    started_nothing(&sandbox);
}

#[test]
fn model_without_its_provider_is_told_with_the_name_it_has() {
    let mut sandbox = opencode("1.18.33");
    sandbox.env("ANTHROPIC_API_KEY", "k");
    let model = "claude-haiku=opencode:claude-opus-5-5";
    let output = sandbox.tipstaff(&["run", "quick", "Do it", "--model", model]);
    output
        .exits_with(2)
        .stderr_has("`claude-opus-5-5` does not name its provider")
        .stderr_has("did you mean `opencode:anthropic/claude-opus-5-5`");
    started_nothing(&sandbox);
}

#[test]
fn no_git() {
    let mut sandbox = ready();
    sandbox.env("PATH", "/nonexistent");
    sandbox
        .run_trio(&[])
        .exits_with(2)
        .stderr_has("`git` is not on PATH");
    started_nothing(&sandbox);
}

#[test]
fn no_opencode_on_path() {
    let mut sandbox = Sandbox::new();
    sandbox.env("PATH", "/nonexistent");
    for more in [&[][..], &["--rehearse"]] {
        let output = sandbox.tipstaff(&[&["run", "plan", "Plan it"], more].concat());
        output
            .exits_with(2)
            .stderr_has("`opencode` is not on PATH; install it")
            .stderr_has("nothing was started")
            .stderr_has("install it with `npm install -g opencode-ai`")
            .has_no("--rehearse");
    }
    started_nothing(&sandbox);
}

/// An `opencode` on PATH that tells this version and can do nothing else.
fn opencode(version: &str) -> Sandbox {
    use std::os::unix::fs::PermissionsExt;
    let mut sandbox = Sandbox::new();
    let folder = sandbox.outside("bin");
    std::fs::create_dir(&folder).unwrap();
    let program = folder.join("opencode");
    std::fs::write(&program, format!("#!/bin/sh\necho {version}\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", folder.display());
    sandbox.env("PATH", &path);
    sandbox
}

#[test]
fn an_opencode_of_another_version() {
    for version in ["0.3.1", "9.0.0"] {
        let sandbox = opencode(version);
        let output = sandbox.tipstaff(&["run", "plan", "Plan it"]);
        output
            .exits_with(2)
            .stderr_has(version)
            .stderr_has("npm install -g opencode-ai");
        started_nothing(&sandbox);
    }
    let sandbox = opencode("1.99.0");
    let output = sandbox.tipstaff(&["run", "plan", "Plan it"]);
    output
        .stderr_has("warning:")
        .stderr_has("1.99.0")
        .stderr_has("it may work");
}

#[test]
fn no_sign_in() {
    let sandbox = opencode("1.18.33");
    let output = sandbox.tipstaff(&["run", "plan", "Plan it"]);
    output
        .exits_with(2)
        .stderr_has("no sign-in for provider `anthropic`")
        .stderr_has("`opencode auth login`")
        .stderr_has("--rehearse");
    started_nothing(&sandbox);
}

#[test]
fn a_file_that_is_no_workflow() {
    let sandbox = ready();
    let bomb = (1..12).fold(
        "a0: &a0 [x, x, x, x, x, x, x, x]\n".to_owned(),
        |yaml, level| {
            let below = vec![format!("*a{}", level - 1); 9].join(", ");
            format!("{yaml}a{level}: &a{level} [{below}]\n")
        },
    );
    let large = format!("name: large\nphases:\n{}", "  # padding\n".repeat(900_000));
    let cases = [
        ("Please build me a website: now, [quickly", "workflow.yaml"),
        ("", "is empty"),
        ("\0\0\0", "workflow.yaml"),
        (large.as_str(), "too large"),
        (bomb.as_str(), "alias"),
    ];
    for (text, expected) in cases {
        sandbox.write("workflow.yaml", text);
        for args in [
            ["check", "workflow.yaml"].as_slice(),
            &["run", "workflow.yaml", "Plan it"],
        ] {
            let output = sandbox.tipstaff(args);
            output
                .exits_with(2)
                .stderr_has("error")
                .stderr_has(expected);
            assert!(output.stderr.len() < 4000, "a message, not a dump");
        }
    }
    std::fs::write(sandbox.project().join("workflow.yaml"), b"name: \xff\xfe").unwrap();
    sandbox
        .tipstaff(&["check", "workflow.yaml"])
        .exits_with(2)
        .stderr_has("is not UTF-8 text");
    sandbox
        .tipstaff(&["check", "none.yaml"])
        .exits_with(2)
        .stderr_has("none.yaml");
    sandbox.tipstaff(&["check", "."]).exits_with(2);
    started_nothing(&sandbox);
}

#[test]
fn a_name_that_is_nearly_right() {
    let sandbox = ready();
    let output = sandbox.tipstaff(&["run", "wrokshop", "Plan it"]);
    output
        .exits_with(2)
        .stderr_has("did you mean `workshop`?")
        .stderr_has("`tipstaff workflows` lists all");
    sandbox.write(
        "w.yaml",
        "name: w\nphases:\n  - name: p\n    modle: m1\n    context_strategy: fresh\n",
    );
    let output = sandbox.tipstaff(&["check", "w.yaml"]);
    output.exits_with(2).stderr_has("did you mean `model`?");
}

#[test]
fn near_misses_are_told_before_they_cost_anything() {
    let sandbox = ready();
    sandbox.write(
        "w.yaml",
        "name: w\ninputs: { version: { default: \"1\" } }\nphases:\n  - name: p\n    model: m1\n    \
         context_strategy: fresh\n    prompt: |\n      Notes of {verzion},\n      as {{ request }} says.\n",
    );
    for args in [["check", "w.yaml"].as_slice(), &["run", "w.yaml", "x"]] {
        let output = sandbox.tipstaff(args);
        output
            .succeeds()
            .stderr_has("w.yaml:8:16")
            .stderr_has("hint: did you mean `version`?")
            .stderr_has("w.yaml:9:10")
            .stderr_has("hint: write `{request}`");
    }
    for (from, to, expected) in [
        (
            "prompt: |",
            "prompt: reviw\n    description: |",
            "did you mean `review`?",
        ),
        (
            "prompt: |",
            "gate: no\n    prompt: |",
            "write `false` for no gate",
        ),
        ("model: m1", "model m1", "w.yaml:5:5"),
    ] {
        let text = sandbox.read("w.yaml").replacen(from, to, 1);
        sandbox.write("wrong.yaml", &text.replace("w.yaml", "wrong.yaml"));
        let output = sandbox.tipstaff(&["check", "wrong.yaml"]);
        output
            .exits_with(2)
            .stderr_has(&expected.replace("w.yaml", "wrong.yaml"));
    }
}

#[test]
fn a_mistake_in_a_workflow_shows_its_place_and_its_line() {
    let sandbox = ready();
    sandbox.write(
        "w.yaml",
        "name: w\nphases:\n  - name: first\n    model: m1\n    context_strategy: fresh\n    output: ../outside.md\n  \
         - name: second\n    model: m9\n    context_strategy: fresh\n    input: frist.output\n",
    );
    for args in [
        ["check", "w.yaml"].as_slice(),
        &["run", "w.yaml", "Plan it"],
    ] {
        let output = sandbox.tipstaff(args);
        output.exits_with(2);
        for (place, line) in [
            ("w.yaml:6:13", "output: ../outside.md"),
            ("w.yaml:8:12", "model: m9"),
            ("w.yaml:10:12", "input: frist.output"),
        ] {
            output.stderr_has(place).stderr_has(line);
        }
    }
    started_nothing(&sandbox);
}

#[test]
fn a_model_that_nobody_knows() {
    let sandbox = ready();
    let output = sandbox.run_trio(&["--model", "judge=m44"]);
    output.exits_with(2).stderr_has("m44");
    started_nothing(&sandbox);
}

#[test]
fn an_empty_request() {
    let sandbox = ready();
    for args in [
        ["run", "trio"].as_slice(),
        &["run", "trio", "  "],
        &["run", "trio", "-"],
    ] {
        sandbox
            .tipstaff(args)
            .exits_with(2)
            .stderr_has("the request is empty");
    }
    started_nothing(&sandbox);
}

#[test]
fn a_long_request_reaches_the_agents_byte_for_byte() {
    let request = "Überlange Bitte: `${x}` {feature} 'q' \"d\" \\ \t§\r\n".repeat(25_000);
    assert!(request.len() > 1_000_000);
    let check = |run: &dyn Fn(&Sandbox) -> Output| {
        let sandbox = Sandbox::new();
        let seen = sandbox.outside("seen");
        sandbox.fake_agent(&format!(
            "- do: [{{ append_stdin_to: {} }}, done]\n",
            seen.display()
        ));
        sandbox.trio(&["# one is enough"]);
        run(&sandbox).succeeds();
        let prompt = std::fs::read_to_string(seen).unwrap();
        assert!(prompt.contains(&request), "the agent saw another request");
    };
    check(&|sandbox| {
        sandbox.tipstaff_reading(&["run", "trio", "-", "--depth", "1"], request.as_bytes())
    });
    check(&|sandbox| {
        sandbox.write("request.md", &request);
        sandbox.tipstaff(&[
            "run",
            "trio",
            "--request-file",
            "request.md",
            "--depth",
            "1",
        ])
    });
}

#[test]
fn a_request_that_is_no_text() {
    let sandbox = ready();
    let bytes = b"Plan \xff it";
    let output = sandbox.tipstaff_reading(&["run", "trio", "-"], bytes);
    output
        .exits_with(2)
        .stderr_has("the request from standard input is not UTF-8 text");
    std::fs::write(sandbox.project().join("r.md"), bytes).unwrap();
    let output = sandbox.tipstaff(&["run", "trio", "--request-file", "r.md"]);
    output
        .exits_with(2)
        .stderr_has("the request from r.md is not UTF-8 text");
    started_nothing(&sandbox);
}

#[test]
fn a_project_whose_folder_for_runs_is_taken() {
    let sandbox = ready();
    // A file where the folder should be stops even root.
    sandbox.write(".tipstaff/runs", "my notes");
    let output = sandbox.run_trio(&[]);
    output
        .exits_with(1)
        .stderr_has("error:")
        .stderr_has(".tipstaff/runs");
    assert_eq!(sandbox.read(".tipstaff/runs"), "my notes");
    assert_eq!(sandbox.left_in_tmp(), Vec::<String>::new());
}

#[test]
fn a_read_only_project() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = ready();
    let set = |mode| {
        std::fs::set_permissions(
            sandbox.project().join(".tipstaff"),
            std::fs::Permissions::from_mode(mode),
        )
        .unwrap()
    };
    set(0o555);
    let mut command = sandbox.command(&["run", "trio", "Plan it"]);
    if rustix::process::geteuid().is_root() {
        // Root may write anywhere; nobody may not.
        let open = |path: &std::path::Path| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        };
        open(sandbox.project().parent().unwrap());
        command.uid(65534).gid(65534);
    }
    let spawned = command.spawn();
    // The test's own binary may lie where nobody may go.
    let Ok(child) = spawned else {
        return set(0o755);
    };
    let output = Output::of(child);
    set(0o755);
    output
        .exits_with(1)
        .stderr_has("the project has to be writable");
}

#[test]
fn a_phase_called_judge_is_not_told_to_judge() {
    let sandbox = ready();
    sandbox.write(
        "w.yaml",
        "name: w\nphases:\n  - { name: judge, model: m1, context_strategy: fresh }\n",
    );
    sandbox.tipstaff(&["run", "w.yaml", "x"]).succeeds();
    let ledger = "phases/01-judge/calls/judge.work-1/attempt-1/context.json";
    assert!(sandbox.run().read(ledger).contains("template general"));
}
