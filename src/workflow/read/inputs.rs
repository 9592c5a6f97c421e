//! Declared inputs: a list of names, or a map of names to descriptions.

use crate::yaml::{Entry, Node, Reader, Scalar, Spanned, Value};

use super::super::ast::InputDecl;
use super::super::keys::INPUT_KEYS;
use super::super::template::is_name;

pub(super) fn read_inputs(reader: &mut Reader, node: &Node) -> Vec<InputDecl> {
    let declared: Vec<InputDecl> = match &node.value {
        Value::Map(entries) => entries
            .iter()
            .filter_map(|entry| read_entry(reader, entry))
            .collect(),
        Value::Seq(_) | Value::Scalar(_) => reader
            .texts(node, "`inputs`")
            .unwrap_or_default()
            .into_iter()
            .map(|name| InputDecl {
                name,
                default: None,
                description: String::new(),
                required: true,
            })
            .collect(),
    };
    let mut inputs: Vec<InputDecl> = Vec::new();
    for input in declared {
        if let Some(mistake) = name_mistake(&input.name, &inputs) {
            let mistake = input.name.spot.error("bad-input-name", mistake);
            reader.report(mistake);
        } else {
            inputs.push(input);
        }
    }
    inputs
}

fn name_mistake(name: &Spanned<String>, earlier: &[InputDecl]) -> Option<String> {
    let name = &name.value;
    if !is_name(name) {
        return Some(format!(
            "`{name}` is no name for an input: letters, digits, `_` and `-` only"
        ));
    }
    if name == "request" {
        return Some("the input `request` is always there".to_owned());
    }
    earlier
        .iter()
        .any(|input| &input.name.value == name)
        .then(|| format!("the input `{name}` is declared twice"))
}

fn read_entry(reader: &mut Reader, entry: &Entry) -> Option<InputDecl> {
    let name = Spanned {
        value: entry.key.clone(),
        spot: reader.spot(entry.place),
    };
    let plain = |default, description, required| {
        Some(InputDecl {
            name: name.clone(),
            default,
            description,
            required,
        })
    };
    if let Value::Scalar(scalar) = &entry.value.value
        && scalar.is_null()
    {
        return plain(None, String::new(), true);
    }
    let what = format!("the input `{}`", entry.key);
    let fields = reader.known_fields(&entry.value, &what, INPUT_KEYS)?;
    let default = fields
        .get("default")
        .and_then(|node| read_default(reader, node));
    let description = fields
        .get("description")
        .and_then(|node| reader.text(node, "`description`"))
        .map_or_else(String::new, |text| text.value);
    let required = fields
        .get("required")
        .and_then(|node| reader.flag(node, "`required`"));
    if let Some(flag) = &required
        && flag.value
        && default.is_some()
    {
        let message = format!("{what} is required and has a default");
        reader.report(flag.spot.error("required-default", message));
    }
    let must = required.map_or(default.is_none(), |flag| flag.value);
    plain(default, description, must)
}

/// A default is a text whatever it looks like: `default: true` means the text.
fn read_default(reader: &mut Reader, node: &Node) -> Option<String> {
    match &node.value {
        Value::Scalar(Scalar { text, plain, .. }) if !plain || !text.is_empty() => {
            Some(text.clone())
        }
        Value::Scalar(_) | Value::Seq(_) | Value::Map(_) => {
            reader.text(node, "`default`").map(|text| text.value)
        }
    }
}
