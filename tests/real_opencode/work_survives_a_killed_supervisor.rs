//! SIGKILL in the middle of a run: no process stays, and `resume` goes on with what was finished.

use rustix::process::Signal;

use crate::stand::Stand;
use crate::support::until;

/// The second proposer's model says nothing at its first attempt.
const SCENARIO: &str = "
name: stalls-once
rules:
  - when: { slot: 2, purpose: propose, attempt: 1 }
    then:
      - stall: before_headers
";

#[test]
fn a_killed_run_goes_on_without_repeating_a_finished_call() {
    let stand = Stand::new();
    let scenario = stand.scenario(SCENARIO);
    let args = ["run", "plan", "Add rate limiting", "--depth", "2"];
    let running = stand
        .sandbox
        .start(&[&args[..], &["--rehearse", &scenario, "--publish"]].concat());

    until("one proposal is done and the other agent runs", || {
        let done = stand.events_named("attempt_succeeded").len() == 1;
        done && stand.processes().iter().any(|it| it.contains("opencode"))
    });
    running.signal(Signal::KILL);
    assert_eq!(running.wait().code, None, "SIGKILL ended it");
    until("no process of the run is left", || {
        stand.processes().is_empty()
    });

    stand.sandbox.tipstaff(&["resume"]).succeeds();
    let started = |call: &str| {
        let attempts = stand.events_named("attempt_started");
        let of_call = attempts.iter().filter(|event| event["call"] == call);
        of_call.count()
    };
    assert_eq!(started("plan.propose-1"), 1, "it was finished");
    assert_eq!(started("plan.propose-2"), 2, "it was lost and begins anew");
    assert_eq!(started("plan.judge-1"), 1);
    assert!(stand.sandbox.exists("docs/ai/add-rate-limiting/plan.md"));
    stand.is_clean();
}
