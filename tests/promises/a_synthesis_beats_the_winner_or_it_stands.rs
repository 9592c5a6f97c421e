//! `judge: { synthesize: … }`: what judges name in the other candidates is put into the winner once, and what comes of it
//! has to pass what the winner passes and to be preferred to it in both orders.

use super::candidates_are_proved::{HANDOFF, RUN, code, project, slot};
use super::proposals_are_judged_fairly::judge_says;
use crate::support::Sandbox;

const KEYS: [&str; 2] = [
    "verify: test -f keep.txt",
    "judge: { by: judge, synthesize: true }",
];
const ADDS: &str = "{ write: { path: guard.txt, text: guard } }";

fn says(call: &str, verdict: &str) -> String {
    judge_says(verdict).replace("purpose: judge", &format!("call: mend.{call}"))
}

fn picks(call: &str, letter: &str) -> String {
    let verdict = format!(r#"{{"decision":"pick","winner":"{letter}","rationale":"Better."}}"#);
    says(call, &verdict)
}

/// Two candidates of which A wins, with these grafts; then whoever made A does this, and of the two the judge takes
/// these letters, in one order and the other.
fn ran(grafts: &str, steps: &str, takes: (&str, &str)) -> Sandbox {
    let sandbox = project(Sandbox::new(), 2, &KEYS);
    let first = format!(
        r#"{{"decision":"pick","winner":"A","rationale":"A is right.","grafts":{grafts}}}"#
    );
    let synthesis = (1..=2).map(|slot| {
        format!("- when: {{ call: mend.propose-{slot}.refined }}\n  do: [{steps}, {HANDOFF}]\n")
    });
    let synthesis: String = synthesis.collect();
    let own = slot(1, &code("one")) + &slot(2, &code("two"));
    let both = picks("judge-AC-1", takes.0) + &picks("judge-AC-1r", takes.1);
    sandbox.fake_agent(&(synthesis + &own + &both + &says("judge-1", &first)));
    let seeded = [&RUN[..], &["--seed", "1"]].concat();
    sandbox.tipstaff(&seeded).succeeds();
    sandbox
}

const NAMED: &str = r#"[{"from":"B","what":"its guard against nothing"}]"#;

/// What the winner of the first judging left.
fn winners_code(sandbox: &Sandbox) -> &'static str {
    match sandbox.run().labels()["A"].as_str() {
        "mend.propose-1" => "one",
        _ => "two",
    }
}

#[test]
fn synthesis_is_taken_where_both_orders_prefer_it_and_else_the_winner() {
    let taken: Vec<bool> = [("A", "B"), ("B", "A")]
        .into_iter()
        .map(|takes| {
            let sandbox = ran(NAMED, ADDS, takes);
            let run = sandbox.run();
            // Two candidates, a verdict, the synthesis, and two verdicts over the two.
            assert_eq!(run.calls("attempt_started").len(), 6);
            let parent = run.labels()["A"].clone();
            let call = format!("{parent}.refined");
            let prompt = run.read(format!("phases/01-mend/calls/{call}/attempt-1/prompt.md"));
            assert!(
                prompt.contains("- of B: its guard against nothing"),
                "{prompt}"
            );
            let others = if winners_code(&sandbox) == "one" {
                "+two"
            } else {
                "+one"
            };
            assert!(prompt.contains(others), "{prompt}");
            // It starts from the winner's files, and the winner stays as it was.
            assert_eq!(sandbox.read("code.txt"), winners_code(&sandbox));
            let better = sandbox.exists("guard.txt");
            let chosen = run.all("winner_chosen")[0]["call"].clone();
            assert_eq!(chosen == call.as_str(), better, "{chosen}");
            let words = match better {
                true => "C is made of A, and preferred to it",
                false => "C, made of A: not preferred to it; A is taken as it was",
            };
            let shown = sandbox.tipstaff(&["show", "--verdict"]);
            shown.succeeds().stdout_has(words);
            let shown = sandbox.tipstaff(&["show"]);
            shown.stdout_has("2 of 2 models proposed");
            sandbox
                .tipstaff(&["show", "--json"])
                .succeeds()
                .stdout_has(words);
            // It is no further proposal of its author, who won the choice before.
            let kept = u32::from(better);
            let scores = sandbox.tipstaff(&["scores"]);
            scores.stdout_has(&format!(
                "1 winner refined, {kept} preferred to what it was"
            ));
            let scores = sandbox.tipstaff(&["scores", "--json"]).stdout;
            let scores: serde_json::Value = serde_json::from_str(&scores).unwrap();
            for row in scores["models"].as_array().unwrap() {
                assert_eq!(row["results"], 1, "{row}");
            }
            better
        })
        .collect();
    assert_ne!(taken[0], taken[1], "{taken:?}");
}

