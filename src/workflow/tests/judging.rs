//! `judge:` as a map.

use serde_json::json;

use crate::model::ModelName;
use crate::plan::{Judging, Orders, PhaseKind};

use super::{bindings, compiled, refused};

fn ensemble(models: &str, judge: &str) -> String {
    format!(
        "phases:\n  - name: plan\n    type: ensemble\n    models: {models}\n    judge: {judge}\n    context_strategy: fresh\n"
    )
}

fn judging(models: &str, judge: &str) -> Judging {
    let plan = compiled(&ensemble(models, judge), &bindings("x")).plan;
    match plan.phases.into_iter().next().unwrap().kind {
        PhaseKind::Ensemble { judge, .. } => judge,
        other => panic!("{other:?}"),
    }
}

const TWO: &str = "[claude-sonnet, gemini-pro]";

#[test]
fn name_and_map_of_one_judge_are_the_same() {
    let by_name = judging(TWO, "claude-opus");
    assert_eq!(by_name, Judging::by(vec![ModelName::from("claude-opus")]));
    assert_eq!(judging(TWO, "{ by: claude-opus }"), by_name);
}

#[test]
fn every_key_arrives_in_the_plan() {
    let rule = "{ by: [claude-opus, gpt-4o], criteria: { correctness: 3, long term: 1 }, orders: auto, \
                panel: unanimous, method: pairwise, abstain: true }";
    let judging = judging(TWO, rule);
    let written = serde_json::to_value(&judging).unwrap();
    let wanted = json!({
        "panel": [["claude-opus"], ["gpt-4o"]],
        "criteria": [{"name": "correctness", "weight": 3}, {"name": "long term", "weight": 1}],
        "orders": "auto", "agreement": "unanimous", "method": "pairwise", "abstain": true,
    });
    assert_eq!(written, wanted);
    assert_eq!(
        self::judging(TWO, "{ by: judge, orders: 1 }").orders,
        Orders::One
    );
}

#[test]
fn judge_of_another_family_comes_first_or_alone() {
    let firsts = |rule: &str| -> Vec<String> {
        let panel = judging(TWO, rule).panel;
        panel.iter().map(|chain| chain[0].to_string()).collect()
    };
    let by = "by: [claude-opus, gpt-4o]";
    assert_eq!(firsts(&format!("{{ {by} }}")), ["claude-opus", "gpt-4o"]);
    assert_eq!(
        firsts(&format!("{{ {by}, other_family: prefer }}")),
        ["gpt-4o", "claude-opus"]
    );
    assert_eq!(firsts("{ by: gpt-4o, other_family: require }"), ["gpt-4o"]);
}

#[test]
fn mistakes_are_told_with_their_places() {
    let says = |rule: &str, all: &[&str]| {
        let text = refused(&ensemble(TWO, rule), &bindings("x"));
        for line in all {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    };
    says(
        "{ by: claude-opus, other_family: require }",
        &[
            "of another family than those who propose: `anthropic`, `google`",
            "--> w.yaml:5:18",
            "hint: name a judge of another maker",
        ],
    );
    says("{ criteria: { fit: 1 } }", &["`judge` has no `by`"]);
    says(
        "[claude-opus, gpt-4o]",
        &[
            "`judge` is one name or a map, not a list",
            "hint: write `judge: { by: [claude-opus, gpt-4o] }`",
        ],
    );
    says("{ by: [] }", &["`by` names no judge"]);
    says(
        "{ by: judge, order: both }",
        &["did you mean `orders`?", "w.yaml:5:25"],
    );
    says(
        "{ by: judge, criteria: { 'a{b}': 1, fit: 0 }, orders: 2 }",
        &[
            "`a{b}` cannot be a criterion",
            "the weight of `fit` must be at least 1",
            "`orders` cannot be `2`",
        ],
    );
    says(
        "{ by: judge, criteria: { Fit: 1, fit: 2, '': 1 } }",
        &[
            "a judge cannot tell `fit` from `Fit`",
            "`` cannot be a criterion",
        ],
    );
    let parallel = "phases:\n  - name: look\n    type: parallel\n    models: [claude-opus]\n    judge: { by: judge, orders: both }\n    context_strategy: fresh\n";
    assert!(
        refused(parallel, &bindings("x")).contains("joins the answers and is one model or role")
    );
}
