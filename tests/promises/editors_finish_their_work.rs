//! An agent that edits is not ended because its files are complete, and limits hold whatever it does to the
//! supervisor.

use rustix::process::Signal;

use crate::support::{Sandbox, until};

const HANDOFF: &str =
    "{ write: { path: .tipstaff/out/handoff.json, text: '{\"summary\": \"two files\"}' } }";

/// The workflow `fix`, whose agent does these steps; more keys of its phase may be given.
fn project(steps: &str, more: &[&str]) -> Sandbox {
    let sandbox = Sandbox::open();
    let keys: String = more.iter().map(|line| format!("    {line}\n")).collect();
    sandbox
        .write("a.txt", "a\n")
        .write(
            ".tipstaff/workflows/fix.yaml",
            &format!(
                "name: fix\nphases:\n  - name: mend\n    model: m1\n    edits: true\n    \
                 context_strategy: distilled\n    retries: 0\n{keys}"
            ),
        )
        .git_init();
    let outside = sandbox.outside("").display().to_string();
    sandbox.fake_agent(&format!(
        "- do: [{}]\n",
        steps.replace("OUTSIDE/", &outside)
    ));
    sandbox
}

const RUN: [&str; 3] = ["run", "fix", "Mend it"];

#[test]
fn handoff_first_and_edits_later_arrive_whole() {
    // Nothing is printed, nothing costs processor time: only files tell that it is at work.
    let edits = "{ append: { path: a.txt, text: x } }, { sleep_ms: 300 }, ".repeat(30);
    let last = "{ write: { path: b.txt, text: second } }, { exit: 0 }";
    let sandbox = project(
        &format!("{HANDOFF}, {edits} {last}"),
        &["idle_timeout: 12s"],
    );
    sandbox.tipstaff(&RUN).succeeds();
    assert_eq!(sandbox.read("b.txt"), "second");
    sandbox
        .tipstaff(&["show", "--all"])
        .has_no("did not say that it was done");
}

#[test]
fn quiet_agent_with_complete_files_is_ended_and_said_to_be() {
    let sandbox = project(
        &format!("{HANDOFF}, {{ write: {{ path: b.txt, text: second }} }}, hang"),
        &["idle_timeout: 6s", "timeout: 60s"],
    );
    sandbox.tipstaff(&RUN).succeeds();
    assert_eq!(sandbox.read("b.txt"), "second");
    let remark = "its files were complete and nothing moved for 3.0 s, so it was ended";
    sandbox
        .tipstaff(&["show", "--all"])
        .succeeds()
        .stdout_has(remark);
    sandbox.run().has_no_process();
}

#[test]
fn half_work_of_killed_supervisor_is_done_again() {
    let sandbox = project(
        &format!(
            "{HANDOFF}, {{ append: {{ path: OUTSIDE/starts, text: x }} }}, \
             {{ touch: OUTSIDE/half }}, {{ wait_for_file: OUTSIDE/go }}, \
             {{ write: {{ path: b.txt, text: second }} }}"
        ),
        &[],
    );
    let running = sandbox.start(&RUN);
    until("half of it is done", || sandbox.outside("half").exists());
    sandbox.end(running, Signal::KILL);
    std::fs::write(sandbox.outside("go"), "").unwrap();
    sandbox.tipstaff(&["resume"]).succeeds();
    assert_eq!(sandbox.read("b.txt"), "second");
    assert_eq!(
        std::fs::read_to_string(sandbox.outside("starts")).unwrap(),
        "xx"
    );
}

#[test]
fn agent_that_stops_the_supervisor_is_still_ended_by_the_clock() {
    let sandbox = project(
        "{ write: { path: OUTSIDE/up, text: up } }, stop_supervisor, hang",
        &["timeout: 2s"],
    );
    let running = sandbox.start(&RUN);
    until("the agent is up", || sandbox.outside("up").exists());
    let run = sandbox.run();
    until("the agent is ended", || run.processes().is_empty());
    running.signal(Signal::CONT);
    running
        .wait()
        .exits_with(1)
        .stderr_has("not done within 2.0 s");
    let failed = run.all("attempt_failed").pop().unwrap();
    assert_eq!(failed["failure"]["kind"], "timeout");
}

#[test]
fn verify_command_that_prints_without_end_is_ended() {
    let sandbox = project("done", &["verify: \"yes on\""]);
    let output = sandbox.tipstaff(&RUN);
    output.stderr_has("`yes on` printed too much and was ended after");
    let verified = sandbox.run().all("verified").pop().unwrap();
    assert_eq!(verified["verification"]["outcome"], "too_much_output");
    sandbox.run().has_no_process();
}
