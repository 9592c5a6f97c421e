//! The keys of a phase that are maps of their own.

use crate::model::{Budget, MicroUsd, Section, Sections};
use crate::plan::TestFiles;
use crate::yaml::{Diagnostic, Fields, Node, Reader, Spanned, Value, did_you_mean};

use super::super::ast::{DistillBy, DistillRule, Gate, OnFail, Proof, Scope};
use super::super::keys::{
    BUDGET_KEYS, CHECKPOINT_KEYS, DEFAULT_LOOPS, DISTILL_KEYS, ON_FAIL_KEYS, SCOPE_KEYS,
    VERIFY_KEYS,
};
use super::super::rules::why_unusable;

/// The part of a handoff that is no section: it is always there.
const SUMMARY: &str = "summary";

pub(super) fn read_scope(reader: &mut Reader, fields: Fields<'_>) -> Option<Spanned<Scope>> {
    let node = fields.get("scope")?;
    let scope = reader.known_fields(node, "`scope`", SCOPE_KEYS)?;
    let mut list = |key: &str| -> Vec<String> {
        let texts = scope
            .get(key)
            .and_then(|node| reader.texts(node, &format!("`{key}`")))
            .unwrap_or_default();
        texts.into_iter().map(|text| text.value).collect()
    };
    let (files, always) = (list("files"), list("always"));
    let expand = scope
        .get("expand")
        .is_some_and(|node| read_expand(reader, node));
    let expand_tokens = scope
        .get("expand_tokens")
        .and_then(|node| reader.positive(node, "`expand_tokens`"));
    Some(Spanned {
        value: Scope {
            files,
            always,
            expand,
            expand_tokens,
        },
        spot: reader.spot(node.place),
    })
}

/// `imports`, or a truth value.
fn read_expand(reader: &mut Reader, node: &Node) -> bool {
    match &node.value {
        Value::Scalar(scalar) if scalar.as_bool().is_some() => scalar.as_bool() == Some(true),
        Value::Scalar(_) | Value::Seq(_) | Value::Map(_) => reader
            .choice(node, "`expand`", &[("imports", true)])
            .is_some_and(|choice| choice.value),
    }
}

pub(super) fn read_verify(reader: &mut Reader, fields: Fields<'_>) -> Vec<Spanned<Proof>> {
    let Some(node) = fields.get("verify") else {
        return Vec::new();
    };
    let nodes = match &node.value {
        Value::Seq(nodes) => nodes.as_slice(),
        Value::Scalar(_) | Value::Map(_) => std::slice::from_ref(node),
    };
    let proofs = nodes.iter().filter_map(|node| match node.value {
        Value::Map(_) => read_repeated(reader, node),
        Value::Scalar(_) | Value::Seq(_) => {
            let text = reader.free_text(node, "`verify`")?;
            Some(text.map(read_proof))
        }
    });
    proofs.collect()
}

/// `true`, or patterns of test files.
pub(super) fn read_cross_tests(reader: &mut Reader, fields: Fields<'_>) -> Vec<Spanned<String>> {
    let Some(node) = fields.get("cross_tests") else {
        return Vec::new();
    };
    if let Value::Seq(_) = node.value {
        return reader.texts(node, "`cross_tests`").unwrap_or_default();
    }
    let usual = reader.flag(node, "`cross_tests`").filter(|on| on.value);
    usual.map_or_else(Vec::new, |on| {
        let patterns = TestFiles::USUAL.iter();
        let each = patterns.map(|one| on.clone().map(|_| (*one).to_owned()));
        each.collect()
    })
}

/// `{run: COMMAND, repeat: N}`.
fn read_repeated(reader: &mut Reader, node: &Node) -> Option<Spanned<Proof>> {
    let fields = reader.known_fields(node, "a command of `verify`", VERIFY_KEYS)?;
    let repeat = match fields.get("repeat") {
        Some(node) => {
            let repeat = reader.count(node, "`repeat`")?;
            if !(1..=MOST_REPEATS).contains(&repeat.value) {
                let message = format!("`repeat` is from 1 to {MOST_REPEATS}");
                reader.report(repeat.spot.error("out-of-range", message));
            }
            repeat.value
        }
        None => 1,
    };
    if fields.get("run").is_none() {
        let message = "a command of `verify` has no `run`";
        let missing = reader.spot(node.place).error("missing-key", message);
        reader.report(missing);
    }
    let run = text(reader, fields, "run")?;
    Some(run.map(|run| match repeat {
        0 | 1 => read_proof(run),
        repeat => Proof::Repeated(run, repeat),
    }))
}

/// A command that is run more often than this proves nothing more.
const MOST_REPEATS: u32 = 20;

/// What could be a phase's name before `.tests` is taken for one; a program of that name can be called
/// by its path.
fn read_proof(text: String) -> Proof {
    match text.strip_suffix(".tests") {
        Some(phase) if !phase.is_empty() && why_unusable(phase).is_none() => {
            Proof::TestsOf(phase.to_owned())
        }
        Some(_) | None => Proof::Command(text),
    }
}

