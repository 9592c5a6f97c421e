//! What a run will cost is told before it starts, and what runs cost to the cent after them.

use serde_json::Value;

use crate::support::{Output, Sandbox, Terminal};

/// Dollars a token, so that each call costs what its tokens are: 100 in and 20 out.
const PRICED: &str = "price: { input: 1000, output: 5000 }";
const EACH: u64 = 100 * 1_000 + 20 * 5_000;

/// A project whose trio has models with prices, but for the judge.
fn priced(script: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.acp_agent(script).trio(&[]);
    let models = ["m1", "m2", "m3"].map(|name| format!("  {name}: {{ {PRICED} }}\n"));
    sandbox.write(
        ".tipstaff/config.yaml",
        &format!("models:\n{}", models.concat()),
    );
    sandbox
}

fn json(output: &Output) -> Value {
    serde_json::from_str(&output.succeeds().stdout).unwrap()
}

fn costs(sandbox: &Sandbox, args: &[&str]) -> Value {
    json(&sandbox.tipstaff(&[&["costs", "--json"], args].concat()))
}

/// The row of that name.
fn row<'a>(costs: &'a Value, name: &str) -> &'a Value {
    let mut rows = costs["rows"].as_array().unwrap().iter();
    rows.find(|row| row["name"] == name)
        .unwrap_or_else(|| panic!("{name}: {costs:#}"))
}

fn judged() -> String {
    let verdict = r#"{"decision":"pick","winner":"A","rationale":"A is the clearest."}"#;
    super::proposals_are_judged_fairly::judge_says(verdict)
}

#[test]
fn the_sum_is_that_of_the_journal_by_whatever_it_is_asked() {
    let sandbox = priced(&judged());
    sandbox.run_trio(&[]).succeeds();
    for by in [
        "run", "phase", "model", "agent", "day", "project", "spending",
    ] {
        let costs = costs(&sandbox, &["--by", by]);
        assert_eq!(costs["total"]["cost_micro_usd"], 3 * EACH, "{costs:#}");
        let rows = costs["rows"].as_array().unwrap().iter();
        let sum: u64 = rows.filter_map(|row| row["cost_micro_usd"].as_u64()).sum();
        assert_eq!(sum, 3 * EACH, "{by}: {costs:#}");
    }
    let spending = costs(&sandbox, &["trio", "--by", "spending"]);
    assert_eq!(row(&spending, "work")["cost_micro_usd"], EACH);
    assert_eq!(
        row(&spending, "losing proposals")["cost_micro_usd"],
        2 * EACH
    );
    let csv = sandbox
        .tipstaff(&["costs", "--by", "model", "--csv"])
        .succeeds()
        .stdout
        .clone();
    assert_eq!(csv.lines().count(), 5, "{csv}");
    assert!(csv.starts_with("model,calls,"), "{csv}");
    assert_eq!(
        csv.matches(",0.200000,").count() + csv.matches(",0.200000\n").count(),
        11,
        "{csv}"
    );
}

#[test]
fn what_has_no_price_is_unknown_and_not_nothing() {
    let sandbox = priced(&judged());
    sandbox.run_trio(&[]).succeeds();
    let by_model = costs(&sandbox, &["--by", "model"]);
    let judge = row(&by_model, "m4");
    assert!(judge["cost_micro_usd"].is_null(), "{judge:#}");
    assert_eq!(
        (&judge["unknown_calls"], &judge["unknown_tokens"]),
        (&1.into(), &120.into())
    );
    sandbox
        .tipstaff(&["costs", "--by", "model"])
        .succeeds()
        .stdout_has("unknown: what 1 call cost, with 120 tokens")
        .stdout_has("$0.60 + unknown");
}

#[test]
fn what_another_run_paid_is_not_paid_again() {
    let sandbox = priced(&judged());
    sandbox.write(
        ".tipstaff/workflows/two.yaml",
        "name: two\nphases:\n  - name: first\n    model: m1\n    context_strategy: fresh\n  - name: second\n    \
         model: m2\n    context_strategy: fresh\n",
    );
    sandbox.tipstaff(&["run", "two", "Do it"]).succeeds();
    let old = sandbox.run().id();
    sandbox
        .tipstaff(&["rerun", &old, "--from", "second"])
        .succeeds();
    let all = costs(&sandbox, &[]);
    assert_eq!(all["total"]["cost_micro_usd"], 3 * EACH, "{all:#}");
    assert_eq!(all["reused"]["cost_micro_usd"], EACH);
    assert_eq!(row(&all, &old)["cost_micro_usd"], 2 * EACH);
}

