//! A run under way is watched and steered by a person, at its terminal and from elsewhere.

use rustix::process::Signal;

use crate::support::{Running, Sandbox, until};

/// A trio whose third proposer waits.
fn with_straggler() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.fake_agent(&format!(
        "- when: {{ purpose: propose, slot: 3 }}\n  do: [{{ touch: {} }}, {{ wait_for_file: {} }}, done]\n- do: [done]\n",
        sandbox.outside("third").display(),
        sandbox.outside("go").display()
    ));
    sandbox.trio(&[]);
    sandbox
}

/// Two proposals are in, the third one is under way.
fn is_in_the_middle(sandbox: &Sandbox) {
    until("the third one works", || sandbox.outside("third").exists());
    sandbox.run().until(2, "attempt_succeeded");
}

fn in_the_middle(sandbox: &Sandbox) -> Running {
    let running = sandbox.start_trio(&[]);
    is_in_the_middle(sandbox);
    running
}

fn let_it_go(sandbox: &Sandbox) {
    std::fs::write(sandbox.outside("go"), "").unwrap();
}

fn socket(sandbox: &Sandbox) -> std::path::PathBuf {
    let name = format!(".local/state/tipstaff/runs/{}.sock", sandbox.run().id());
    sandbox.home().join(name)
}

#[test]
fn stop_ends_a_run_resumably_and_waits_for_its_end() {
    let sandbox = with_straggler();
    let running = in_the_middle(&sandbox);
    let run = sandbox.run();
    assert!(socket(&sandbox).exists());
    let stopped = sandbox.tipstaff(&["stop", &run.id()]);
    stopped.succeeds().stderr_has("tipstaff resume");
    run.has_no_process();
    let output = running.wait();
    output.exits_with(130).stderr_has("stopped by a person");
    assert!(!socket(&sandbox).exists());
    let again = sandbox.tipstaff(&["stop", &run.id()]);
    again.succeeds().stderr_has("nobody works on run");
    let_it_go(&sandbox);
    sandbox.tipstaff(&["resume"]).succeeds();
    // Three proposals, the judge, and once more the third one.
    assert_eq!(run.calls("attempt_started").len(), 5);
    assert!(sandbox.exists("docs/plan.md"));
}

#[test]
fn killed_supervisor_leaves_no_stale_channel() {
    let sandbox = with_straggler();
    let running = in_the_middle(&sandbox);
    let run = sandbox.end(running, Signal::KILL);
    assert!(socket(&sandbox).exists());
    let stop = sandbox.tipstaff(&["stop", &run.id()]);
    stop.succeeds().stderr_has("nobody works on run");
    let running = sandbox.start(&["resume"]);
    run.until(4, "attempt_started");
    sandbox.tipstaff(&["stop", &run.id()]).succeeds();
    running.wait().exits_with(130);
    run.has_no_process();
    assert!(!socket(&sandbox).exists());
}

#[test]
fn foreign_run_is_not_stopped() {
    let sandbox = with_straggler();
    let running = in_the_middle(&sandbox);
    let run = sandbox.run();
    std::fs::remove_file(socket(&sandbox).with_extension("json")).unwrap();
    let stop = sandbox.tipstaff(&["stop", &run.id()]);
    stop.exits_with(2).stderr_has("foreign");
    sandbox.end(running, Signal::INT);
}
