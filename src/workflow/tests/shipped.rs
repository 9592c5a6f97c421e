//! The workflows that are shipped.

use std::time::{Duration, Instant};

use crate::model::OtherCategories;
use crate::plan::{OutputKind, PhaseKind, PhasePlan, Strategy};
use crate::workflow::{bundled, bundled_names, check, parse};
use crate::yaml::{Source, has_errors};

use super::{SEED, bindings, compiled, config, shown, workflow};

#[test]
fn the_seed_checks_with_nothing_but_warnings_about_full() {
    let found = check(&workflow(SEED), &config());
    assert!(!has_errors(&found), "{}", shown(&found, SEED));
    let codes: Vec<&str> = found.iter().map(|found| found.code).collect();
    assert_eq!(codes, ["default-strategy"; 5]);
}

/// A phase in one line.
fn line(phase: &PhasePlan) -> String {
    let kind = match &phase.kind {
        PhaseKind::Single {
            chain,
            yields: OutputKind::Tasks(categories),
        } => {
            let more = match categories.others {
                OtherCategories::Any => " and others",
                OtherCategories::Roles(_) => "",
            };
            let named = categories.named.join(", ");
            format!("{} leaves Tasks of {named}{more}", chain[0])
        }
        PhaseKind::Single { chain, yields } => format!("{} leaves {yields:?}", chain[0]),
        PhaseKind::Ensemble {
            proposers, judge, ..
        } => format!("{} proposers, judge {}", proposers.len(), judge.panel[0][0]),
        PhaseKind::Routed { tasks, routing, .. } => {
            format!("tasks of {tasks} to {} chains", routing.len())
        }
        PhaseKind::Parallel { lenses, .. } => format!("{} lenses", lenses.len()),
    };
    format!("{}: {kind}", phase.name)
}

#[test]
fn the_seed_compiles_as_a_whole() {
    let plan = compiled(SEED, &bindings("Dark mode!")).plan;
    let lines: Vec<String> = plan.phases.iter().map(line).collect();
    assert_eq!(
        lines,
        [
            "workshop: 3 proposers, judge claude-opus",
            "plan: 2 proposers, judge claude-opus",
            r#"decompose: claude-opus leaves Tasks of frontend, backend, test"#,
            "execute: tasks of decompose to 9 chains",
            "integrate: claude-sonnet leaves Edits",
            "audit: claude-opus leaves Audit",
        ]
    );
    let edits: Vec<bool> = plan.phases.iter().map(|phase| phase.edits).collect();
    assert_eq!(edits, [false, false, false, true, true, false]);
    assert_eq!(
        plan.phases[5].output.as_deref(),
        Some("docs/ai/dark-mode/audits/verdict.md")
    );
}

#[test]
fn bundled_workflows_are_clean_and_name_their_strategy() {
    let mut lines = Vec::new();
    for name in bundled_names() {
        let text = bundled(name).unwrap();
        let workflow = parse(&Source::new(name, text)).unwrap();
        assert_eq!(workflow.name, name);
        assert!(!workflow.description.is_empty());
        assert_eq!(check(&workflow, &config()), []);
        assert!(
            workflow
                .phases
                .iter()
                .all(|phase| !phase.description.is_empty())
        );
        let compiled = compiled(text, &bindings("x"));
        assert_eq!(compiled.warnings, []);
        lines.push(format!("# {name}"));
        lines.extend(compiled.plan.phases.iter().map(|phase| {
            let strategy = phase.strategy;
            assert_ne!(strategy, Strategy::Full, "{name}");
            format!("{strategy:?} {}", line(phase))
        }));
    }
    assert!(bundled("nothing").is_none());
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn bundled_workflows_have_examples_that_work() {
    for name in bundled_names() {
        let text = bundled(name).unwrap();
        let examples: String = text
            .lines()
            .map(|line| match line.trim_start().strip_prefix("# ") {
                Some(key) if key.starts_with("verify: ") || key.starts_with("gate: ") => {
                    format!("    {key}\n")
                }
                Some(_) | None => format!("{line}\n"),
            })
            .collect();
        assert_eq!(compiled(&examples, &bindings("x")).warnings, [], "{name}");
    }
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
