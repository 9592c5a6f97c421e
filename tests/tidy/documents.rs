//! The reference pages name everything that the code knows.

use serde_json::Value;
use tipstaff::model::{FailureKind, Remedy};

use crate::code::files;
use crate::text::{read, spans};

/// Every key that a schema names, at any depth.
fn keys(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(entries) => {
            let properties = entries.get("properties").and_then(Value::as_object);
            let own = properties.into_iter().flat_map(|own| own.keys().cloned());
            own.chain(entries.values().flat_map(keys)).collect()
        }
        Value::Array(items) => items.iter().flat_map(keys).collect(),
        _ => Vec::new(),
    }
}

fn all_named(page: &str, keys: &[String]) {
    let spans = spans(&read(page));
    for key in keys {
        let named = |span: &String| span == key || span.starts_with(&format!("{key}: "));
        assert!(spans.iter().any(named), "{page} does not name `{key}`");
    }
}

#[test]
fn every_key_of_a_workflow_is_explained() {
    let keys = keys(&tipstaff::workflow::schema()["properties"]["phases"]);
    assert!(keys.len() > 40);
    all_named("docs/workflows.md", &keys);
}

#[test]
fn every_key_of_the_configuration_is_explained() {
    let keys = keys(&tipstaff::config::schema());
    assert!(keys.len() > 30);
    all_named("docs/configuration.md", &keys);
}

#[test]
fn every_variable_that_an_agent_gets_is_explained() {
    let page = spans(&read("docs/configuration.md"));
    for file in files() {
        let text = file.shipped_text();
        for (at, _) in text.match_indices("\"TIPSTAFF_") {
            let name = text[at + 1..].split('"').next().unwrap().to_owned();
            assert!(
                page.contains(&name),
                "docs/configuration.md does not name {name}"
            );
        }
    }
}

#[test]
fn every_built_in_model_role_and_limit_is_shown_as_it_is() {
    let page = read("docs/configuration.md");
    let builtin = read("src/config/builtin.yaml");
    let entries = builtin
        .lines()
        .map(str::trim)
        .filter(|line| line.contains(": ") && !line.starts_with('#'));
    for line in entries {
        assert!(
            page.contains(line),
            "docs/configuration.md does not show `{line}`"
        );
    }
}

#[test]
fn every_kind_of_failure_is_shown_as_its_rule_is() {
    let mut table = String::from(
        "| kind | shown as | meaning | what follows | exit code | what to do |\n\
         | --- | --- | --- | --- | --- | --- |\n",
    );
    for rule in FailureKind::RULES {
        let follows = match rule.remedy {
            Remedy::Wait => "wait, same model",
            Remedy::Again => "same model at once",
            Remedy::NextModel => "next model",
            Remedy::Park => "park",
            Remedy::Stop => "stop",
            Remedy::Uncounted => "—",
        };
        let code = rule
            .exit_code()
            .map_or("—".to_owned(), |code| code.to_string());
        let (name, word, meaning) = (rule.name, rule.word, rule.meaning);
        let hint = rule.hint.unwrap_or("—");
        table += &format!("| `{name}` | {word} | {meaning} | {follows} | {code} | {hint} |\n");
    }
    let page = read("docs/failures.md");
    assert!(
        page.contains(&table),
        "docs/failures.md lacks this:\n{table}"
    );
}

/// The cells of a table's row that begins with this one, without the first.
fn row(page: &str, first: &str) -> Vec<String> {
    let begin = format!("| {first} |");
    let line = page.lines().find_map(|line| line.strip_prefix(&begin));
    let line = line.unwrap_or_else(|| panic!("no row of {first}"));
    let cells = line.trim_end_matches('|').split(" |");
    cells.map(|cell| cell.trim().to_owned()).collect()
}

#[test]
fn advice_on_judging_has_the_figures_of_the_bench() {
    let (advice, bench) = (read("docs/judging.md"), read("docs/bench.md"));
    let columns = row(&bench, "the judge");
    let judges = [
        "honest, and errs",
        "leans to the first, as measured in the field",
        "takes the first shown",
    ];
    let judges = judges.map(|judge| row(&bench, judge));
    let settings = [
        ("a model: the default", "default"),
        ("`orders: auto`", "auto"),
        ("`orders: both`", "both"),
        ("`method: tournament`", "tournament"),
        ("`method: pairwise`", "pairwise"),
        ("`by: [a, b, c]`", "panel"),
        ("the default, with `verify`", "evidence"),
        ("`by: [a, b, c]`, with `verify`", "panel, evidence"),
        ("the same with `orders: both`", "panel, both, evidence"),
    ];
    for (setting, column) in settings {
        let column = columns.iter().position(|own| own == column).unwrap();
        let measured = judges.each_ref().map(|judge| judge[column].clone());
        assert_eq!(row(&advice, setting)[1..4], measured, "{setting}");
    }
}
