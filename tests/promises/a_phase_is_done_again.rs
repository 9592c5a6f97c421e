//! A phase that a person does not love, or that failed, is done again in a new run. What stood before it is taken
//! over and not paid again; the old run stays as it was.

use crate::support::{Run, Sandbox, has_all};

/// A plan, an edit by it, and an audit of it.
const STEPS: &str = "name: steps\nphases:\n  - name: plan\n    model: m1\n    context_strategy: fresh\n    \
     output: docs/plan.md\n  - name: change\n    model: m2\n    edits: true\n    context_strategy: distilled\n    \
     retries: 0\n  - name: note\n    model: m1\n    context_strategy: distilled\n    output: docs/note.md\n";

fn steps() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox
        .write(".tipstaff/workflows/steps.yaml", STEPS)
        .write("a.txt", "start\n")
        .git_init();
    sandbox
}

/// The phase `change` of a model writes this.
fn changes(model: &str, text: &str) -> String {
    format!(
        "- when: {{ phase: change, model: {model} }}\n  do: [{{ write: {{ path: a.txt, text: {text} }} }}, done]\n"
    )
}

/// The run that is not this one.
fn other(sandbox: &Sandbox, old: &Run) -> Run {
    let runs = sandbox.project().join(".tipstaff/runs");
    let entries = std::fs::read_dir(runs).unwrap().flatten();
    let mut others = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir() && *path != old.path(""));
    let other = others.find(|path| path.file_name() != old.path("").file_name());
    Run::at(other.unwrap())
}

#[test]
fn what_was_before_is_taken_over_and_the_old_run_stays() {
    let sandbox = steps();
    let bad = changes("m2", "bad");
    sandbox.fake_agent(&format!("{bad}{}- do: [done]\n", changes("m3", "good")));
    sandbox.tipstaff(&["run", "steps", "Do it"]).succeeds();
    assert_eq!(sandbox.read("a.txt"), "bad");
    let old = sandbox.run();
    let before = (old.read("journal.jsonl"), old.read("plan.json"));

    let again = [
        "rerun",
        &old.id(),
        "--from",
        "change",
        "--model",
        "m2=m3",
        "--note",
        "mind the gap",
    ];
    let done = sandbox.tipstaff(&again);
    done.succeeds()
        .stderr_has(&format!("from run {}", old.id()));
    let new = other(&sandbox, &old);
    assert_eq!((old.read("journal.jsonl"), old.read("plan.json")), before);
    // Nothing of the plan was asked for again, and the project has what the new run made.
    assert_eq!(new.calls("attempt_started"), old.calls("attempt_started"));
    assert_eq!(new.all("run_taken_over").len(), 1);
    assert_eq!(sandbox.read("a.txt"), "good");
    let change = "phases/02-change/calls/change.work-1/attempt-1";
    has_all(&new.read(format!("{change}/prompt.md")), &["mind the gap"]);
    has_all(
        &new.read(format!("{change}/context.json")),
        &[r#""source": "person""#],
    );
    let plan = "phases/01-plan/calls/plan.work-1/attempt-1/prompt.md";
    assert_eq!(new.read(plan), old.read(plan));
    let shown = sandbox.tipstaff(&["show", &new.id(), "--json"]).stdout;
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["from_run"], old.id().as_str());
    assert_eq!(shown["attempts"], 3);

    // The project is the new run's: it takes back all of it.
    sandbox.tipstaff(&["undo", &new.id()]).succeeds();
    assert_eq!(sandbox.read("a.txt"), "start\n");
    assert!(!sandbox.exists("docs/plan.md"));
}

