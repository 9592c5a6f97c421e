//! What is said of runs without a supervisor is true, and `resume` takes one that is not done.

use rustix::process::Signal;

use crate::support::{Sandbox, until};

#[test]
fn a_done_run_is_not_resumed_after_undo() {
    let sandbox = Sandbox::new();
    sandbox.write(
        ".tipstaff/workflows/edit.yaml",
        "name: edit\nphases:\n  - name: change\n    model: m1\n    edits: true\n    \
         context_strategy: fresh\n",
    );
    sandbox.fake_agent("- do: [{ write: { path: new.txt, text: new } }, done]\n");
    sandbox.tipstaff(&["run", "edit", "Change it"]).succeeds();
    let run = sandbox.run().id();
    let nothing_is_open = || {
        let output = sandbox.tipstaff(&["resume"]);
        output.exits_with(2).stderr_has("no run is left");
    };
    nothing_is_open();
    sandbox.tipstaff(&["undo", &run]).succeeds();
    nothing_is_open();
    sandbox.tipstaff(&["apply", &run]).succeeds();
    nothing_is_open();
}

#[test]
fn calls_of_a_killed_supervisor_are_interrupted() {
    let sandbox = Sandbox::new();
    let up = sandbox.outside("up");
    let never = sandbox.outside("never");
    sandbox.fake_agent(&format!(
        "- do: [{{ touch: {} }}, {{ wait_for_file: {} }}, done]\n",
        up.display(),
        never.display()
    ));
    sandbox.trio(&["models: [m1]"]);
    let running = sandbox.start_trio(&[]);
    until("the proposer works", || up.exists());
    sandbox.run().until(1, "attempt_spawned");
    let show = || sandbox.tipstaff(&["show", "--all"]);
    show().stdout_has("running").has_no("interrupted");
    sandbox.end(running, Signal::KILL);
    show().stdout_has("interrupted").has_no("running");
    let json = sandbox.tipstaff(&["show", "--json"]);
    json.stdout_has(r#""interrupted""#).has_no(r#""running""#);
}
