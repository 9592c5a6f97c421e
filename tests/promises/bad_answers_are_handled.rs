//! Whatever an agent leaves as its answer: it is taken as it is, mended, replaced or explained.

use super::proposals_are_judged_fairly::judge_says;
use crate::support::Sandbox;

/// The run of a trio whose second proposer does this: the others are judged, and why it was left out
/// is told.
#[track_caller]
fn leaves_out(steps: &str, reason: &str) {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.outside("secret.md"), "# The user's secret\n").unwrap();
    let steps = steps.replace("OUTSIDE", &sandbox.outside("").display().to_string());
    sandbox.fake_agent(&format!(
        "- when: {{ purpose: propose, slot: 2 }}\n  do: [{steps}]\n"
    ));
    sandbox
        .trio(&[])
        .run_trio(&[])
        .succeeds()
        .stderr_has(reason);
    let run = sandbox.run();
    assert_eq!(run.calls("call_failed"), ["plan.propose-2"]);
    assert_eq!(run.labels().len(), 2);
    assert!(!run.of_call("judge-1", "prompt.md").contains("secret"));
    sandbox
        .tipstaff(&["show", "--all"])
        .succeeds()
        .stdout_has(reason);
}

const DELIVERABLE: &str = ".tipstaff/out/deliverable.md";
const HANDOFF: &str = "write: { path: .tipstaff/out/handoff.json, text: '{\"summary\": \"s\"}' }";

#[test]
fn an_empty_proposal() {
    leaves_out(
        &format!("{{ touch: {DELIVERABLE} }}, {{ {HANDOFF} }}"),
        "no deliverable",
    );
}

#[test]
fn a_proposal_that_is_no_text() {
    leaves_out(
        &format!(
            "{{ write_hex: {{ path: {DELIVERABLE}, hex: '23 20 ff fe fd' }} }}, {{ {HANDOFF} }}"
        ),
        "is not UTF-8",
    );
}

#[test]
fn a_proposal_of_50_megabytes() {
    leaves_out(
        &format!("{{ write_size: {{ path: {DELIVERABLE}, bytes: 52428800 }} }}, {{ {HANDOFF} }}"),
        "too large",
    );
}

#[test]
fn a_proposal_that_is_a_link_to_somewhere_else() {
    leaves_out(
        &format!("{{ link: {{ path: {DELIVERABLE}, to: OUTSIDE/secret.md }} }}, {{ {HANDOFF} }}"),
        "no deliverable",
    );
}

#[test]
fn a_label_that_does_not_exist_is_repaired() {
    let sandbox = Sandbox::new();
    let verdict = r#"{"decision":"pick","winner":"D","rationale":"D it is."}"#;
    let repaired = "- when: { purpose: repair }\n  do: [{ write: { path: .tipstaff/out/verdict.json, \
                    text: '{\"decision\":\"pick\",\"winner\":\"C\",\"rationale\":\"C was meant.\"}' } }]\n";
    sandbox.fake_agent(&(judge_says(verdict) + repaired));
    sandbox
        .trio(&[])
        .run_trio(&[])
        .succeeds()
        .stderr_has("C was meant.");
    let run = sandbox.run();
    let winner = run.all("winner_chosen").pop().unwrap();
    assert_eq!(winner["label"], "C");
    assert_eq!(winner["call"], run.labels()["C"]);
    // The repair sees the verdict and what is wrong with it, not the proposals.
    let prompt = run.of_call("repair-1", "prompt.md");
    assert!(prompt.contains("D it is."), "{prompt}");
    assert!(!prompt.contains("A document of the fake agent"), "{prompt}");
}

#[test]
fn a_judge_that_stays_wrong_is_replaced_by_its_roles_fallback() {
    let sandbox = Sandbox::new();
    let wrong = "- when: { model: m4 }\n  do: [{ write: { path: .tipstaff/out/verdict.json, text: '{\"winner\": 7}' } }]\n";
    sandbox.fake_agent(wrong);
    let config = sandbox.home().join(".config/tipstaff/config.yaml");
    let text = std::fs::read_to_string(&config).unwrap();
    sandbox.user_config(&text.replace("judge: m4", "judge: [m4, m2]"));
    sandbox.trio(&[]).run_trio(&[]).succeeds();
    let run = sandbox.run();
    let decided = run.all("winner_chosen").pop().unwrap();
    assert_eq!(decided["by"]["judge"], "plan.judge-2");
    assert_eq!(run.all("attempt_started").len(), 3 + 3);
}

