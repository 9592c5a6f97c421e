//! `tipstaff scores` tells from the journals which models are worth their price, and a person has a word in it.

use serde_json::{Value, json};

use crate::support::{Run, Sandbox, has_all};

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

fn scores(sandbox: &Sandbox, args: &[&str]) -> Value {
    let output = sandbox.tipstaff(&[&["scores", "--json"], args].concat());
    serde_json::from_str(&output.succeeds().stdout).unwrap()
}

/// What is known of a model, by its name.
fn of_model<'a>(scores: &'a Value, model: &str) -> &'a Value {
    let mut rows = scores["models"].as_array().unwrap().iter();
    rows.find(|row| row["model"]["name"] == model).unwrap()
}

fn runs(sandbox: &Sandbox) -> Vec<Run> {
    let folder = sandbox.project().join(".tipstaff/runs");
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    let folders = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir());
    folders.map(Run::at).collect()
}

#[test]
fn wins_are_those_of_the_journals_and_few_say_nothing() {
    let sandbox = judged();
    for seed in 1..=6 {
        sandbox.run_trio(&["--seed", &seed.to_string()]).succeeds();
    }
    sandbox
        .tipstaff(&["scores"])
        .succeeds()
        .stdout_has("too few (");
    sandbox.run_trio(&["--seed", "8"]).succeeds();
    let all = scores(&sandbox, &[]);
    let mut won = [0; 3];
    for run in runs(&sandbox) {
        let slot = run.labels()["A"]
            .rsplit('-')
            .next()
            .unwrap()
            .parse::<usize>()
            .unwrap();
        won[slot - 1] += 1;
    }
    for (model, won) in ["m1", "m2", "m3"].iter().zip(won) {
        let wins = &of_model(&all, model)["wins"];
        assert_eq!(
            (&wins["hits"], &wins["of"]),
            (&json!(won), &json!(8)),
            "{all:#}"
        );
        assert!(wins["low"].is_number());
    }
    assert_eq!(all["runs"], 8);
    assert_eq!(all["judges"][0]["verdicts"], 8);
    assert_eq!(all["judges"][0]["first"]["hits"], 8);
    sandbox
        .tipstaff(&["scores"])
        .succeeds()
        .stdout_has("8 runs of this project")
        .has_no("too few (");
    // Nobody was asked for other models by that.
    sandbox.tipstaff(&["scores", "--suggest"]).succeeds();
    assert!(sandbox.exists(".tipstaff/workflows/trio.yaml"));
}

#[test]
fn rehearsals_and_foreign_runs_count_nowhere() {
    let sandbox = judged();
    sandbox.run_trio(&["--rehearse"]).succeeds();
    sandbox.run_trio(&[]).succeeds();
    assert_eq!(scores(&sandbox, &[])["runs"], 2);
    let entry = format!(
        ".local/state/tipstaff/runs/{}.json",
        some(&sandbox, 3, false)[0].id()
    );
    std::fs::remove_file(sandbox.home().join(entry)).unwrap();
    let all = scores(&sandbox, &[]);
    assert_eq!(
        (&all["runs"], &all["rehearsals"], &all["foreign"]),
        (&json!(1), &json!(1), &json!(1))
    );
    let said = "1 run of this project; not counted: 1 rehearsal, 1 foreign run";
    sandbox.tipstaff(&["scores"]).succeeds().stdout_has(said);
    // A rehearsal is not rated either.
    let rehearsed = some(&sandbox, 3, true)[0].id();
    let rate = ["rate", &rehearsed, "plan", "A"];
    sandbox
        .tipstaff(&rate)
        .exits_with(2)
        .stderr_has("is a rehearsal");
}

/// The runs of so many proposals that are rehearsals, or are not.
fn some(sandbox: &Sandbox, proposals: usize, rehearsed: bool) -> Vec<Run> {
    let is_meant = |run: &Run| {
        run.labels().len() == proposals
            && run.read("plan.json").contains("\"scenario\"") == rehearsed
    };
    runs(sandbox).into_iter().filter(is_meant).collect()
}

#[test]
fn what_cannot_be_read_is_skipped_with_a_line() {
    let sandbox = judged();
    sandbox.run_trio(&[]).succeeds();
    sandbox.run_trio(&[]).succeeds();
    let all = runs(&sandbox);
    let newer = all[0]
        .read("journal.jsonl")
        .replacen("\"format\":", "\"format\":9", 1);
    std::fs::write(all[0].path("journal.jsonl"), newer).unwrap();
    let damaged = all[1]
        .read("journal.jsonl")
        .replacen("\"seq\":5", "\"seq\":77", 1);
    std::fs::write(all[1].path("journal.jsonl"), damaged).unwrap();
    sandbox.run_trio(&[]).succeeds();
    // Runs of one second are in no order.
    let mut now = runs(&sandbox).into_iter();
    let is_new = |run: &Run| all.iter().all(|one| one.id() != run.id());
    let last = now.find(is_new).unwrap();
    let cut = last.read("journal.jsonl")[..40].to_owned();
    std::fs::write(last.path("journal.jsonl"), cut).unwrap();
    let output = sandbox.tipstaff(&["scores"]);
    output.succeeds().stdout_has("1 run of this project");
    for run in [&all[0], &all[1], &last] {
        let skipped = format!("skipped: run {}: ", run.id());
        assert_eq!(output.stderr.matches(&skipped).count(), 1, "{output}");
    }
}

