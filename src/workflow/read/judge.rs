//! `judge`: a name, or a map of who judges and how.

use crate::model::Criterion;
use crate::yaml::{Fields, Node, Reader, Spanned, Value};

use super::super::ast::{JudgeRule, RefineBy};
use super::super::keys::{AGREEMENTS, JUDGE_KEYS, METHODS, ORDERS, OTHER_FAMILY};

pub(super) fn read_judge(reader: &mut Reader, fields: Fields<'_>) -> Option<Spanned<JudgeRule>> {
    let node = fields.get("judge")?;
    let spot = reader.spot(node.place);
    if let Value::Seq(_) = node.value {
        let names = reader.texts(node, "`judge`").unwrap_or_default();
        let names: Vec<&str> = names.iter().map(|name| name.value.as_str()).collect();
        let hint = format!("write `judge: {{ by: [{}] }}`", names.join(", "));
        let mistake = spot.error("wrong-type", "`judge` is one name or a map, not a list");
        reader.report(mistake.with_hint(hint));
        return None;
    }
    if !matches!(node.value, Value::Map(_)) {
        let value = JudgeRule {
            by: vec![reader.name(node, "`judge`")?],
            ..JudgeRule::default()
        };
        return Some(Spanned { value, spot });
    }
    let rule = reader.known_fields(node, "`judge`", JUDGE_KEYS)?;
    let Some(by) = rule.get("by") else {
        let missing = spot.error("missing-key", "`judge` has no `by`");
        reader.report(missing.with_hint("for example `by: [claude-opus, gpt-4o]`"));
        return None;
    };
    let refined = refine(reader, rule, "refine");
    let synthesis = refine(reader, rule, "synthesize");
    if refined.is_some() && synthesis.is_some() {
        let mistake = spot.error(
            "two-ways",
            "the winner gets better by `refine` or by `synthesize`, not by both",
        );
        reader.report(
            mistake.with_hint("leave `refine` out: who synthesizes has the judges' reasons, too"),
        );
    }
    let value = JudgeRule {
        by: reader.texts(by, "`by`")?,
        is_map: true,
        criteria: read_criteria(reader, rule),
        orders: choice(reader, rule, "orders", &ORDERS).unwrap_or_default(),
        agreement: choice(reader, rule, "panel", &AGREEMENTS).unwrap_or_default(),
        method: choice(reader, rule, "method", &METHODS).unwrap_or_default(),
        abstain: rule
            .get("abstain")
            .and_then(|node| reader.flag(node, "`abstain`"))
            .is_some_and(|flag| flag.value),
        grafts: synthesis.is_some(),
        refine: synthesis.or(refined),
        other_family: choice(reader, rule, "other_family", &OTHER_FAMILY),
    };
    Some(Spanned { value, spot })
}

/// `true`, or a model or role.
fn refine(reader: &mut Reader, rule: Fields<'_>, key: &str) -> Option<RefineBy> {
    let node = rule.get(key)?;
    let name = format!("`{key}`");
    match &node.value {
        Value::Scalar(scalar) if scalar.as_bool().is_none() => {
            reader.name(node, &name).map(RefineBy::Model)
        }
        _ => reader.flag(node, &name)?.value.then_some(RefineBy::Author),
    }
}

fn choice<T: Copy>(
    reader: &mut Reader,
    fields: Fields<'_>,
    key: &str,
    words: &[(&str, T)],
) -> Option<T> {
    let node = fields.get(key)?;
    let choice = reader.choice(node, &format!("`{key}`"), words)?;
    Some(choice.value)
}

fn read_criteria(reader: &mut Reader, rule: Fields<'_>) -> Vec<Criterion> {
    let Some(node) = rule.get("criteria") else {
        return Vec::new();
    };
    let Some(criteria) = reader.fields(node, "`criteria`") else {
        return Vec::new();
    };
    if criteria.entries.is_empty() {
        reader.report(
            reader
                .spot(node.place)
                .error("empty", "`criteria` names nothing"),
        );
    }
    let mut known: Vec<Criterion> = Vec::new();
    for entry in criteria.entries {
        let alike = |one: &&Criterion| one.name.to_lowercase() == entry.key.to_lowercase();
        if let Some(one) = known.iter().find(alike) {
            let message = format!("a judge cannot tell `{}` from `{}`", entry.key, one.name);
            let spot = reader.spot(entry.value.place);
            reader.report(spot.error("bad-name", message));
        }
        known.extend(criterion(reader, &entry.key, &entry.value));
    }
    known
}

fn criterion(reader: &mut Reader, name: &str, weight: &Node) -> Option<Criterion> {
    let usable = |c: char| c.is_alphanumeric() || "_- ".contains(c);
    if name.is_empty() || name.trim() != name || !name.chars().all(usable) {
        let message =
            format!("`{name}` cannot be a criterion: letters, digits, `-`, `_` and spaces can");
        reader.report(reader.spot(weight.place).error("bad-name", message));
        return None;
    }
    let weight = reader.count(weight, &format!("the weight of `{name}`"))?;
    if weight.value == 0 {
        let message = format!("the weight of `{name}` must be at least 1");
        reader.report(weight.spot.error("out-of-range", message));
    }
    Some(Criterion {
        name: name.to_owned(),
        weight: weight.value,
    })
}