#[test]
fn judge_that_takes_the_first_takes_no_synthesis() {
    for first in ["A", "B"] {
        let sandbox = ran(NAMED, ADDS, (first, first));
        assert_eq!(sandbox.run().all("winner_chosen")[0]["label"], "A");
        assert!(!sandbox.exists("guard.txt"));
    }
}

#[test]
fn nothing_named_is_no_call() {
    // Neither is a part of the winner, or of nobody.
    for grafts in [
        "[]",
        r#"[{"from":"A","what":"all"},{"from":"B","what":" "},{"from":"Z","what":"x"}]"#,
    ] {
        let sandbox = ran(grafts, ADDS, ("A", "B"));
        assert_eq!(sandbox.run().calls("attempt_started").len(), 3);
        assert_eq!(sandbox.read("code.txt"), winners_code(&sandbox));
        sandbox
            .tipstaff(&["show", "--verdict"])
            .succeeds()
            .stdout_has("the judges named nothing to take over");
    }
}

#[test]
fn synthesis_that_breaks_what_passed_is_judged_by_nobody() {
    let sandbox = ran(NAMED, "{ delete: keep.txt }", ("A", "B"));
    assert_eq!(sandbox.run().calls("attempt_started").len(), 4);
    assert_eq!(sandbox.read("code.txt"), winners_code(&sandbox));
    assert!(sandbox.exists("keep.txt"));
    sandbox
        .tipstaff(&["show", "--verdict"])
        .succeeds()
        .stdout_has("C, made of A: fails test -f keep.txt; A is taken as it was");
}

#[test]
fn failed_synthesis_leaves_the_winner() {
    let sandbox = ran(NAMED, "{ exit: 1 }", ("A", "B"));
    assert_eq!(sandbox.read("code.txt"), winners_code(&sandbox));
    sandbox
        .tipstaff(&["show", "--verdict"])
        .succeeds()
        .stdout_has("what was to be made of A failed: A is taken as it was");
}

#[test]
fn check_says_what_a_synthesis_costs_at_most_and_where_there_is_none() {
    let sandbox = project(Sandbox::new(), 2, &KEYS);
    sandbox.fake_agent("[]");
    let check = |sandbox: &Sandbox| sandbox.tipstaff(&["check", "fix", "--offline"]);
    check(&sandbox)
        .succeeds()
        .stdout_has("synthesizes")
        .stdout_has("3 to 6 calls");
    let yaml = sandbox.read(".tipstaff/workflows/fix.yaml");
    for (was, is, mistake) in [
        (
            "edits: true",
            "edits: false",
            "`synthesize` is for an ensemble with `edits: true`",
        ),
        (
            "synthesize: true",
            "synthesize: true, refine: true",
            "by `refine` or by `synthesize`, not by both",
        ),
    ] {
        let yaml = yaml
            .replace(was, is)
            .replace("    verify: test -f keep.txt\n", "");
        sandbox.write(".tipstaff/workflows/fix.yaml", &yaml);
        check(&sandbox).exits_with(2).stderr_has(mistake);
    }
}
