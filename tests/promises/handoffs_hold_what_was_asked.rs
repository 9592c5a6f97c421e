//! A handoff has the sections that its phase keeps, whoever wrote it, and no others.

use serde_json::Value;

use crate::support::{Run, Sandbox};

/// The workflow `pair`: a plan whose handoff is distilled like this, and a note that sees the handoff.
fn pair(distill: &str, script: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write(
        ".tipstaff/workflows/pair.yaml",
        &format!(
            "name: pair\nphases:\n  - name: plan\n    model: m1\n    context_strategy: fresh\n    retries: 0\n    \
             distill: {distill}\n  - name: note\n    model: m3\n    context_strategy: distilled\n    retries: 0\n"
        ),
    );
    sandbox.fake_agent(script);
    sandbox.tipstaff(&["run", "pair", "Plan it"]).succeeds();
    sandbox
}

const WORDS: &str = r#"{"summary": "In short.", "decisions": ["a decision"], "risks": ["a risk"], "gotchas": ["a gotcha"]}"#;

/// A script in which this call writes a handoff of many sections, and a document of many sections.
fn writes(call: &str, handoff: bool) -> String {
    let document = "# Plan\n\nIn short.\n\n## Decisions\n\n- a decision\n\n## Risks\n\n- a risk\n\n## Gotchas\n\n- a gotcha\n";
    let file = |name: &str, text: &str| {
        let text = serde_json::to_string(text).unwrap();
        format!("{{ write: {{ path: .tipstaff/out/{name}, text: {text} }} }}")
    };
    let document = file("deliverable.md", document);
    let handoff = if handoff {
        file("handoff.json", WORDS)
    } else {
        String::from("{ print: x }")
    };
    format!("- when: {{ call: {call} }}\n  do: [{document}, {handoff}]\n")
}

/// The plan's handoff has a decision and nothing else beside its summary, in all its forms.
#[track_caller]
fn has_the_decision_alone(run: &Run) {
    let json: Value = serde_json::from_str(&run.read("phases/01-plan/handoff.json")).unwrap();
    assert_eq!(json["summary"], "In short.");
    assert_eq!(json["decisions"], serde_json::json!(["a decision"]));
    for name in ["risks", "gotchas"] {
        assert_eq!(json[name], serde_json::json!([]), "{name}");
    }
    let markdown = run.read("phases/01-plan/handoff.md");
    let prompt = run.read("phases/02-note/calls/note.work-1/attempt-1/prompt.md");
    for text in [&markdown, &prompt] {
        assert!(text.contains("- a decision"), "{text}");
        assert!(!text.contains("- a risk"), "{text}");
        assert!(!text.contains("- a gotcha"), "{text}");
    }
}

#[test]
fn the_agent_is_asked_for_the_chosen_sections_and_what_it_gives_beyond_is_dropped() {
    let script = writes("plan.work-1", true);
    let sandbox = pair("{ sections: [decisions] }", &script);
    let run = sandbox.run();
    has_the_decision_alone(&run);
    let asked = run.of_call("work-1", "prompt.md");
    assert!(asked.contains("\"decisions\": ["), "{asked}");
    assert!(!asked.contains("\"risks\": ["), "{asked}");
    let markdown = run.read("phases/01-plan/handoff.md");
    for name in ["risks", "gotchas"] {
        let remark = format!("the handoff's `{name}` was not asked for and was left out");
        assert!(markdown.contains(&remark), "{markdown}");
    }
    // The phase after it chooses nothing.
    let next = run.read("phases/02-note/calls/note.work-1/attempt-1/prompt.md");
    assert!(next.contains("\"risks\": ["), "{next}");
}

#[test]
fn a_distiller_is_asked_for_the_same() {
    let script = writes("plan.work-1", false) + &writes("plan.distill-1", true);
    let sandbox = pair("{ by: m2, sections: decisions }", &script);
    let run = sandbox.run();
    has_the_decision_alone(&run);
    let asked = run.of_call("distill-1", "prompt.md");
    assert!(asked.contains("\"decisions\": ["), "{asked}");
    assert!(!asked.contains("\"gotchas\": ["), "{asked}");
}

#[test]
fn what_a_rule_takes_from_the_document_is_the_same() {
    let sandbox = pair(
        "{ by: none, sections: [summary, decisions] }",
        &writes("plan.work-1", false),
    );
    let run = sandbox.run();
    has_the_decision_alone(&run);
}

