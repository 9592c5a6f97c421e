//! What the table of keys says is what is read, in both directions: a key that is read and not declared stops
//! every test that reads one (`Fields::entry`), one that is declared and not read lets bad values through here.

use crate::workflow::ast::PhaseType;
use crate::workflow::keys::{PHASE_KEYS, TOP_KEYS};
use crate::workflow::{check, parse, schema};
use crate::yaml::testing::of_key;
use crate::yaml::{Key, Severity};

use super::{config, source};

/// Mistakes in values alone, and all errors.
fn mistakes(text: &str) -> (usize, usize) {
    let workflow = parse(&source(text)).unwrap_or_else(|found| panic!("{text}: {found:?}"));
    let all = check(&workflow, &config());
    let errors = all.iter().filter(|found| found.severity == Severity::Error);
    (workflow.mistakes.len(), errors.count())
}

fn agree(key: &Key, document: impl Fn(&str) -> String) {
    let (_, without) = mistakes(&document(""));
    let samples = of_key(key);
    for value in samples.good {
        let text = document(&format!("{}: {value}", key.name));
        assert_eq!(mistakes(&text).0, 0, "{text}");
    }
    for value in samples.bad {
        let text = document(&format!("{}: {value}", key.name));
        let (of_values, all) = mistakes(&text);
        assert!(of_values > 0 || all > without, "{text}");
    }
}

#[test]
fn keys_of_a_workflow_take_what_the_table_says() {
    for key in TOP_KEYS.iter().filter(|key| key.name != "phases") {
        agree(key, |entry| {
            format!("{{phases: [{{name: plan, model: quick}}], {entry}}}")
        });
    }
}

#[test]
fn keys_of_a_phase_take_what_the_table_says() {
    for (word, kind) in PhaseType::WORDS {
        let needed = match kind {
            PhaseType::Single => ["model: quick"].as_slice(),
            PhaseType::Ensemble => &["models: [quick, judge]", "judge: judge"],
            PhaseType::Routed => &["routing: {backend: quick}", "input: request"],
            PhaseType::Parallel => &["models: [quick, judge]"],
        };
        for key in PHASE_KEYS.iter().filter(|key| key.belongs_to(word)) {
            agree(key, |entry| {
                let own = |needed: &str| needed.split(':').next() == Some(key.name);
                let base = [&format!("type: {word}")[..], "name: plan"];
                let base = base.iter().chain(needed);
                let mut entries: Vec<&str> = base
                    .copied()
                    .filter(|needed| entry.is_empty() || !own(needed))
                    .collect();
                entries.push(entry);
                format!("{{phases: [{{{}}}]}}", entries.join(", "))
            });
        }
    }
}

#[test]
fn editors_refuse_a_key_of_another_type() {
    let types = &schema()["properties"]["phases"]["items"]["allOf"];
    let routed = types
        .as_array()
        .unwrap()
        .iter()
        .find(|rule| rule["if"]["properties"]["type"]["const"] == PhaseType::Routed.word());
    let routed = &routed.unwrap()["then"]["properties"];
    assert_eq!(routed["lenses"], false);
    assert!(routed.get("verify").is_none());
}
