#![expect(clippy::unwrap_used, reason = "tests")]
use super::*;

const PAGE: &str = include_str!("../../docs/rehearsal.md");

/// What is wrong with a scenario whose `then` has this one answer.
fn error_of(answer: &str) -> String {
    let yaml = format!("name: x\nrules:\n  - then:\n      - {answer}\n");
    Scenario::parse(&yaml, "x.yaml").unwrap_err().to_string()
}

fn place_of(yaml: &str) -> (usize, usize) {
    match Scenario::parse(yaml, "x.yaml").unwrap_err() {
        RehearsalError::Invalid { line, column, .. } => (line, column),
        other => panic!("{other} has no place"),
    }
}

#[test]
fn every_example_of_the_page_parses() {
    let examples: Vec<&str> = PAGE
        .split("```yaml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert!(examples.len() >= 2);
    for example in examples {
        let parsed = Scenario::parse(example, "docs/rehearsal.md");
        assert!(parsed.is_ok(), "{}\n{example}", parsed.unwrap_err());
    }
}

#[test]
fn the_page_names_every_bundled_scenario() {
    for name in Scenario::builtin_names() {
        assert!(PAGE.contains(&format!("| `{name}` |")), "{name}");
    }
}

#[test]
fn unknown_keys_are_refused_with_line_and_column() {
    let yaml = "name: x\nrules:\n  - when: { fase: plan }\n";
    let error = Scenario::parse(yaml, "x.yaml").unwrap_err().to_string();
    assert!(error.starts_with("x.yaml:3:"), "{error}");
    assert!(error.contains("fase") && error.contains("phase"), "{error}");
    assert!(error.ends_with("3 |   - when: { fase: plan }"), "{error}");
    assert!(
        !error.contains("at line"),
        "the place is there once: {error}"
    );
    for answer in [
        "{ wrte: 1 }",
        "write: { path: a, txt: b }",
        "finish: early",
        "acts: [{ x: 1 }]",
    ] {
        assert!(
            error_of(answer).starts_with("x.yaml:4:"),
            "{}",
            error_of(answer)
        );
    }
}

#[test]
fn contradictions_are_refused() {
    for (answer, word) in [
        ("{ reply: a, say: b }", "keep one"),
        ("{ reply: a, finish: length }", "`say`"),
        ("{ say: a }", "`reply`"),
        ("{ usage: { input: 1 } }", "neither says nor does"),
        ("{ drop: mid_stream, stall: mid_stream }", "one of"),
        ("write: { path: a }", "one of `text` and `json`"),
        (
            "write: { path: a, text: b, json: 1 }",
            "one of `text` and `json`",
        ),
        ("error: { status: 200 }", "400 to 599"),
        (
            "error: { status: 429, headers: { 'a b': c } }",
            "not an HTTP header",
        ),
        ("{ reply: a, delay: soon }", "not a time"),
    ] {
        let error = error_of(answer);
        assert!(
            error.contains(word) && error.starts_with("x.yaml:4:"),
            "{answer}: {error}"
        );
    }
}

#[test]
fn numbers_count_from_one_and_the_place_is_the_number() {
    assert_eq!(
        place_of("name: x\nrules:\n  - when: { slot: 0 }\n"),
        (3, 19)
    );
    assert_eq!(place_of("name: x\nrules:\n  - times: 0\n"), (3, 12));
}

#[test]
fn a_rule_for_one_turn_has_one_answer() {
    let yaml = "name: x\nrules:\n  - when: { turn: 2 }\n    then: [{ reply: a }, { reply: b }]\n";
    assert!(
        Scenario::parse(yaml, "x.yaml")
            .unwrap_err()
            .to_string()
            .contains("turn 2 alone")
    );
}

#[test]
fn after_needs_something_to_come_after() {
    for rule in ["{ after: repeat }", "{ after: close, then: [] }"] {
        let yaml = format!("name: x\nrules:\n  - {rule}\n");
        assert_eq!(place_of(&yaml), (3, 14), "{rule}");
    }
}

#[test]
fn what_is_not_yaml_is_an_error_with_a_place() {
    for yaml in [
        "",
        "[",
        "name: [",
        "- a",
        "name: x\nname: y\n",
        "\u{0}",
        "name: &a [*a]",
    ] {
        let error = Scenario::parse(yaml, "x.yaml").unwrap_err();
        assert!(
            matches!(error, RehearsalError::Invalid { .. }),
            "{yaml}: {error}"
        );
    }
}
