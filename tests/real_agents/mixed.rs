//! Agents of several makers in one workflow.

use crate::stand::Stand;

/// The models of the bundled workflows, each by the agent of its own maker.
const MODELS: &str = "
models:
  claude-opus: { agent: claude, id: claude-opus-5-5 }
  claude-sonnet: { agent: opencode, id: anthropic/claude-sonnet-5 }
  claude-haiku: { agent: claude, id: claude-haiku-4-5 }
  gemini-pro: { agent: gemini, id: gemini-3.1-pro-preview }
  gemini-2.5-pro: { agent: gemini, id: gemini-2.5-pro }
  gpt-4o: { agent: codex, id: gpt-5.5 }
";
const MIXED: &str = "
name: mixed
phases:
  - name: plan
    type: ensemble
    models: [claude-sonnet, claude-haiku, gpt-4o]
    judge: gemini-pro
    output: docs/plan.md
";

/// Which agents were started, by the journal.
fn agents(stand: &Stand) -> Vec<String> {
    let started = stand.events_named("attempt_started");
    let mut agents: Vec<String> = started
        .iter()
        .filter_map(|event| Some(event["agent"].as_str()?.to_owned()))
        .collect();
    agents.sort();
    agents.dedup();
    agents
}

#[test]
fn opencode_claude_code_and_codex_propose_and_gemini_judges() {
    let stand = Stand::new();
    stand.sandbox.user_config(MODELS);
    stand.sandbox.write(".tipstaff/workflows/mixed.yaml", MIXED);
    stand
        .sandbox
        .tipstaff(&[
            "run",
            "mixed",
            "Add rate limiting",
            "--rehearse",
            "--publish",
        ])
        .succeeds();
    assert_eq!(stand.events_named("attempt_failed").len(), 0);
    assert_eq!(agents(&stand), ["claude", "codex", "gemini", "opencode"]);
    let chosen = stand.events_named("winner_chosen");
    assert_eq!(chosen.len(), 1);
    assert!(!stand.sandbox.read("docs/plan.md").trim().is_empty());
    stand.is_clean();
}

#[test]
fn feature_build_is_done_by_four_agents() {
    let stand = Stand::new();
    stand.sandbox.user_config(MODELS);
    stand
        .sandbox
        .tipstaff(&["run", "feature-build", "Add rate limiting", "--rehearse"])
        .succeeds();
    assert_eq!(stand.events_named("attempt_failed").len(), 0);
    assert_eq!(agents(&stand), ["claude", "codex", "gemini", "opencode"]);
    stand.is_clean();
}