#[test]
fn all_counts_the_runs_of_other_projects() {
    let sandbox = judged();
    let other = sandbox.outside("other");
    std::fs::create_dir(&other).unwrap();
    let there = ["-C", other.to_str().unwrap(), "scores", "--json"];
    let here: Value = serde_json::from_str(&sandbox.tipstaff(&there).succeeds().stdout).unwrap();
    assert_eq!(here["runs"], 0);
    let all: Value = serde_json::from_str(
        &sandbox
            .tipstaff(&[&there[..], &["--all"]].concat())
            .succeeds()
            .stdout,
    )
    .unwrap();
    assert_eq!(all["runs"], 1);
    sandbox
        .tipstaff(&["-C", there[1], "scores", "--all"])
        .succeeds()
        .stdout_has("1 run of yours");
}

#[test]
fn a_person_outweighs_the_judge() {
    let sandbox = judged();
    let run = sandbox.run();
    let (won, other) = (model_of(&run, "A"), model_of(&run, "B"));
    assert_eq!(of_model(&scores(&sandbox, &[]), &won)["wins"]["hits"], 1);
    sandbox
        .tipstaff(&["rate", &run.id(), "plan", "B"])
        .succeeds();
    let rated = scores(&sandbox, &[]);
    assert_eq!(of_model(&rated, &won)["wins"]["hits"], 0);
    assert_eq!(of_model(&rated, &other)["wins"]["hits"], 1);
    let people = &rated["judges"][0]["people"];
    assert_eq!((&people["hits"], &people["of"]), (&json!(0), &json!(1)));
}

/// Who wrote a proposal: `m2` for the second.
fn model_of(run: &Run, label: &str) -> String {
    run.labels()[label].replace("plan.propose-", "m")
}

#[test]
fn judge_that_flips_is_shown_with_its_rate() {
    let sandbox = Sandbox::new();
    let first = r#"{"decision":"pick","winner":"A","rationale":"It comes first."}"#;
    sandbox.fake_agent(&super::proposals_are_judged_fairly::judge_says(first));
    sandbox.trio(&["judge: { by: judge, orders: both }"]);
    sandbox.run_trio(&[]).exits_with(4);
    let all = scores(&sandbox, &[]);
    let judge = &all["judges"][0];
    assert_eq!(
        (&judge["verdicts"], &judge["first"]["hits"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(
        (&judge["flips"]["hits"], &judge["flips"]["of"]),
        (&json!(1), &json!(1))
    );
    let shown = sandbox.tipstaff(&["scores"]).succeeds().stdout.clone();
    has_all(&shown, &["flips with the order", "too few (1/1)"]);
}

#[test]
fn undone_changes_are_not_accepted() {
    let sandbox = Sandbox::new();
    sandbox
        .write(".gitignore", ".tipstaff/\n")
        .write("a.txt", "a\n")
        .write(
            ".tipstaff/workflows/one.yaml",
            "name: one\nphases:\n  - { name: mend, model: m1, edits: true, context_strategy: distilled, \
             verify: [\"grep -q A a.txt\"] }\n",
        )
        .git_init();
    sandbox.fake_agent("- do: [{ write: { path: a.txt, text: \"A\\n\" } }, done]\n");
    sandbox.tipstaff(&["run", "one", "Do it"]).succeeds();
    let known = scores(&sandbox, &[]);
    let m1 = of_model(&known, "m1");
    assert_eq!(
        (&m1["accepted"]["hits"], &m1["passed"]["hits"]),
        (&json!(1), &json!(1)),
        "{known:#}"
    );
    sandbox.tipstaff(&["undo", &sandbox.run().id()]).succeeds();
    let known = scores(&sandbox, &[]);
    let m1 = of_model(&known, "m1");
    assert_eq!(
        (&m1["accepted"]["hits"], &m1["accepted"]["of"]),
        (&json!(0), &json!(1))
    );
}

#[test]
fn the_report_has_the_scores_of_the_runs_models() {
    let sandbox = judged();
    sandbox.trio(&["models: [m1, m2]"]).run_trio(&[]).succeeds();
    let run = some(&sandbox, 2, false)[0].id();
    let page = sandbox
        .tipstaff(&["report", &run])
        .succeeds()
        .stdout
        .trim()
        .to_owned();
    let page = std::fs::read_to_string(page).unwrap();
    let scores = page.split("id=\"scores\"").nth(1).unwrap();
    let scores = scores.split("</section>").next().unwrap();
    has_all(scores, &["m1", "m2", "too few ("]);
    assert!(!scores.contains("m3"), "{scores}");
}
