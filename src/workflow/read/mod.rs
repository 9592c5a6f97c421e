//! Text to syntax tree. What is mistaken is reported and left out, so that the rest is still checked.

mod inputs;
mod judge;
mod lenses;
mod parts;
mod phase;

use crate::config::{LAYER_KEYS, read_layer};
use crate::yaml::{Diagnostic, Fields, Reader, Source, Value, parse as parse_yaml};

use super::ast::{Phase, Workflow};
use super::keys::TOP_KEYS;

/// Reads a workflow. Mistakes in single values are kept in the workflow; `check` hands them on.
///
/// # Errors
///
/// If there is nothing to check: the text is empty, no YAML, too large, or no map.
pub fn parse(source: &Source) -> Result<Workflow, Vec<Diagnostic>> {
    let parsed = parse_yaml(source);
    let mut reader = Reader::new(source.name.clone(), parsed.diagnostics);
    let Some(root) = parsed.root else {
        let mut mistakes = reader.finish();
        if mistakes.is_empty() {
            let empty = Diagnostic::error("empty", source.name.as_ref(), "the workflow is empty")
                .with_hint("a workflow has a `name` and a list of `phases`");
            mistakes.push(empty);
        }
        return Err(mistakes);
    };
    let keys = [TOP_KEYS, LAYER_KEYS].concat();
    let Some(fields) = reader.known_fields(&root, "the workflow", &keys) else {
        return Err(reader.finish());
    };
    let mut text = |key: &str| {
        let node = fields.get(key)?;
        reader.name(node, &format!("`{key}`"))
    };
    let name = text("name").map_or_else(|| stem(&source.name), |name| name.value);
    let description = text("description").map(|text| text.value);
    let inputs = match fields.get("inputs") {
        Some(node) => inputs::read_inputs(&mut reader, node),
        None => Vec::new(),
    };
    let phases = read_phases(&mut reader, fields);
    let layer = read_layer(&mut reader, fields);
    Ok(Workflow {
        source: source.name.clone(),
        name,
        description: description.unwrap_or_default(),
        inputs,
        phases,
        layer,
        mistakes: reader.finish(),
    })
}

fn read_phases(reader: &mut Reader, fields: Fields<'_>) -> Vec<Phase> {
    let Some(node) = fields.get("phases") else {
        let missing = reader
            .spot(fields.place)
            .error("missing-phases", "the workflow has no `phases`");
        reader.report(missing);
        return Vec::new();
    };
    match &node.value {
        Value::Seq(items) if !items.is_empty() => items
            .iter()
            .filter_map(|item| phase::read_phase(reader, item))
            .collect(),
        Value::Seq(_) => {
            let empty = reader
                .spot(node.place)
                .error("missing-phases", "`phases` is empty");
            reader.report(empty);
            Vec::new()
        }
        Value::Scalar(_) | Value::Map(_) => {
            let message = format!("`phases` must be a list, not {}", node.describe());
            let wrong = reader
                .spot(node.place)
                .error("wrong-type", message)
                .with_hint("each phase begins with `- name: …`");
            reader.report(wrong);
            Vec::new()
        }
    }
}

/// The file's name without folders and ending.
fn stem(source: &str) -> String {
    let file = source.rsplit('/').next().unwrap_or(source);
    let stem = file.split('.').next().unwrap_or(file);
    if stem.is_empty() { "workflow" } else { stem }.to_owned()
}
