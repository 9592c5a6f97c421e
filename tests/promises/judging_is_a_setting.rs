//! `judge:` says who judges, how often and by what; nothing wins that one order alone prefers.

use super::proposals_are_judged_fairly::judge_says;
use crate::support::Sandbox;

/// A trio that is judged so, by a judge that says this whatever it sees.
fn judged(judge: &str, verdict: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.fake_agent(&judge_says(verdict));
    sandbox.trio(&[judge]);
    sandbox
}

const FIRST: &str = r#"{"decision":"pick","winner":"A","rationale":"A comes first."}"#;

#[test]
fn three_proposals_cost_four_calls() {
    let sandbox = judged("judge: judge", FIRST);
    sandbox.run_trio(&[]).succeeds();
    assert_eq!(sandbox.run().calls("attempt_started").len(), 4);
    let check = sandbox.tipstaff(&["check", "trio", "--offline"]);
    check.succeeds().stdout_has("4 calls");
}

#[test]
fn judge_that_takes_the_first_decides_nothing_in_both_orders() {
    let sandbox = judged("judge: { by: judge, orders: both }", FIRST);
    let check = sandbox.tipstaff(&["check", "trio", "--offline"]);
    check.succeeds().stdout_has("5 calls");
    let ran = sandbox.run_trio(&[]);
    ran.exits_with(4).stderr_has("(a tie)");
    let run = sandbox.run();
    assert_eq!(run.calls("attempt_started").len(), 5);
    let shown = sandbox.tipstaff(&["show", &run.id(), "--verdict"]);
    shown.succeeds().stdout_has("undecided: a tie");
    shown.stdout_has("read A, B, C, picked a proposal: A");
    shown.stdout_has("read C, B, A, picked a proposal: C");
    let compared = sandbox.tipstaff(&["compare", &run.id()]);
    compared
        .succeeds()
        .stdout_has("read C, B, A, picked a proposal: C");
    let json = sandbox.tipstaff(&["show", &run.id(), "--json"]);
    json.succeeds().stdout_has("\"kind\": \"tie\"");
    sandbox
        .tipstaff(&["pick", &run.id(), "plan", "B"])
        .succeeds();
    assert!(sandbox.exists("docs/plan.md"));
}

#[test]
fn weights_decide_and_not_the_judges_word() {
    let verdict = r#"{"decision":"pick","winner":"C","rationale":"C is simple.","scores":{
        "A":{"correctness":9,"simplicity":2},"B":{"correctness":1,"simplicity":1},
        "C":{"correctness":5,"simplicity":9}}}"#
        .replace('\n', " ");
    let rule = "judge: { by: judge, criteria: { correctness: 3, simplicity: 1 } }";
    let sandbox = judged(rule, &verdict);
    let ran = sandbox.run_trio(&[]);
    ran.succeeds().stderr_has("the weights decide");
    let run = sandbox.run();
    let winner = &run.all("winner_chosen")[0];
    assert_eq!(winner["label"], "A");
    let prompt = run.of_call("judge-1", "prompt.md");
    assert!(prompt.contains("`correctness` (weight 3), `simplicity` (weight 1)"));
    assert!(!prompt.contains("synthesize"), "{prompt}");
}

#[test]
fn judge_and_its_fallback_that_differ_do_not_waver() {
    let sandbox = Sandbox::new();
    let fails = "- when: { call: plan.judge-1r }\n  do: [{ exit: 1 }]\n";
    sandbox.fake_agent(&(fails.to_owned() + &judge_says(FIRST)));
    sandbox.trio(&["judge: { by: judge, orders: both }"]);
    sandbox.write(".tipstaff/config.yaml", "roles: { judge: [m4, m3] }\n");
    let ran = sandbox.run_trio(&[]);
    ran.exits_with(4)
        .stderr_has("m4 and m3 differ over A and C");
    ran.has_no("wavers");
}

#[test]
fn judge_of_a_panel_that_failed_is_told_with_why() {
    let sandbox = Sandbox::new();
    let fails = "- when: { call: plan.judge-2 }\n  do: [{ exit: 1 }]\n";
    sandbox.fake_agent(&(fails.to_owned() + &judge_says(FIRST)));
    sandbox.trio(&["judge: { by: [m4, m3, m1] }"]);
    sandbox.run_trio(&[]);
    let run = sandbox.run();
    for tells in [&["show", "--verdict"][..], &["compare"]] {
        let shown = sandbox.tipstaff(&[tells, &[&*run.id()]].concat());
        shown.succeeds().stdout_has("m3  failed: ");
    }
    sandbox.tipstaff(&["report", &run.id()]).succeeds();
    assert!(run.read("report.html").contains("m3 failed: "));
}
