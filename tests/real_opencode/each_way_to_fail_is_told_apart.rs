//! Ways in which OpenCode seems to fail, or fails for long, beside those of the table of failures: one run in which each
//! proposer meets another one.

use std::collections::BTreeMap;

use crate::stand::Stand;

const WORKFLOW: &str = "
name: hard-day
phases:
  - name: plan
    type: ensemble
    models: [signed-out, hollow, denied, dropped, busy]
    judge: steady
    context_strategy: fresh
    output: plan.md
    retries: 0
";

const SCENARIO: &str = r#"
name: hard-day
rules:
  - when: { model: expired }
    then: [{ error: { status: 401, body: '{"error": {"message": "invalid key", "code": "invalid_api_key"}}' } }]
  - when: { model: hollow }
    then: [{ finish: tool_calls, say: I call a tool. }]
    after: repeat
  - when: { model: denied }
    then:
      - bash: { command: "touch denied.txt" }
      - write: { path: README.md, text: overwritten }
      - read: { path: /etc/hostname }
      - write: { path: .tipstaff/out/deliverable.md, text: "A plan in spite of all.\n" }
      - reply: Done.
  - when: { model: dropped, turn: 1 }
    times: 1
    then: [{ say: I begin and then, drop: mid_stream }]
  - when: { model: dropped }
    then: [{ reply: A plan at the second try., usage: { input: 900000, output: 9000 } }]
  - when: { model: busy }
    then: [{ error: { status: 429, headers: { retry-after: "600" }, body: slow down } }]
"#;

/// What became of each attempt, in order: `done`, or the kind of its failure and a word of why.
const EXPECTED: [(&str, &[&str]); 5] = [
    ("signed-out", &["auth: (HTTP 401)", "done"]),
    ("hollow", &["loop: `tool-calls`"]),
    ("denied", &["done"]),
    ("dropped", &["done"]),
    ("busy", &["rate_limit: Too Many Requests"]),
];

#[test]
fn each_way_to_fail_is_told_apart_and_the_rest_is_judged() {
    let stand = Stand::new();
    let sandbox = &stand.sandbox;
    sandbox.user_config(&config());
    sandbox.write(".tipstaff/workflows/hard-day.yaml", WORKFLOW);
    let scenario = stand.scenario(SCENARIO);
    let output = stand.sandbox.tipstaff(&[
        "run",
        "hard-day",
        "Add rate limiting",
        "--publish",
        "--rehearse",
        &scenario,
    ]);

    let outcomes = outcomes(&stand);
    for (slot, (model, expected)) in (1..).zip(EXPECTED) {
        let seen = outcomes.get(&format!("plan.propose-{slot}"));
        let seen = seen.cloned().unwrap_or_default();
        let fits = seen.len() == expected.len()
            && seen.iter().zip(expected).all(|(seen, expected)| {
                let (kind, word) = expected.split_once(": ").unwrap_or((expected, ""));
                seen.starts_with(kind) && seen.contains(word)
            });
        assert!(fits, "{model}: {expected:?} was expected of {outcomes:#?}");
    }
    output.succeeds();
    assert!(sandbox.exists("plan.md"));
    stand.is_clean();
    a_denied_tool_does_nothing(&stand);
    a_failure_that_passes_by_itself_costs_one_attempt(&stand);
}

/// Denied tools go back to the model as errors; the files are not there for the judge either.
fn a_denied_tool_does_nothing(stand: &Stand) {
    let events = stand.in_run("phases/01-plan/calls/plan.propose-3/attempt-1/events.jsonl");
    assert_eq!(
        events.matches(r#""type":"tool_use""#).count(),
        4,
        "{events}"
    );
    assert!(!stand.sandbox.exists("denied.txt"));
    assert!(!stand.sandbox.read("README.md").contains("overwritten"));
}

/// A dropped stream is asked for again by OpenCode itself, and a full window after the answer must not
/// make it compact and answer anew.
fn a_failure_that_passes_by_itself_costs_one_attempt(stand: &Stand) {
    let received = stand.received();
    let asked = received
        .iter()
        .filter(|request| request["call"] == "plan.propose-4");
    assert_eq!(asked.count(), 2, "the dropped request and its repetition");
}

/// How the attempts of each call ended.
fn outcomes(stand: &Stand) -> BTreeMap<String, Vec<String>> {
    let mut outcomes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, event) in stand.events() {
        let outcome = match name.as_str() {
            "attempt_succeeded" => String::from("done"),
            "attempt_failed" => {
                let failure = &event["failure"];
                let text = |key: &str| failure[key].as_str().unwrap_or_default().to_owned();
                format!("{}: {}", text("kind"), text("message"))
            }
            _ => continue,
        };
        let call = event["call"].as_str().unwrap_or_default();
        outcomes.entry(call.to_owned()).or_default().push(outcome);
    }
    outcomes
}

fn config() -> String {
    let mut yaml = String::from("limits: { concurrency: 12 }\nmodels:\n");
    let own = EXPECTED.iter().map(|(model, _)| *model).skip(1);
    for model in own.chain(["expired", "steady"]) {
        // A rate limit parks the account, so the busy one has its own.
        let provider = if model == "busy" { "busy" } else { "test" };
        yaml.push_str(&format!(
            "  {model}: {{ agent: opencode, id: {provider}/{model} }}\n"
        ));
    }
    yaml.push_str("roles:\n  signed-out: [expired, steady]\n");
    yaml
}
