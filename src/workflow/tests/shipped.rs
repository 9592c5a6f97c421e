//! The workflows that are shipped, and the schema.

use std::time::{Duration, Instant};

use crate::plan::{PhaseKind, Strategy};
use crate::workflow::{bundled, bundled_names, check, parse, schema};
use crate::yaml::{Source, has_errors};

use super::{SEED, bindings, compiled, config, shown, workflow};

#[test]
fn the_seed_checks_with_nothing_but_warnings_about_full() {
    let found = check(&workflow(SEED), &config());
    assert!(!has_errors(&found), "{}", shown(&found, SEED));
    let codes: Vec<&str> = found.iter().map(|found| found.code).collect();
    assert_eq!(codes, ["default-strategy"; 5]);
}

#[test]
fn the_seed_compiles_and_says_what_comes_later() {
    let plan = compiled(SEED, &bindings("Dark mode!")).plan;
    let kinds: Vec<String> = plan
        .phases
        .iter()
        .map(|phase| match &phase.kind {
            PhaseKind::Single { chain } => format!("{}: single {}", phase.name, chain[0]),
            PhaseKind::Ensemble {
                proposers, judge, ..
            } => {
                format!(
                    "{}: {} proposers, judge {}",
                    phase.name,
                    proposers.len(),
                    judge[0]
                )
            }
            PhaseKind::Unsupported(unsupported) => {
                format!("{}: no {}", phase.name, unsupported.what)
            }
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "workshop: 3 proposers, judge claude-opus",
            "plan: 2 proposers, judge claude-opus",
            "decompose: single claude-opus",
            "execute: no phases of type `routed`",
            "integrate: no phases that edit files",
            "audit: single claude-opus",
        ]
    );
    assert_eq!(
        plan.phases[5].output.as_deref(),
        Some("docs/ai/dark-mode/audits/verdict.md")
    );
}

#[test]
fn bundled_workflows_are_clean_and_name_their_strategy() {
    for name in bundled_names() {
        let text = bundled(name).unwrap();
        let workflow = parse(&Source::new(name, text)).unwrap();
        assert_eq!(workflow.name, name);
        assert!(!workflow.description.is_empty());
        assert_eq!(check(&workflow, &config()), []);
        let compiled = compiled(text, &bindings("x"));
        assert_eq!(compiled.warnings, []);
        assert!(
            compiled
                .plan
                .phases
                .iter()
                .all(|phase| phase.strategy == Strategy::Distilled)
        );
    }
    assert!(bundled("nothing").is_none());
}

#[test]
fn reading_and_checking_the_seed_is_quick() {
    let config = config();
    let best = (0..20)
        .map(|_| {
            let start = Instant::now();
            let found = check(&workflow(SEED), &config);
            assert!(!found.is_empty());
            start.elapsed()
        })
        .min();
    // Unoptimized code on a busy machine; the promise for the release is far below.
    assert!(best < Some(Duration::from_millis(5)), "{best:?}");
}

#[test]
fn the_schema_knows_every_key() {
    let schema = schema();
    let keys = |value: &serde_json::Value| {
        let mut keys: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    };
    let sorted = |words: &[&str]| {
        let mut words: Vec<String> = words.iter().map(ToString::to_string).collect();
        words.sort();
        words
    };
    let phase = &schema["$defs"]["phase"]["properties"];
    let top = [crate::workflow::keys::TOP_KEYS, crate::config::LAYER_KEYS].concat();
    assert_eq!(keys(&schema["properties"]), sorted(&top));
    assert_eq!(keys(phase), sorted(crate::workflow::keys::PHASE_KEYS));
    for (part, known) in crate::workflow::read::part_keys() {
        let part = phase[part].as_object().unwrap();
        let object = match part.get("oneOf") {
            Some(either) => &either[1],
            None => &serde_json::Value::Object(part.clone()),
        };
        assert_eq!(keys(&object["properties"]), sorted(known));
    }
    // Whatever is referred to is there.
    let text = schema.to_string();
    for reference in text.split("#/$defs/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schema["$defs"].get(name).is_some(), "{name}");
    }
}
