//! `judge: { refine: … }`: the winner is made better once, and what comes of it has to beat it.

use super::proposals_are_judged_fairly::judge_says;
use crate::support::Sandbox;

const REFINES: &str = "judge: { by: judge, refine: true }";

/// What a trio comes to whose judge says this of any proposals: what the run published, and its calls.
fn trio(judge: &str, winner: &str, more: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let verdict = format!(
        r#"{{"decision":"pick","winner":"{winner}","rationale":"{winner} is right, and too long."}}"#
    );
    let better = "- when: { call: plan.propose-1.refined }\n  do: [{ write: { path: \
                  .tipstaff/out/deliverable.md, text: better } }, { write: { path: .tipstaff/out/handoff.json, \
                  text: '{\"summary\": \"better\"}' } }]\n";
    let better: String = (1..=3)
        .map(|slot| better.replace("-1.", &format!("-{slot}.")))
        .collect();
    sandbox.fake_agent(&(better + more + &judge_says(&verdict)));
    sandbox.trio(&[judge]);
    sandbox.run_trio(&["--seed", "1"]).succeeds();
    sandbox
}

#[test]
fn winner_is_refined_and_taken_only_where_the_judge_prefers_it() {
    let taken: Vec<bool> = ["A", "B"]
        .into_iter()
        .map(|winner| {
            let sandbox = trio(REFINES, winner, "");
            let run = sandbox.run();
            // Three proposals, a verdict, the refining, and one verdict over the two.
            assert_eq!(run.calls("attempt_started").len(), 6);
            let parent = run.all("proposals_sealed")[0]["labels"].clone();
            let labels: Vec<(String, String)> = serde_json::from_value(parent).unwrap();
            let parent = &labels.iter().find(|(label, _)| label == winner).unwrap().1;
            let refined = format!("{parent}.refined");
            assert_eq!(run.labels()["D"], refined);
            let call = refined.strip_prefix("plan.").unwrap();
            let prompt = run.of_call(call, "prompt.md");
            assert!(
                prompt.contains(&format!("Proposal {winner} was preferred.")),
                "{prompt}"
            );
            assert!(prompt.contains("is right, and too long."), "{prompt}");
            let chosen = run.all("winner_chosen")[0]["call"].clone();
            let better = chosen == refined;
            assert!(better || chosen == *parent, "{chosen}");
            assert_eq!(sandbox.read("docs/plan.md") == "better", better);
            // What did not beat its parent has lost, too.
            let costs = sandbox.tipstaff(&["costs", "--json", "--by", "spending"]);
            let costs: serde_json::Value = serde_json::from_str(&costs.stdout).unwrap();
            let mut rows = costs["rows"].as_array().unwrap().iter();
            let lost = rows.find(|row| row["name"] == "losing proposals").unwrap();
            assert_eq!(lost["calls"], if better { 2 } else { 3 }, "{costs}");
            better
        })
        .collect();
    // Behind the letters of the second verdict are the two in an order of its own.
    assert_ne!(taken[0], taken[1], "{taken:?}");
}

#[test]
fn what_only_one_order_prefers_does_not_beat_its_parent() {
    // Of all three it means the same in both orders; of the two it takes the first.
    let reverse = judge_says(r#"{"decision":"pick","winner":"C","rationale":"It is right."}"#);
    let reverse = reverse.replace("purpose: judge", "call: plan.judge-1r");
    let sandbox = trio(
        "judge: { by: judge, orders: both, refine: m2 }",
        "A",
        &reverse,
    );
    let run = sandbox.run();
    assert_eq!(run.calls("attempt_started").len(), 8);
    assert_eq!(run.all("winner_chosen")[0]["label"], "A");
}

#[test]
fn check_counts_the_calls_of_refining() {
    let sandbox = Sandbox::new();
    sandbox
        .fake_agent("[]")
        .trio(&["judge: { by: judge, refine: m3 }"]);
    let check = sandbox.tipstaff(&["check", "trio", "--offline"]);
    check.succeeds().stdout_has("m3 refines the winner");
    check.stdout_has("6 calls");
}

#[test]
fn refined_candidate_that_breaks_what_passed_is_not_taken() {
    let sandbox = Sandbox::new();
    sandbox
        .write("keep.txt", "kept\n")
        .write("code.txt", "old\n")
        .write(
            ".tipstaff/workflows/fix.yaml",
            "name: fix\nphases:\n  - { name: mend, type: ensemble, models: [m1, m2], edits: true, retries: 0, \
             context_strategy: distilled, judge: { by: judge, refine: true }, verify: test -f keep.txt }\n",
        )
        .git_init();
    let handoff =
        "{ write: { path: .tipstaff/out/handoff.json, text: '{\"summary\": \"mended\"}' } }";
    let breaks = |slot: u32| {
        format!(
            "- when: {{ call: mend.propose-{slot}.refined }}\n  do: [{{ write: {{ path: code.txt, text: better }} }}, \
             {{ delete: keep.txt }}, {handoff}]\n"
        )
    };
    let author = |slot: u32| {
        format!(
            "- when: {{ call: mend.propose-{slot} }}\n  do: [{{ write: {{ path: code.txt, text: '{slot}' }} }}, {handoff}]\n"
        )
    };
    sandbox.fake_agent(&(breaks(1) + &breaks(2) + &author(1) + &author(2)));
    sandbox.tipstaff(&["run", "fix", "Mend it"]).succeeds();
    assert!(["1", "2"].contains(&sandbox.read("code.txt").as_str()));
    assert!(sandbox.exists("keep.txt"));
    let run = sandbox.run();
    // Two candidates, a verdict, the refining; nobody judges what is out.
    assert_eq!(run.calls("attempt_started").len(), 4);
    let shown = sandbox.tipstaff(&["show", "--verdict"]);
    shown.succeeds().stdout_has("fails test -f keep.txt");
}

#[test]
fn refined_candidate_starts_from_the_winners_files() {
    let sandbox = Sandbox::new();
    sandbox
        .write("code.txt", "old\n")
        .write(
            ".tipstaff/workflows/fix.yaml",
            "name: fix\nphases:\n  - { name: mend, type: ensemble, models: [m1, m2], edits: true, retries: 0, \
             context_strategy: distilled, judge: { by: judge, refine: true }, verify: test -f code.txt }\n",
        )
        .git_init();
    let handoff =
        "{ write: { path: .tipstaff/out/handoff.json, text: '{\"summary\": \"mended\"}' } }";
    let add = "{ write: { path: more.txt, text: more } }";
    let rules = |slot: u32| {
        format!(
            "- when: {{ call: mend.propose-{slot}.refined }}\n  do: [{add}, {handoff}]\n\
             - when: {{ call: mend.propose-{slot} }}\n  do: [{{ write: {{ path: code.txt, text: '{slot}' }} }}, {handoff}]\n"
        )
    };
    sandbox.fake_agent(&(rules(1) + &rules(2)));
    sandbox.tipstaff(&["run", "fix", "Mend it"]).succeeds();
    let run = sandbox.run();
    let calls = run.calls("attempt_started").into_iter();
    let mut of_two = calls.filter(|call| call.contains("judge-") && call.contains("C-"));
    let judge = of_two.next().unwrap();
    // The judge sees all that it changes, also what its parent did.
    let prompt = run.read(format!("phases/01-mend/calls/{judge}/attempt-1/prompt.md"));
    assert!(prompt.contains("+more"), "{prompt}");
    assert_eq!(prompt.matches("-old").count(), 2, "{prompt}");
    let shown = sandbox.tipstaff(&["show", &run.id(), "C"]);
    shown.succeeds().stdout_has("more.txt");
}
