//! Agents start up one a core; those that wait for their models need none. Ctrl-C ends them all.

use rustix::process::Signal;

use crate::stand::Stand;
use crate::support::until;

const SCENARIO: &str = "
name: nobody-answers
rules:
  - then:
      - stall: before_headers
";

#[test]
fn agents_that_wait_for_their_models_hold_up_nobody_and_end_at_ctrl_c() {
    let stand = Stand::new();
    let scenario = stand.scenario(SCENARIO);
    let running =
        stand
            .sandbox
            .start(&["run", "plan", "Add rate limiting", "--rehearse", &scenario]);
    until("all three agents are started", || {
        stand.events_named("attempt_spawned").len() == 3
    });
    let said = stand.events_named("attempt_progressed");
    let said = said.iter().filter(|event| event["doing"] != "starting");
    assert_eq!(
        said.count(),
        0,
        "the third did not wait for their first word"
    );
    running.signal(Signal::INT);
    running.wait().exits_with(130).stderr_has("tipstaff resume");
    assert!(stand.spawned_within(15_000), "{:#?}", stand.events());
    stand.is_clean();
}
