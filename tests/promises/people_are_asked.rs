//! Nothing begins that a person has to agree to first, and a person is asked for one thing at a time.

use super::proposals_are_judged_fairly::judge_says;
use crate::support::Sandbox;

/// A trio behind a gate, whose judge finds no proposal good enough.
fn gated() -> Sandbox {
    let sandbox = Sandbox::new();
    let verdict = r#"{"decision":"none","winner":null,"rationale":"All miss the point."}"#;
    sandbox.fake_agent(&judge_says(verdict));
    sandbox.trio(&["gate: Shall I begin?"]);
    sandbox
}

#[test]
fn who_agrees_to_the_beginning_still_picks_the_winner() {
    let sandbox = gated();
    sandbox
        .run_trio(&[])
        .exits_with(4)
        .stderr_has("Shall I begin?");
    let run = sandbox.run();
    assert!(run.calls("attempt_started").is_empty());
    let approve = || sandbox.tipstaff(&["approve", &run.id()]);
    approve().exits_with(4).stderr_has("All miss the point.");
    assert_eq!(run.calls("attempt_started").len(), 4);
    approve().exits_with(2).stderr_has("waits for an approval");
    sandbox
        .tipstaff(&["pick", &run.id(), "plan", "A"])
        .succeeds();
    assert!(sandbox.exists("docs/plan.md"));
    assert_eq!(run.all("person_asked").len(), 2);
}

#[test]
fn nothing_begins_after_a_no() {
    let sandbox = gated();
    sandbox.run_trio(&[]).exits_with(4);
    let run = sandbox.run();
    sandbox
        .tipstaff(&["reject", &run.id(), "--because", "not today"])
        .exits_with(1)
        .stderr_has("not today");
    // Who said no is asked again.
    sandbox.tipstaff(&["resume", &run.id()]).exits_with(4);
    assert!(run.calls("attempt_started").is_empty());
}

#[test]
fn the_only_run_that_waits_need_not_be_named() {
    let sandbox = gated();
    sandbox
        .tipstaff(&["approve"])
        .exits_with(2)
        .stderr_has("no run waits for this answer");
    sandbox.run_trio(&[]).exits_with(4);
    sandbox
        .tipstaff(&["pick", "A"])
        .exits_with(2)
        .stderr_has("no run waits for this answer");
    sandbox.tipstaff(&["approve"]).exits_with(4);
    sandbox.tipstaff(&["approve"]).exits_with(2);
    sandbox
        .tipstaff(&["pick", "trio", "plan", "D"])
        .exits_with(2)
        .stderr_has("A, B, C");
    sandbox.run_trio(&[]).exits_with(4);
    sandbox.run_trio(&[]).exits_with(4);
    let two = sandbox.tipstaff(&["reject"]);
    two.exits_with(2)
        .stderr_has("several runs wait for this answer");
    sandbox.tipstaff(&["pick", "a"]).succeeds();
    assert!(sandbox.exists("docs/plan.md"));
}

#[test]
fn a_workflow_names_its_newest_run_and_that_is_told() {
    let sandbox = gated();
    sandbox.run_trio(&[]).exits_with(4);
    sandbox.run_trio(&[]).exits_with(4);
    let runs = sandbox.tipstaff(&["runs", "--json"]).stdout;
    let runs: serde_json::Value = serde_json::from_str(&runs).unwrap();
    let newest = runs[0]["run"].as_str().unwrap().to_owned();
    let shown = sandbox.tipstaff(&["show", "tri"]);
    shown.succeeds().stdout_has(&newest);
    shown.stderr_has(&format!("2 runs begin with `tri`; {newest} is the newest"));
    let name = newest.splitn(3, '-').last().unwrap().to_owned();
    let exact = sandbox.tipstaff(&["show", &name]);
    exact.succeeds().stdout_has(&newest).has_no("newest");
}
