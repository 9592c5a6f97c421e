//! OpenCode 2 by its documentation: a strict stand-in for it (`fixtures/opencode2`), since it cannot be installed
//! where these tests run. Models are scripted and asked for real.

use crate::stand::{Stand, fixture};

const QUICK: &[&str] = &["run", "quick", "Say what this service does", "--rehearse"];

/// A project whose `opencode` is of the second generation, with this oddity.
fn stand(oddity: &str) -> Stand {
    let mut stand = Stand::new();
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", fixture("opencode2").display());
    stand.sandbox.env("PATH", &path);
    let env = format!("agents:\n  opencode: {{ env: {{ STAND_IN: \"{oddity}\" }} }}\n");
    stand.sandbox.user_config(&env);
    stand
}

#[test]
fn a_whole_workflow_runs_on_opencode_2() {
    let stand = stand("");
    stand
        .sandbox
        .tipstaff(&["run", "feature-build", "Add rate limiting", "--rehearse"])
        .succeeds()
        .stderr_has("OpenCode 2.3.2 is untested")
        .stderr_has("scripts/probe-opencode2");
    assert_eq!(stand.events_named("attempt_failed").len(), 0);
    let tools: Vec<_> = stand
        .received()
        .iter()
        .map(|asked| asked["tools"].to_string())
        .collect();
    let offers = |tools: &str| tools.contains("\"shell\"") && tools.contains("\"write\"");
    assert!(tools.iter().any(|tools| offers(tools)), "{tools:?}");
    assert!(
        tools.iter().any(|tools| !tools.contains("\"shell\"")),
        "who only reads has no shell: {tools:?}"
    );
    stand.is_clean();
}

#[test]
fn bundled_workflows_are_rehearsed_to_their_end_without_a_question() {
    let stand = stand("");
    let listed = stand.sandbox.tipstaff(&["workflows", "--json"]).stdout;
    let listed: Vec<serde_json::Value> = serde_json::from_str(&listed).unwrap();
    let bundled = listed.iter().filter(|one| one["from"] == "bundled");
    let names: Vec<&str> = bundled.map(|one| one["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"best-of"), "{names:?}");
    for name in names {
        let run = ["run", name, "Add rate limiting", "--rehearse"];
        let said = stand.sandbox.tipstaff(&run);
        said.succeeds()
            .stderr_has("is done")
            .has_no("picked by a person");
    }
}

#[test]
fn an_answer_without_its_last_event_is_an_answer() {
    for oddity in ["no-end", "text-after-end"] {
        let stand = stand(oddity);
        stand.sandbox.tipstaff(QUICK).succeeds();
        assert_eq!(stand.events_named("attempt_failed").len(), 0, "{oddity}");
        stand.is_clean();
    }
}

#[test]
fn each_error_of_opencode_2_has_its_kind() {
    for (status, kind) in [(401, "auth"), (429, "rate_limit"), (404, "unknown_model")] {
        let stand = stand("");
        let refusal =
            format!("{{ status: {status}, body: refused, headers: {{ retry-after-ms: \"50\" }} }}");
        let scenario = format!(
            "name: refused\nrules:\n  - then: [{{ error: {refusal} }}]\n    after: repeat\n"
        );
        let scenario = stand.scenario(&scenario);
        stand
            .sandbox
            .tipstaff(&[QUICK, &[&scenario]].concat())
            .exits_with(1);
        let failed = stand.events_named("attempt_failed");
        assert_eq!(failed[0]["failure"]["kind"], kind, "{failed:#?}");
        stand.is_clean();
    }
}

#[test]
fn a_token_that_opencode_2_would_spend_is_not_handed_to_it() {
    let stand = stand("");
    let entry =
        r#"{ "anthropic": { "type": "oauth", "refresh": "r-1", "access": "a-1", "expires": 1 } }"#;
    let file = stand.sandbox.home().join(".local/share/opencode/auth.json");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, entry).unwrap();
    stand
        .sandbox
        .tipstaff(&["run", "quick", "Say what this service does"])
        .exits_with(2)
        .stderr_has("no sign-in for provider `anthropic`")
        .stderr_has("nothing was started");
}