#[test]
fn without_a_usable_verdict_a_person_decides() {
    for (verdict, reason) in [
        (
            r#"{"decision":"pick","winner":"D","rationale":"r"}"#,
            "the answer is not valid",
        ),
        (
            r#"{"decision":"none","winner":null,"rationale":"All miss the point."}"#,
            "All miss the point.",
        ),
    ] {
        let sandbox = Sandbox::new();
        let repair = judge_says(verdict).replace("purpose: judge", "purpose: repair");
        sandbox.fake_agent(&(judge_says(verdict) + &repair));
        sandbox
            .trio(&[])
            .run_trio(&[])
            .exits_with(4)
            .stderr_has(reason);
        assert!(!sandbox.exists("docs/plan.md"));
        let run = sandbox.run();
        let id = run.id();
        let command = format!("tipstaff pick {} A", id.splitn(3, '-').last().unwrap());
        let show = sandbox.tipstaff(&["show", "--all"]);
        show.succeeds().stdout_has(reason).stdout_has(&command);

        let pick = |label: &str| sandbox.tipstaff(&["pick", &run.id(), "plan", label]);
        pick("D")
            .exits_with(2)
            .stderr_has("there is no proposal `D`; the proposals are A, B, C");
        pick("B").succeeds();
        let behind = &run.labels()["B"];
        let proposal = run.of_call(behind.strip_prefix("plan.").unwrap(), "deliverable.md");
        assert_eq!(sandbox.read("docs/plan.md"), proposal);
        assert_eq!(run.all("winner_chosen").pop().unwrap()["by"], "person");
        pick("B").exits_with(2);
    }
}

#[test]
fn two_thousand_faults_are_told_as_twenty_and_a_count() {
    let sandbox = Sandbox::new();
    sandbox.write(
        ".tipstaff/workflows/cut.yaml",
        "name: cut\nphases:\n  - name: plan\n    prompt: decompose\n    model: m1\n    \
         context_strategy: fresh\n    retries: 0\n",
    );
    let tasks: Vec<_> = (0..2000)
        .map(|number| serde_json::json!({ "id": format!("T{number}"), "title": "x".repeat(100) }))
        .collect();
    let tasks = serde_json::json!({ "tasks": tasks }).to_string();
    let text = serde_json::to_string(&tasks).unwrap();
    sandbox.fake_agent(&format!(
        "- do: [{{ write: {{ path: .tipstaff/out/tasks.json, text: {text} }} }}]\n"
    ));
    let output = sandbox.tipstaff(&["run", "cut", "Cut it"]);
    output.exits_with(1).stderr_has("… and 1980 more");
    assert!(output.stderr.len() < 20_000, "{}", output.stderr.len());
    let run = sandbox.run();
    let journal = run.read("journal.jsonl");
    assert!(journal.len() < 40_000, "{}", journal.len());
    let context: serde_json::Value =
        serde_json::from_str(&run.of_call("repair-1", "context.json")).unwrap();
    let parts = context["parts"].as_array().unwrap();
    let faults = parts
        .iter()
        .find(|part| part["kind"] == "errors")
        .unwrap_or_else(|| panic!("{context}"));
    assert!(faults["bytes"].as_u64().unwrap() < 10_000, "{faults}");
}

#[test]
fn huge_faulty_answer_goes_to_its_repair_in_part() {
    let sandbox = Sandbox::new();
    let padded = r#"{"decision":"pick","winner":"D","rationale":"BEGIN"#.to_owned()
        + &"x".repeat(2 << 20)
        + r#"END"}"#;
    sandbox.fake_agent(&judge_says(&padded));
    sandbox.trio(&[]).run_trio(&[]).succeeds();
    let prompt = sandbox.run().of_call("repair-1", "prompt.md");
    assert!(prompt.len() < 300 << 10, "{}", prompt.len());
    for words in ["BEGIN", "END", " bytes … "] {
        assert!(prompt.contains(words), "{words}");
    }
}
