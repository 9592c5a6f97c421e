//! One phase.

use crate::config::read_sandbox_rules;
use crate::model::Millis;
use crate::yaml::{Fields, Node, Reader, Spanned, Value};

use super::super::ast::{Phase, PhaseType, Route};
use super::super::input::Input;
use super::super::keys::{AT_LIMIT, MODES, ON_NONE, ON_TASK_FAIL, PHASE_KEYS, STRATEGIES, YIELDS};
use super::super::when::When;
use super::parts::text;
use super::{judge, lenses, parts};

/// Reads a phase; none if it is no map. One without a usable name gets an impossible one, so that the
/// rest of it is still checked and nothing can refer to it.
pub(super) fn read_phase(reader: &mut Reader, node: &Node) -> Option<Phase> {
    let what = phase_label(node);
    let fields = reader.known_fields(node, &what, PHASE_KEYS)?;
    let name = read_name(reader, fields);
    let kind = match fields.get("type") {
        Some(node) => reader
            .choice(node, "the type of a phase", &PhaseType::WORDS)
            .map(|kind| kind.value),
        None => Some(PhaseType::Single),
    };
    Some(Phase {
        spot: reader.spot(fields.place),
        name,
        kind,
        keys: read_keys(reader, fields),
        description: text(reader, fields, "description").map_or_else(String::new, |t| t.value),
        model: text(reader, fields, "model"),
        models: read_models(reader, fields),
        judge: judge::read_judge(reader, fields),
        routing: read_routing(reader, fields),
        lenses: lenses::read_lenses(reader, fields),
        on_task_fail: fields
            .get("on_task_fail")
            .and_then(|node| reader.choice(node, "`on_task_fail`", &ON_TASK_FAIL))
            .map(|choice| choice.value),
        prompt: text(reader, fields, "prompt"),
        input: read_input(reader, fields),
        output: fields
            .get("output")
            .and_then(|node| reader.free_text(node, "`output`")),
        strategy: fields
            .get("context_strategy")
            .and_then(|node| reader.choice(node, "`context_strategy`", &STRATEGIES)),
        mode: fields
            .get("mode")
            .and_then(|node| reader.choice(node, "`mode`", &MODES))
            .map(|mode| mode.value),
        quorum: fields
            .get("quorum")
            .and_then(|node| reader.count(node, "`quorum`")),
        straggler_timeout: duration(reader, fields, "straggler_timeout"),
        on_none: fields
            .get("on_none")
            .and_then(|node| reader.choice(node, "`on_none`", &ON_NONE))
            .map(|choice| choice.value),
        cross_tests: parts::read_cross_tests(reader, fields),
        yields: fields
            .get("yields")
            .and_then(|node| reader.choice(node, "`yields`", &YIELDS)),
        edits: fields
            .get("edits")
            .and_then(|node| reader.flag(node, "`edits`")),
        scope: parts::read_scope(reader, fields),
        verify: parts::read_verify(reader, fields),
        distill: parts::read_distill(reader, fields),
        on_fail: parts::read_on_fail(reader, fields),
        when: read_when(reader, fields),
        gate: parts::read_gate(reader, fields),
        timeout: duration(reader, fields, "timeout"),
        idle_timeout: duration(reader, fields, "idle_timeout"),
        retries: fields
            .get("retries")
            .and_then(|node| reader.count(node, "`retries`"))
            .map(|count| count.value),
        fallback: read_names(reader, fields, "fallback"),
        substitute: read_names(reader, fields, "substitute"),
        budget: parts::read_budget(reader, fields),
        at_limit: fields
            .get("at_limit")
            .and_then(|node| reader.choice(node, "`at_limit`", &AT_LIMIT))
            .map(|choice| choice.value),
        sandbox: fields
            .get("sandbox")
            .map(|node| read_sandbox_rules(reader, node))
            .unwrap_or_default(),
        executor: text(reader, fields, "executor"),
        checkpoint: parts::read_checkpoint(reader, fields),
    })
}

fn read_names(reader: &mut Reader, fields: Fields<'_>, key: &str) -> Vec<Spanned<String>> {
    let names = fields.get(key);
    let names = names.and_then(|node| reader.texts(node, &format!("`{key}`")));
    names.unwrap_or_default()
}

fn read_keys(reader: &Reader, fields: Fields<'_>) -> Vec<Spanned<String>> {
    fields
        .entries
        .iter()
        .filter(|entry| PHASE_KEYS.iter().any(|key| key.name == entry.key))
        .map(|entry| Spanned {
            value: entry.key.clone(),
            spot: reader.spot(entry.place),
        })
        .collect()
}

/// How messages call the phase: by its name if it has one.
fn phase_label(node: &Node) -> String {
    if let Value::Map(entries) = &node.value
        && let Some(entry) = entries.iter().find(|entry| entry.key == "name")
        && let Value::Scalar(scalar) = &entry.value.value
        && !scalar.text.is_empty()
    {
        return format!("the phase `{}`", scalar.text);
    }
    "a phase".to_owned()
}

fn read_name(reader: &mut Reader, fields: Fields<'_>) -> Spanned<String> {
    let nameless = Spanned {
        value: String::new(),
        spot: reader.spot(fields.place),
    };
    match fields.get("name") {
        Some(node) => reader.name(node, "`name`").unwrap_or(nameless),
        None => {
            let missing = nameless.spot.error("missing-key", "a phase has no `name`");
            reader.report(missing);
            nameless
        }
    }
}

fn read_models(reader: &mut Reader, fields: Fields<'_>) -> Option<Spanned<Vec<Spanned<String>>>> {
    let node = fields.get("models")?;
    let value = reader.texts(node, "`models`")?;
    Some(Spanned {
        value,
        spot: reader.spot(node.place),
    })
}

fn read_routing(reader: &mut Reader, fields: Fields<'_>) -> Vec<Route> {
    let Some(routes) = fields
        .get("routing")
        .and_then(|node| reader.fields(node, "`routing`"))
    else {
        return Vec::new();
    };
    routes
        .entries
        .iter()
        .filter_map(|entry| {
            let what = format!("the model for `{}`", entry.key);
            Some(Route {
                category: Spanned {
                    value: entry.key.clone(),
                    spot: reader.spot(entry.place),
                },
                model: reader.name(&entry.value, &what)?,
            })
        })
        .collect()
}

fn read_input(reader: &mut Reader, fields: Fields<'_>) -> Vec<Spanned<Input>> {
    let texts = fields
        .get("input")
        .and_then(|node| reader.texts(node, "`input`"))
        .unwrap_or_default();
    let mut inputs: Vec<Spanned<Input>> = Vec::new();
    for text in texts {
        match Input::read(&text) {
            // Naming one thing twice would put it into the prompt twice.
            Ok(input) if inputs.iter().any(|earlier| earlier.value == input) => {
                let message = format!("the input `{}` is named twice", text.value);
                reader.report(text.spot.warning("repeated-input", message));
            }
            Ok(input) => inputs.push(text.map(|_| input)),
            Err(mistake) => reader.report(*mistake),
        }
    }
    inputs
}

fn read_when(reader: &mut Reader, fields: Fields<'_>) -> Option<When> {
    let text = text(reader, fields, "when")?;
    match When::read(&text) {
        Ok(when) => Some(when),
        Err(mistake) => {
            reader.report(*mistake);
            None
        }
    }
}

fn duration(reader: &mut Reader, fields: Fields<'_>, key: &str) -> Option<Millis> {
    let node = fields.get(key)?;
    let duration = reader.duration(node, &format!("`{key}`"))?;
    Some(duration.value)
}
