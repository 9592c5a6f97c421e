//! `tipstaff scores` tells from the journals which models are worth their price, and a person has a word in it.

use crate::support::{Sandbox, has_all};

/// A run of three proposals of which the judge picks A.
fn judged() -> Sandbox {
    let sandbox = Sandbox::new();
    let verdict = r#"{"decision":"pick","winner":"A","rationale":"A is the clearest."}"#;
    sandbox.fake_agent(&super::proposals_are_judged_fairly::judge_says(verdict));
    sandbox.trio(&[]).run_trio(&[]).succeeds();
    sandbox
}

#[test]
fn rating_is_written_down_and_changes_nothing_else() {
    let sandbox = judged();
    let run = sandbox.run();
    let before = run.read("phases/01-plan/output.md");
    let rate = |best: &str| {
        let words = [
            "rate",
            &run.id(),
            "plan",
            best,
            "--because",
            "it can be undone",
        ];
        sandbox.tipstaff(&words)
    };
    rate("b").succeeds();
    rate("tie").succeeds();
    let rated = run.all("rated");
    assert_eq!(rated[0]["best"], "B");
    assert_eq!(rated[0]["because"], "it can be undone");
    assert!(rated[1]["best"].is_null());
    assert_eq!(run.read("phases/01-plan/output.md"), before);
    let shown = sandbox.tipstaff(&["show", &run.id(), "--json"]).stdout;
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["state"], "done");
    // The journal goes on as tipstaff wrote it.
    rate("C").succeeds();
    assert_eq!(run.all("rated").len(), 3);
}

#[test]
fn only_a_proposal_that_is_there_is_rated() {
    let sandbox = judged();
    let run = sandbox.run().id();
    let rate = |phase: &str, best: &str| sandbox.tipstaff(&["rate", &run, phase, best]);
    rate("plan", "Z")
        .exits_with(2)
        .stderr_has("the proposals are A, B, C");
    rate("nothing", "A")
        .exits_with(2)
        .stderr_has("phase `nothing`");
    has_all(&rate("plan", "").exits_with(2).stderr, &["`tie`"]);
    assert!(sandbox.run().all("rated").is_empty());
}
