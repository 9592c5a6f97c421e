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