#[test]
fn words_against_the_facts_are_flagged_in_the_handoff_and_in_the_report() {
    let sandbox = Sandbox::new();
    sandbox
        .write("a.txt", "start\n")
        .write(
            ".tipstaff/workflows/mend.yaml",
            "name: mend\nphases:\n  - name: fix\n    model: m1\n    edits: true\n    context_strategy: distilled\n    \
             retries: 0\n    verify: \"! grep -q second a.txt\"\n  - name: note\n    model: m2\n    \
             context_strategy: distilled\n    retries: 0\n",
        )
        .git_init();
    let words =
        r#"{"summary": "All tests pass.", "changes": [{"path": "ghost.txt", "what": "mended"}]}"#;
    let words = serde_json::to_string(words).unwrap();
    sandbox.fake_agent(&format!(
        "- when: {{ phase: fix }}\n  do: [{{ append: {{ path: a.txt, text: second }} }}, \
         {{ write: {{ path: .tipstaff/out/handoff.json, text: {words} }} }}]\n- do: [{{ print: nothing }}, \
         {{ write: {{ path: .tipstaff/out/deliverable.md, text: A note. }} }}]\n"
    ));
    let output = sandbox.tipstaff(&["run", "mend", "Mend it"]);
    output.succeeds();
    let run = sandbox.run();
    let handoff = run.read("phases/01-fix/handoff.md");
    let show = sandbox.tipstaff(&["show", "--all"]);
    for contradiction in [
        "the handoff describes changes that git does not show: `ghost.txt`",
        "git shows changes that the handoff does not describe: `a.txt`",
        "the handoff says “All tests pass”, but `! grep -q second a.txt` failed when tipstaff ran it",
    ] {
        let flagged = format!("- The words contradict the facts: {contradiction}");
        assert!(handoff.contains(&flagged), "{handoff}");
        let said = format!("the agent's words contradict the facts: {contradiction}");
        show.succeeds().stdout_has(&format!("  fix: {said}"));
        output.stderr_has(&said);
    }
    show.stdout_has("  note: the agent left no valid handoff; extracted by rule");
    let next = run.read("phases/02-note/calls/note.work-1/attempt-1/prompt.md");
    assert!(next.contains("git does not show: `ghost.txt`"), "{next}");
}

#[test]
fn nobody_has_to_describe_what_an_earlier_round_changed() {
    let sandbox = Sandbox::new();
    sandbox
        .write("a.txt", "start\n")
        .write(
            ".tipstaff/workflows/ship.yaml",
            "name: ship\nphases:\n  - name: fix\n    model: m1\n    edits: true\n    context_strategy: distilled\n    \
             retries: 0\n  - name: audit\n    model: m2\n    context_strategy: fresh\n    input: fix.handoff\n    \
             retries: 0\n    on_fail: { goto: fix, max: 1 }\n",
        )
        .git_init();
    let file = |name: &str, text: &str| {
        let text = serde_json::to_string(text).unwrap();
        format!("{{ write: {{ path: {name}, text: {text} }} }}")
    };
    let told = |paths: &str| {
        let words = format!(r#"{{"summary": "Done.", "changes": [{paths}]}}"#);
        file(".tipstaff/out/handoff.json", &words)
    };
    let verdict = |json: &str| file(".tipstaff/out/verdict.json", json);
    let entry = |call: &str, steps: &[String]| {
        format!(
            "- when: {{ call: \"{call}\" }}\n  do: [{}]\n",
            steps.join(", ")
        )
    };
    sandbox.fake_agent(
        &[
            entry("fix.work-1", &[file("a.txt", "one"), file("b.txt", "one"), told(r#"{"path": "a.txt"}, {"path": "b.txt"}"#)]),
            entry("fix.work-1@2", &[file("a.txt", "two"), told(r#"{"path": "a.txt"}"#)]),
            entry("audit.work-1", &[verdict(r#"{"verdict": "fail", "summary": "No.", "findings": [{"severity": "major", "problem": "x"}]}"#)]),
            entry("audit.work-1@2", &[verdict(r#"{"verdict": "pass", "summary": "Yes.", "findings": []}"#)]),
        ]
        .concat(),
    );
    sandbox
        .tipstaff(&["run", "ship", "Ship it"])
        .succeeds()
        .has_no("contradict");
    assert_eq!(sandbox.read("b.txt"), "one");
    // The changes of the phase are those of both rounds.
    let handoff = sandbox.run().read("phases/01-fix/handoff.md");
    assert!(handoff.contains("- `b.txt`: new"), "{handoff}");
}
