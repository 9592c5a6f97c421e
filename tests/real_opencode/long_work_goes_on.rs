//! A worker's context fills up: it is stopped between two steps, and a fresh process goes on with the
//! distilled state, in the same workspace, until the work is done and proved.

use serde_json::Value;

use crate::stand::Stand;
use crate::support::has_all;

const WORKFLOW: &str = "
name: long-work
phases:
  - name: execute
    model: backend
    distill: quick
    context_strategy: distilled
    checkpoint: { after_tokens: 100_000 }
    verify: node --test test/api.test.js
";

const PARTS: [&str; 3] = [
    "execute.work-1",
    "execute.distill-1.part-1",
    "execute.work-1.part-2",
];

#[test]
fn a_context_that_is_full_is_left_behind_and_the_work_is_finished() {
    let stand = Stand::new();
    stand
        .sandbox
        .write(".tipstaff/workflows/long-work.yaml", WORKFLOW);
    let args = ["run", "long-work", "Let a note be removed"];
    stand
        .sandbox
        .tipstaff(&[&args[..], &["--rehearse", "full-context", "--publish"]].concat())
        .succeeds()
        .stderr_has("with a context of 130k tokens");

    let started = stand.events_named("attempt_started");
    let started: Vec<&Value> = started.iter().map(|event| &event["call"]).collect();
    assert_eq!(started, PARTS);
    the_whole_work_is_right(&stand);
    the_second_process_begins_small(&stand);
    it_knows_the_state_and_has_the_workspace(&stand);
    stand
        .sandbox
        .tipstaff(&["show", "--all"])
        .succeeds()
        .stdout_has("stopped at 130k")
        .stdout_has("call execute.work-1, its state, distilled by a model");
    stand.is_clean();
}

/// Each process did one half of it; the project's own tests judge both together, once.
fn the_whole_work_is_right(stand: &Stand) {
    let verified = stand.events_named("verified");
    assert_eq!(verified.len(), 1);
    assert_eq!(verified[0]["verification"]["outcome"], "passed");
    assert!(stand.sandbox.read("src/store.js").contains("remove(id)"));
    assert!(stand.sandbox.read("src/api.js").contains("DELETE"));
    assert!(stand.sandbox.exists("test/delete.test.js"));
    assert!(!stand.sandbox.exists(".cache"), "it is no change");
}

/// Its first request holds its prompt and OpenCode's own part, and no conversation.
fn the_second_process_begins_small(stand: &Stand) {
    let received = stand.received();
    let of = |call: &str| -> Vec<&Value> {
        let requests = received.iter();
        requests.filter(|request| request["call"] == call).collect()
    };
    let (first, second) = (of(PARTS[0]), of(PARTS[2]));
    let number = |request: &Value, key: &str| request[key].as_u64().unwrap();
    assert_eq!(number(second[0], "messages"), number(first[0], "messages"));
    assert!(
        number(second[0], "bytes") < number(first[0], "bytes") + 2_000,
        "{second:#?}"
    );
    // Three steps; a fourth request may have gone out before the agent was held, and did nothing.
    assert!((3..=4).contains(&first.len()), "{first:#?}");
    let events = stand.in_run("phases/01-execute/calls/execute.work-1/attempt-1/events.jsonl");
    assert_eq!(events.matches(r#""type":"step_finish""#).count(), 3);
}

fn it_knows_the_state_and_has_the_workspace(stand: &Stand) {
    let folder = "phases/01-execute/calls/execute.work-1.part-2/attempt-1";
    let prompt = stand.in_run(&format!("{folder}/prompt.md"));
    has_all(
        &prompt,
        &["src/store.js has remove(id)", "- `src/store.js`\n"],
    );
    assert!(!prompt.contains("First the store."), "raw text:\n{prompt}");
    // It reads what the first process kept in a folder that is ignored.
    let events = stand.in_run(&format!("{folder}/events.jsonl"));
    let mut lines = events.lines();
    let seen = lines.find(|line| line.contains("cat .cache/tests.txt"));
    assert!(
        seen.is_some_and(|line| line.contains("a new note is listed")),
        "{events}"
    );
}