#[test]
fn runs_that_are_not_where_they_were_are_no_silent_gap() {
    let sandbox = priced(&judged());
    sandbox.run_trio(&[]).succeeds();
    std::fs::rename(sandbox.project(), sandbox.outside("moved")).unwrap();
    std::fs::create_dir(sandbox.project()).unwrap();
    sandbox
        .tipstaff(&["costs", "--all"])
        .succeeds()
        .stderr_has("not counted: 1 run of projects that are not where they were");
}

#[test]
fn a_rehearsal_costs_nothing_and_tells_what_it_would() {
    let sandbox = priced(&judged());
    let output = sandbox.run_trio(&["--rehearse"]);
    output
        .succeeds()
        .stderr_has("not rehearsed, expected: 4 calls");
    let would = "would have cost $0.60 + unknown";
    output.stderr_has(&format!("nothing, {would}"));
    sandbox
        .tipstaff(&["show", "--all"])
        .succeeds()
        .stdout_has(would);
    let shown = json(&sandbox.tipstaff(&["show", "--json"]));
    assert_eq!(shown["usage"]["cost"], 0);
    assert_eq!(
        shown["would_have_cost"]["cost_micro_usd"],
        3 * EACH,
        "{shown:#}"
    );
    let costs = costs(&sandbox, &[]);
    assert_eq!(
        (&costs["runs"], &costs["rehearsals"]),
        (&0.into(), &1.into())
    );
    assert_eq!(costs["total"]["cost_micro_usd"], 0);
    sandbox
        .tipstaff(&["costs"])
        .succeeds()
        .stdout_has("no run with costs; not counted: 1 rehearsal");
}

#[test]
fn what_is_expected_is_told_and_learned_from_earlier_runs() {
    let sandbox = priced(&judged());
    let check = || json(&sandbox.tipstaff(&["check", "trio", "--offline", "--json"]));
    let assumed = check();
    assert_eq!(assumed["runs"], 0);
    assert!(
        assumed["total"]["tokens"]["expected"].as_u64() > Some(10_000),
        "{assumed:#}"
    );
    let output = sandbox.run_trio(&[]);
    output
        .succeeds()
        .stderr_has("expected: 4 calls, ")
        .stderr_has("without an earlier run");
    let learned = check();
    assert_eq!(learned["runs"], 1);
    assert_eq!(learned["total"]["calls"]["expected"], 4);
    assert_eq!(learned["total"]["tokens"]["expected"], 4 * 120);
    assert_eq!(learned["total"]["cost_micro_usd"]["expected"], 3 * EACH);
    assert_eq!(learned["total"]["some_price_unknown"], true);
    sandbox
        .tipstaff(&["check", "trio", "--offline"])
        .succeeds()
        .stdout_has("$0.60 + unknown")
        .stdout_has("from 1 earlier run");
    let plan: Value = serde_json::from_str(&sandbox.run().read("plan.json")).unwrap();
    assert_eq!(plan["expected"].as_array().unwrap().len(), 5, "{plan:#}");
}

#[test]
fn a_run_that_cannot_get_through_with_its_calls_does_not_start() {
    let sandbox = priced(&judged());
    let refused = sandbox.run_trio(&["--limit", "calls=3"]);
    refused
        .exits_with(2)
        .stderr_has("is expected to make 4 calls, and the limit is 3")
        .stderr_has("calls by phase: plan 4")
        .stderr_has("--limit calls=4");
    assert!(!sandbox.exists(".tipstaff/runs"));
    sandbox.run_trio(&["--limit", "calls=4"]).succeeds();
    let anyway = sandbox.run_trio(&["--limit", "calls=3", "--yes"]);
    anyway.exits_with(5);
}

#[test]
fn a_run_that_its_money_or_tokens_are_known_not_to_suffice_for_does_not_start() {
    let sandbox = priced(&judged());
    let run = |limit: &str, more: &[&str]| sandbox.run_trio(&[&["--limit", limit], more].concat());
    // What is only assumed refuses nothing.
    run("tokens=1000", &[]).succeeds();
    run("tokens=470", &[])
        .exits_with(2)
        .stderr_has("`trio` is expected to use 480 tokens, and the limit is 470")
        .stderr_has("tokens by phase: plan 480")
        .stderr_has("--limit tokens=600");
    run("cost=0.5", &[])
        .exits_with(2)
        .stderr_has("`trio` is expected to cost $0.60, and the limit is $0.50")
        .stderr_has("--limit cost=0.75");
    run("cost=0.75", &[]).succeeds();
    run("cost=0.5", &["--yes"]).exits_with(5);
    // It may leave out what there is no room for.
    sandbox.trio(&["at_limit: degrade"]);
    run("cost=0.5", &[])
        .succeeds()
        .stderr_has("$0.60 + unknown; the limits allow $0.50");
}