#[test]
fn a_failed_phase_is_done_again_and_the_new_run_goes_on_like_any_other() {
    let sandbox = steps();
    sandbox.fake_agent("- when: { phase: change }\n  do: [{ exit: 1 }]\n- do: [done]\n");
    sandbox.tipstaff(&["run", "steps", "Do it"]).exits_with(1);
    let old = sandbox.run();
    let again = ["rerun", &old.id(), "--from", "change"];
    sandbox.tipstaff(&again).exits_with(1);
    let new = other(&sandbox, &old);
    sandbox.fake_agent(&format!("{}- do: [done]\n", changes("m2", "good")));
    sandbox.tipstaff(&["resume", &new.id()]).succeeds();
    assert_eq!(sandbox.read("a.txt"), "good");
    assert_eq!(new.all("run_resumed").len(), 2);
    // What the old run did before does not change what is counted: a rerun of a rerun takes over all.
    let third = ["rerun", &new.id(), "--from", "note"];
    sandbox.tipstaff(&third).succeeds();
}

#[test]
fn limits_count_what_the_new_run_pays() {
    let sandbox = steps();
    sandbox.fake_agent(&format!("{}- do: [done]\n", changes("m2", "good")));
    let limited = ["run", "steps", "Do it", "--yes", "--limit", "calls=3"];
    sandbox.tipstaff(&limited).succeeds();
    let old = sandbox.run();
    let again = ["rerun", &old.id(), "--from", "change"];
    sandbox.tipstaff(&again).succeeds();
    let few = ["rerun", &old.id(), "--from", "change", "--limit", "calls=1"];
    sandbox.tipstaff(&few).exits_with(5).stderr_has("calls: 1");
}

#[test]
fn what_cannot_be_done_again_is_refused_and_leaves_nothing() {
    let sandbox = steps();
    sandbox.fake_agent("- when: { phase: change }\n  do: [{ exit: 1 }]\n- do: [done]\n");
    sandbox.tipstaff(&["run", "steps", "Do it"]).exits_with(1);
    let old = sandbox.run();
    let rerun = |from: &str, more: &[&str]| {
        sandbox.tipstaff(&[&["rerun", &old.id(), "--from", from], more].concat())
    };
    rerun("chnge", &[])
        .exits_with(2)
        .stderr_has("did you mean `change`");
    rerun("note", &[])
        .exits_with(2)
        .stderr_has("phase `note` has not begun")
        .stderr_has("tipstaff resume");
    rerun("change", &["--model", "m2=nobody"]).exits_with(2);
    // Nobody made another run.
    assert_eq!(sandbox.run().id(), old.id());
    std::fs::remove_dir_all(sandbox.home().join(".local/state")).unwrap();
    rerun("change", &[]).exits_with(2).stderr_has("foreign");
}

#[test]
fn an_answered_gate_of_the_phase_is_asked_again() {
    let sandbox = Sandbox::new();
    sandbox.write(
        ".tipstaff/workflows/gated.yaml",
        &STEPS.replace("  - name: note\n", "  - name: note\n    gate: Go on?\n"),
    );
    sandbox.git_init();
    sandbox.fake_agent(&format!("{}- do: [done]\n", changes("m2", "good")));
    sandbox.tipstaff(&["run", "gated", "Do it"]).exits_with(4);
    let old = sandbox.run();
    // What a person changed in an earlier document is taken over.
    sandbox.write("docs/plan.md", "# Mine\n");
    sandbox.tipstaff(&["approve"]).succeeds();
    let again = ["rerun", &old.id(), "--from", "note", "--keep"];
    sandbox.tipstaff(&again).exits_with(4).stderr_has("Go on?");
    let new = other(&sandbox, &old);
    assert_eq!(new.read("phases/01-plan/output.md"), "# Mine\n");
    sandbox.tipstaff(&["approve", &new.id()]).succeeds();
}

#[test]
fn new_run_goes_where_its_flags_say() {
    let sandbox = steps();
    sandbox.fake_agent(&format!("{}- do: [done]\n", changes("m2", "good")));
    sandbox
        .tipstaff(&["run", "steps", "Do it", "--keep"])
        .succeeds();
    let old = sandbox.run().id();
    let again = ["rerun", &old, "--from", "change", "--commit"];
    sandbox.tipstaff(&again).succeeds();
    assert_eq!(sandbox.read("a.txt"), "good");
    let messages = sandbox.git(&["log", "--format=%B"]);
    has_all(&messages, &["Tipstaff-Phase: change"]);
}
