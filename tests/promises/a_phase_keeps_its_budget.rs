//! What the calls of one phase may use together is the user's to say, and to raise.

use crate::support::Sandbox;

/// A project whose workflow `ship` has an editing phase with this budget, audited once or twice: the first
/// verdict is fail.
fn ship(budget: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox
        .write("a.txt", "start\n")
        .write(
            ".tipstaff/workflows/ship.yaml",
            &format!(
                "name: ship\nphases:\n  - name: integrate\n    model: m1\n    edits: true\n    \
                 context_strategy: distilled\n    retries: 0\n    budget: {budget}\n  - name: audit\n    \
                 model: m2\n    context_strategy: fresh\n    input: integrate.handoff\n    retries: 0\n    \
                 on_fail: {{ goto: integrate, max: 1 }}\n"
            ),
        )
        .git_init();
    let verdict = |call: &str, json: &str| {
        let text = serde_json::to_string(json).unwrap();
        format!(
            "- when: {{ call: \"{call}\" }}\n  do: [{{ write: {{ path: .tipstaff/out/verdict.json, text: {text} }} }}]\n"
        )
    };
    let fail = r#"{"verdict": "fail", "summary": "No.", "findings": [{"severity": "major", "problem": "x"}]}"#;
    let pass = r#"{"verdict": "pass", "summary": "Yes.", "findings": []}"#;
    sandbox.fake_agent(&format!(
        "{}{}- do: [{{ write: {{ path: a.txt, text: second }} }}, done]\n",
        verdict("audit.work-1", fail),
        verdict("audit.work-1@2", pass)
    ));
    sandbox
}

#[test]
fn a_budget_stops_the_run_and_a_raised_one_goes_on() {
    let sandbox = Sandbox::new();
    sandbox.fake_agent("- do: [done]\n");
    sandbox.trio(&["budget: { calls: 2 }"]);
    sandbox
        .run_trio(&[])
        .exits_with(5)
        .stderr_has("the budget of plan is used up: calls: 2")
        .stderr_has("--limit plan.calls=4");
    let run = sandbox.run();
    assert_eq!(run.calls("attempt_started").len(), 2);
    assert_eq!(run.calls("attempt_succeeded").len(), 2);

    sandbox.tipstaff(&["resume"]).exits_with(5);
    // The limits of the run are others.
    sandbox
        .tipstaff(&["resume", "--limit", "calls=100"])
        .exits_with(5);
    assert_eq!(run.calls("attempt_started").len(), 2);

    // Three proposals and the judge: exactly enough.
    sandbox
        .tipstaff(&["resume", "--limit", "plan.calls=4"])
        .succeeds();
    assert_eq!(run.calls("attempt_started").len(), 4);
    assert!(sandbox.exists("docs/plan.md"));
}

#[test]
fn a_phase_that_degrades_leaves_out_what_it_can_do_without() {
    for (calls, left_out) in [
        (3, vec!["plan.propose-3"]),
        (1, vec!["plan.judge-1", "plan.propose-2", "plan.propose-3"]),
    ] {
        let sandbox = Sandbox::new();
        sandbox.fake_agent("- do: [done]\n");
        sandbox.trio(&[
            &format!("budget: {{ calls: {calls} }}"),
            "at_limit: degrade",
        ]);
        let done = sandbox.run_trio(&[]);
        let run = sandbox.run();
        assert_eq!(run.calls("attempt_started").len(), calls);
        assert_eq!(run.calls("call_failed"), left_out);
        done.succeeds().stderr_has("left out");
        assert!(sandbox.exists("docs/plan.md"));
    }
}

#[test]
fn a_phase_may_fail_at_its_limit() {
    let sandbox = Sandbox::new();
    sandbox.fake_agent("- do: [done]\n");
    sandbox.trio(&["budget: { calls: 2 }", "at_limit: fail"]);
    sandbox
        .run_trio(&[])
        .exits_with(1)
        .stderr_has("its budget is used up: calls: 2")
        .stderr_has("--limit plan.calls=4");
    sandbox
        .tipstaff(&["resume", "--limit", "plan.calls=4"])
        .succeeds();
}

#[test]
fn a_budget_larger_than_the_limits_of_the_run_lifts_nothing() {
    let sandbox = Sandbox::new();
    sandbox.fake_agent("- do: [done]\n");
    sandbox.trio(&["budget: { calls: 50 }"]);
    sandbox
        .run_trio(&["--limit", "calls=3", "--yes"])
        .exits_with(5)
        .stderr_has("the limit calls: 3 was reached");
}

#[test]
fn the_rounds_of_a_loop_count_together() {
    let sandbox = ship("{ calls: 1 }");
    sandbox
        .tipstaff(&["run", "ship", "Ship it"])
        .exits_with(5)
        .stderr_has("the budget of integrate is used up: calls: 1");
    assert_eq!(sandbox.read("a.txt"), "start\n");
    assert_eq!(sandbox.run().all("looped_back").len(), 1);
    sandbox
        .tipstaff(&["resume", "--limit", "integrate.calls=none"])
        .succeeds();
    assert_eq!(sandbox.read("a.txt"), "second");
    assert_eq!(sandbox.run().calls("attempt_started").len(), 4);
}

#[test]
fn a_flag_gives_a_phase_a_budget_of_its_own() {
    let sandbox = ship("{ calls: 9 }");
    let run = |limit: &str| sandbox.tipstaff(&["run", "ship", "Ship it", "--limit", limit]);
    run("audit.calls=0")
        .exits_with(5)
        .stderr_has("the budget of audit is used up: calls: 0");
    run("audti.calls=1")
        .exits_with(2)
        .stderr_has("--limit audti.calls=1: there is no phase `audti`")
        .stderr_has("did you mean `audit`?");
    run("audit.wall=1h")
        .exits_with(2)
        .stderr_has("the limits of a phase are calls, tokens and cost");
    run("audit.cost=much")
        .exits_with(2)
        .stderr_has("--limit audit.cost=much: expected US dollars");
}
