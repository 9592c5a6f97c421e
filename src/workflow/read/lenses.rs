//! The questions of a parallel phase: a map from name to question, or a list.

use crate::yaml::{Entry, Fields, Node, Reader, Spanned, Value};

use super::super::ast::Lens;
use super::super::keys::LENS_KEYS;
use super::parts::text;

pub(super) fn read_lenses(reader: &mut Reader, fields: Fields<'_>) -> Option<Spanned<Vec<Lens>>> {
    let node = fields.get("lenses")?;
    let value = match &node.value {
        Value::Map(entries) => entries
            .iter()
            .filter_map(|entry| read_named(reader, entry))
            .collect(),
        Value::Seq(items) => items
            .iter()
            .filter_map(|item| read_item(reader, item))
            .collect(),
        Value::Scalar(_) => {
            let message = format!("`lenses` must be a map or a list, not {}", node.describe());
            let wrong = reader
                .spot(node.place)
                .error("wrong-type", message)
                .with_hint("write one question a line, as `NAME: what to look at`");
            reader.report(wrong);
            return None;
        }
    };
    Some(Spanned {
        value,
        spot: reader.spot(node.place),
    })
}

/// An item of a list: `{name: …, prompt: …}`, or a single `NAME: question`.
fn read_item(reader: &mut Reader, node: &Node) -> Option<Lens> {
    if let Value::Map(entries) = &node.value
        && let [entry] = entries.as_slice()
        && !LENS_KEYS.iter().any(|key| key.name == entry.key)
    {
        return read_named(reader, entry);
    }
    let fields = reader.known_fields(node, "a lens", LENS_KEYS)?;
    if fields.get("name").is_none() {
        let missing = reader
            .spot(node.place)
            .error("missing-key", "a lens has no `name`");
        reader.report(missing);
    }
    Some(Lens {
        name: text(reader, fields, "name")?,
        model: text(reader, fields, "model"),
        prompt: text(reader, fields, "prompt"),
    })
}

/// `NAME: question` or `NAME: {model: …, prompt: …}`.
fn read_named(reader: &mut Reader, entry: &Entry) -> Option<Lens> {
    let name = Spanned {
        value: entry.key.clone(),
        spot: reader.spot(entry.place),
    };
    let what = format!("the lens `{}`", entry.key);
    let (model, prompt) = match &entry.value.value {
        Value::Map(_) => {
            // The name is before it already.
            let fields = reader.known_fields(&entry.value, &what, &LENS_KEYS[1..])?;
            (
                text(reader, fields, "model"),
                text(reader, fields, "prompt"),
            )
        }
        Value::Scalar(_) | Value::Seq(_) => (None, Some(reader.name(&entry.value, &what)?)),
    };
    Some(Lens {
        name,
        model,
        prompt,
    })
}
