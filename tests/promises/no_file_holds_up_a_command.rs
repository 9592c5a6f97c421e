//! Whatever is in the place of a file, a named pipe or a link or terabytes: nothing waits for it.

use crate::support::{Sandbox, pipe};

#[test]
fn named_pipe_as_configuration_is_an_error_at_once() {
    let sandbox = Sandbox::new();
    sandbox.fake_agent("[]").trio(&[]);
    sandbox.write(".tipstaff/runs/none", "");
    pipe(&sandbox.project().join(".tipstaff/config.yaml"));
    for command in [&["check", "trio"][..], &["run", "trio", "Plan it"]] {
        let output = sandbox.tipstaff(command);
        output.exits_with(2);
        output.stderr_has("config.yaml`: it is a named pipe, not a file");
    }
    // Reading runs needs no configuration.
    sandbox.tipstaff(&["runs"]).succeeds();
}

#[test]
fn named_pipe_as_the_users_configuration_or_workflow_is_an_error_at_once() {
    let sandbox = Sandbox::new();
    pipe(&sandbox.project().join("flow.yaml"));
    let output = sandbox.tipstaff(&["check", "./flow.yaml"]);
    output.exits_with(2);
    output.stderr_has("flow.yaml`: it is a named pipe, not a file");
    sandbox.user_config("");
    let config = sandbox.home().join(".config/tipstaff/config.yaml");
    std::fs::remove_file(&config).unwrap();
    pipe(&config);
    let output = sandbox.tipstaff(&["check", "plan"]);
    output.exits_with(2);
    output.stderr_has("it is a named pipe, not a file");
}

#[test]
fn named_pipes_in_a_project_and_its_runs_hold_up_nothing() {
    let sandbox = Sandbox::new();
    sandbox.fake_agent("[]").trio(&[]);
    pipe(&sandbox.project().join("AGENTS.md"));
    sandbox.run_trio(&["--depth", "1"]).succeeds();
    let run = sandbox.run();
    for name in ["journal.jsonl", "plan.json", "lock"] {
        let _ = std::fs::remove_file(run.path(name));
        pipe(&run.path(name));
        sandbox.tipstaff(&["runs"]).succeeds();
        assert_ne!(sandbox.tipstaff(&["show", "--all"]).code, Some(0), "{name}");
        assert_ne!(sandbox.tipstaff(&["resume"]).code, Some(0), "{name}");
    }
}

#[test]
fn named_pipe_in_the_place_of_a_document_fails_its_phase() {
    let sandbox = Sandbox::new();
    sandbox.fake_agent("[]").trio(&[]);
    sandbox.write("docs/other.md", "");
    pipe(&sandbox.project().join("docs/plan.md"));
    let output = sandbox.run_trio(&["--depth", "1"]);
    output.exits_with(1);
    output.stderr_has("refused path `docs/plan.md`: what is there is no regular file");
}

#[test]
fn named_pipe_in_the_place_of_an_agents_output_holds_up_nothing() {
    let outside = "/etc/hostname";
    for (steps, is_there) in [
        ("{ print: hello }, { pipe: ../events.jsonl }, done", true),
        (
            "{ pipe: ../stderr.log }, { pipe: ../exit.json.tmp }, done",
            true,
        ),
        ("{ pipe: .tipstaff/out/handoff.json }, { exit: 0 }", false),
        ("{ pipe: .tipstaff/out/deliverable.md }, { exit: 0 }", false),
        (
            "{ link: { path: .tipstaff/out/deliverable.md, to: OUTSIDE } }, { exit: 0 }",
            false,
        ),
    ] {
        let sandbox = Sandbox::open();
        let steps = steps.replace("OUTSIDE", outside);
        sandbox.fake_agent(&format!("- do: [{steps}]\n")).write(
            ".tipstaff/workflows/one.yaml",
            "name: one\nphases:\n  - { name: plan, model: m1, context_strategy: distilled, \
             output: docs/plan.md, retries: 0 }\n",
        );
        let output = sandbox.tipstaff(&["run", "one", "Plan it"]);
        output.exits_with(if is_there { 0 } else { 1 });
        assert_eq!(sandbox.exists("docs/plan.md"), is_there, "{steps}");
        let run = sandbox.run();
        run.has_no_process();
        // What it printed into the file that it took away is kept all the same.
        let printed = run.of_call("work-1", "events.jsonl");
        assert_eq!(
            printed.contains("hello"),
            steps.contains("hello"),
            "{printed}"
        );
    }
}
