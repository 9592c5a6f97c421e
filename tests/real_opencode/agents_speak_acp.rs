//! The real `opencode acp` as an agent of `kind: acp`, with scripted models.

use crate::stand::Stand;

const CONFIG: &str = r#"
agents:
  spoken:
    kind: acp
    command: opencode
    args: [acp]
    env:
      OPENCODE_CONFIG_CONTENT: >-
        {"provider":{"scripted":{"npm":"@ai-sdk/openai-compatible",
        "options":{"baseURL":"{env:OPENAI_BASE_URL}","apiKey":"{env:OPENAI_API_KEY}"},
        "models":{"m1":{"name":"m1"}}}},"enabled_providers":["scripted"]}
models:
  spoken-to: { agent: spoken, id: scripted/m1 }
  unheard-of: { agent: spoken, id: scripted/m2 }
roles:
  quick: [spoken-to]
"#;

const QUICK: &[&str] = &["run", "quick", "Say what this service does", "--rehearse"];

#[test]
fn opencode_works_by_the_protocol() {
    let stand = Stand::new();
    stand.sandbox.user_config(CONFIG);
    // tipstaff hands over another one.
    let long = "An instruction. ".repeat(6000);
    stand.sandbox.write("src/AGENTS.md", &long);
    stand.sandbox.write("CLAUDE.md", &long);
    stand.sandbox.tipstaff(QUICK).succeeds();
    assert_eq!(stand.events_named("attempt_failed").len(), 0);
    let succeeded = stand.events_named("attempt_succeeded");
    let tokens = succeeded[0]["result"]["usage"]["input"].as_u64();
    assert!(tokens.is_some_and(|tokens| tokens > 0), "{succeeded:?}");
    let received = stand.received();
    assert!(!received.is_empty(), "the scripted model was asked");
    let is_short = |request: &serde_json::Value| request["bytes"].as_u64() < Some(90_000);
    assert!(received.iter().all(is_short), "{received:?}");
    stand.is_clean();
}

#[test]
fn opencode_does_not_offer_every_model() {
    let stand = Stand::new();
    stand.sandbox.user_config(CONFIG);
    let other = ["--model", "quick=unheard-of"];
    stand
        .sandbox
        .tipstaff(&[QUICK, &other].concat())
        .exits_with(1);
    let failed = stand.events_named("attempt_failed");
    assert_eq!(failed[0]["failure"]["kind"], "unknown_model", "{failed:?}");
    assert_eq!(
        stand.received().len(),
        0,
        "no other model was asked instead"
    );
    stand.is_clean();
}
