//! Three models propose, one judges, the winner is published: nothing else in the project changes, and
//! nothing is left behind.

use serde_json::Value;

use crate::stand::Stand;

const REQUEST: &str = "Add rate limiting to the HTTP API";
const PLAN: &str = "docs/ai/add-rate-limiting-to-the-http-api/plan.md";
/// What OpenCode may add to a prompt by itself, in bytes.
const OWN_PART: u64 = 13_000;

#[test]
fn three_propose_one_judges_and_the_winner_is_published() {
    let stand = Stand::new();
    stand
        .sandbox
        .tipstaff(&["run", "plan", REQUEST, "--rehearse", "--publish"])
        .succeeds()
        .stderr_has("claude-opus")
        .stderr_has(PLAN);

    stand.is_clean();
    let changed = stand
        .sandbox
        .git(&["status", "--porcelain", "--untracked-files=all"]);
    assert_eq!(changed.trim(), format!("?? {PLAN}"));
    verdict_and_handoff_are_kept(&stand);
    what_each_call_saw_is_kept(&stand);
    requests_are_lean(&stand);
}

fn verdict_and_handoff_are_kept(stand: &Stand) {
    let verdict = json(&stand.in_run("phases/01-plan/verdict.json"));
    assert_eq!(verdict["decision"], "pick");
    let chosen = stand.events_named("winner_chosen").remove(0);
    let winner = chosen["call"].as_str().unwrap();
    let proposal = format!("phases/01-plan/calls/{winner}/attempt-1/deliverable.md");
    assert_eq!(
        stand.sandbox.read(PLAN),
        stand.in_run(&proposal),
        "a picked proposal is published byte for byte"
    );
    let handoff = json(&stand.in_run("phases/01-plan/handoff.json"));
    assert!(handoff.to_string().contains("summary"), "{handoff}");
    assert!(!stand.in_run("phases/01-plan/handoff.md").trim().is_empty());
}

fn what_each_call_saw_is_kept(stand: &Stand) {
    for call in ["propose-1", "propose-2", "propose-3", "judge-1"] {
        let folder = format!("phases/01-plan/calls/plan.{call}/attempt-1");
        let ledger = stand.in_run(&format!("{folder}/context.json"));
        assert!(ledger.contains("AGENTS.md"), "{call}: {ledger}");
        let prompt = stand.in_run(&format!("{folder}/prompt.md"));
        assert!(prompt.contains(REQUEST), "{call}");
    }
    let prompt = stand.in_run("phases/01-plan/calls/plan.judge-1/attempt-1/prompt.md");
    for model in ["claude-sonnet", "gemini-pro", "gpt-4o"] {
        assert!(!prompt.contains(model), "the judge is told of {model}");
    }
}

fn requests_are_lean(stand: &Stand) {
    let received = stand.received();
    let first: Vec<&Value> = received
        .iter()
        .filter(|request| request["turn"] == 1)
        .collect();
    assert_eq!(first.len(), 4, "{received:#?}");
    for request in first {
        let call = request["call"].as_str().unwrap();
        let prompt = format!("phases/01-plan/calls/{call}/attempt-1/prompt.md");
        let prompt = stand.in_run(&prompt).len() as u64;
        let own = request["bytes"].as_u64().unwrap() - prompt;
        assert!(own <= OWN_PART, "{call}: {own} bytes of its own: {request}");
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}