/// Of its four calls two were made.
fn half_done(sandbox: &Sandbox) {
    sandbox.write(
        ".tipstaff/workflows/two.yaml",
        "name: two\nphases:\n  - name: first\n    model: m1\n    context_strategy: fresh\n  - name: second\n    \
         type: parallel\n    model: m2\n    context_strategy: fresh\n    retries: 0\n    lenses: { a: \"Look at a\", b: \"Look at b\", c: \"Look at c\" }\n",
    );
    let run = sandbox.tipstaff(&["run", "two", "Do it", "--limit", "calls=2", "--yes"]);
    run.exits_with(5);
}

#[test]
fn resume_tells_what_is_still_to_come_and_asks_where_that_is_much() {
    let sandbox = priced("- do: [done]\n");
    half_done(&sandbox);
    let config = sandbox.home().join(".config/tipstaff/config.yaml");
    let text = std::fs::read_to_string(&config).unwrap();
    let above = |calls: u32| {
        std::fs::write(
            &config,
            format!("{text}confirm_above: {{ calls: {calls} }}\n"),
        )
        .unwrap();
        sandbox.tipstaff(&["resume", "--limit", "calls=9"])
    };
    above(1)
        .exits_with(2)
        .stderr_has("nothing was started: what is expected is above `confirm_above`")
        .stderr_has("expected: 2 calls, ")
        .stderr_has("`--yes` starts it");
    assert_eq!(sandbox.run().all("attempt_started").len(), 2);
    let resumed = above(2);
    resumed
        .succeeds()
        .stderr_has("expected: 2 calls, 240 tokens, $0.40; at most 2 calls");
    let done = sandbox.tipstaff(&["resume", &sandbox.run().id(), "--yes"]);
    assert!(!done.stderr.contains("expected:"), "{done}");
}

#[test]
fn much_is_asked_about_at_a_terminal() {
    let sandbox = priced("- do: [done]\n");
    sandbox.write(".tipstaff/workflows/trio.yaml", &many(26));
    let start = || Terminal::start(&sandbox, &["run", "trio", "Plan it"]);
    let mut terminal = start();
    terminal.until_shows(1, "start it? [y/N]");
    terminal.types("\n");
    terminal
        .wait()
        .exits_with(2)
        .stdout_has("you did not agree");
    assert!(!sandbox.exists(".tipstaff/runs"));
    sandbox.write(".tipstaff/workflows/trio.yaml", &many(2));
    start().wait().succeeds();
}

/// A workflow of so many phases.
fn many(phases: usize) -> String {
    let phase = |number| {
        format!("  - {{ name: p{number}, model: m4, context_strategy: fresh, retries: 0 }}\n")
    };
    let phases: String = (1..=phases).map(phase).collect();
    format!("name: trio\nphases:\n{phases}")
}

#[test]
fn much_is_confirmed_where_the_user_said_what_is_much() {
    let sandbox = priced(&judged());
    let config = sandbox.home().join(".config/tipstaff/config.yaml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{text}confirm_above: {{ calls: 3 }}\n")).unwrap();
    sandbox
        .run_trio(&[])
        .exits_with(2)
        .stderr_has("above `confirm_above`")
        .stderr_has("`--yes` starts it");
    assert!(!sandbox.exists(".tipstaff/runs"));
    sandbox.run_trio(&["--yes"]).succeeds();
    // A run that does it all again is as large.
    let again = ["rerun", &sandbox.run().id(), "--from", "plan"];
    sandbox
        .tipstaff(&again)
        .exits_with(2)
        .stderr_has("above `confirm_above`");
    sandbox
        .tipstaff(&[&again[..], &["--yes"]].concat())
        .succeeds();
    // The project cannot take the question away, nor ask it.
    std::fs::write(&config, text).unwrap();
    let path = ".tipstaff/config.yaml";
    let project = sandbox.read(path);
    sandbox.write(path, &format!("{project}confirm_above: {{ calls: 1 }}\n"));
    sandbox
        .run_trio(&[])
        .succeeds()
        .stderr_has("`confirm_above` counts in your own configuration only");
}