pub(super) fn read_distill(
    reader: &mut Reader,
    fields: Fields<'_>,
) -> Option<Spanned<DistillRule>> {
    let node = fields.get("distill")?;
    let spot = reader.spot(node.place);
    let rule = if matches!(node.value, Value::Map(_)) {
        let rule = reader.known_fields(node, "`distill`", DISTILL_KEYS)?;
        let by = match rule.get("by") {
            Some(node) => read_distiller(reader, node)?,
            None => DistillBy::Agent,
        };
        let sections = match rule.get("sections") {
            Some(node) => read_sections(reader, node)?,
            None => Sections::default(),
        };
        DistillRule { by, sections }
    } else {
        DistillRule {
            by: read_distiller(reader, node)?,
            sections: Sections::default(),
        }
    };
    Some(Spanned { value: rule, spot })
}

/// The summary may be named; it is always there.
fn read_sections(reader: &mut Reader, node: &Node) -> Option<Sections> {
    let names = reader.texts(node, "`sections`")?;
    let mut sections = Vec::new();
    for name in names.iter().filter(|name| name.value != SUMMARY) {
        let mut known = Section::ALL.into_iter();
        match known.find(|section| section.name() == name.value) {
            Some(section) => sections.push(section),
            None => reader.report(unknown_section(name)),
        }
    }
    Some(sections.into_iter().collect())
}

fn unknown_section(name: &Spanned<String>) -> Diagnostic {
    let hint = did_you_mean(&name.value, Section::ALL.map(Section::name));
    let message = format!("a handoff has no section `{}`", name.value);
    name.spot
        .error("unknown-section", message)
        .with_hint_opt(hint)
}

fn read_distiller(reader: &mut Reader, node: &Node) -> Option<DistillBy> {
    let text = reader.name(node, "`distill`")?;
    Some(match text.value.as_str() {
        "self" => DistillBy::Agent,
        "none" => DistillBy::Nobody,
        _ => DistillBy::Model(text),
    })
}

pub(super) fn read_on_fail(reader: &mut Reader, fields: Fields<'_>) -> Option<OnFail> {
    let node = fields.get("on_fail")?;
    let rule = reader.known_fields(node, "`on_fail`", ON_FAIL_KEYS)?;
    let max = match rule.get("max") {
        Some(node) => {
            let max = reader.count(node, "`max`")?;
            if max.value == 0 {
                let message = "`max` must be at least 1";
                reader.report(max.spot.error("out-of-range", message));
            }
            max.value
        }
        None => DEFAULT_LOOPS,
    };
    if rule.get("goto").is_none() {
        let missing = reader
            .spot(node.place)
            .error("missing-key", "`on_fail` has no `goto`");
        reader.report(missing);
    }
    Some(OnFail {
        goto: text(reader, rule, "goto")?,
        max,
    })
}

pub(super) fn read_gate(reader: &mut Reader, fields: Fields<'_>) -> Option<Spanned<Gate>> {
    let node = fields.get("gate")?;
    let spot = reader.spot(node.place);
    let value = match &node.value {
        Value::Scalar(scalar) if scalar.as_bool().is_some() => match scalar.as_bool() {
            Some(true) => Gate::Ask(None),
            Some(false) | None => Gate::Open,
        },
        Value::Scalar(scalar) if scalar.is_switch() => {
            let message = format!("`gate` would ask the question `{}`", scalar.text);
            let hint = "write `false` for no gate, `true` for the usual question, or a question";
            reader.report(spot.error("wrong-type", message).with_hint(hint));
            return None;
        }
        Value::Scalar(_) | Value::Seq(_) | Value::Map(_) => {
            Gate::Ask(Some(reader.name(node, "`gate`")?.value))
        }
    };
    Some(Spanned { value, spot })
}

pub(super) fn read_budget(reader: &mut Reader, fields: Fields<'_>) -> Option<Spanned<Budget>> {
    let node = fields.get("budget")?;
    let budget = reader.known_fields(node, "`budget`", BUDGET_KEYS)?;
    let mut whole = |key: &str| {
        let node = budget.get(key)?;
        let number = reader.positive(node, &format!("`{key}`"))?;
        Some(number.value)
    };
    let (calls, tokens) = (whole("calls"), whole("tokens"));
    let cost = budget
        .get("cost")
        .and_then(|node| reader.amount(node, "`cost` (US dollars)"))
        .map(|cost| MicroUsd::from_usd(cost.value));
    Some(Spanned {
        value: Budget {
            calls,
            tokens,
            cost,
        },
        spot: reader.spot(node.place),
    })
}

pub(super) fn read_checkpoint(reader: &mut Reader, fields: Fields<'_>) -> Option<Spanned<u64>> {
    let node = fields.get("checkpoint")?;
    let checkpoint = reader.known_fields(node, "`checkpoint`", CHECKPOINT_KEYS)?;
    let Some(tokens) = checkpoint.get("after_tokens") else {
        let missing = reader
            .spot(node.place)
            .error("missing-key", "`checkpoint` has no `after_tokens`");
        reader.report(missing);
        return None;
    };
    reader.positive(tokens, "`after_tokens`")
}

pub(super) fn text(reader: &mut Reader, fields: Fields<'_>, key: &str) -> Option<Spanned<String>> {
    let node = fields.get(key)?;
    reader.name(node, &format!("`{key}`"))
}
