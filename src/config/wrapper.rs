//! What only an agent of the kind `command` needs, out of a tree.

use crate::plan::{FailureSign, OutputPaths, Wrapper};
use crate::yaml::{Fields, Node, Reader, Value};

use super::keys::{FAILURE_KEYS, HOMES, OUTPUT_KEYS, SIGN_KEYS};

pub(super) fn read(reader: &mut Reader, fields: Fields<'_>) -> Wrapper {
    let output = fields.get("output");
    let output = output.and_then(|node| {
        let fields = reader.known_fields(node, "`output`", OUTPUT_KEYS)?;
        let mut path = |key: &str| {
            let node = fields.get(key)?;
            Some(reader.name(node, &format!("`{key}`"))?.value)
        };
        let (text, error, cost) = (path("text"), path("error"), path("cost"));
        let (input_tokens, output_tokens) = (path("input_tokens"), path("output_tokens"));
        if fields.get("text").is_none() {
            let missing = reader
                .spot(node.place)
                .error("missing-key", "`output` has no `text`");
            reader.report(missing);
        }
        Some(OutputPaths {
            text: text?,
            input_tokens,
            output_tokens,
            cost,
            error,
        })
    });
    let failures = fields.get("failures").and_then(|node| {
        let fields = reader.known_fields(node, "`failures`", FAILURE_KEYS)?;
        let signs = Wrapper::KINDS.iter().filter_map(|kind| {
            let word = kind.rule().name;
            let node = fields.get(word)?;
            let own = reader.known_fields(node, &format!("`{word}`"), SIGN_KEYS)?;
            Some(FailureSign {
                kind: *kind,
                exit: own
                    .get("exit")
                    .map(|node| exits(reader, node))
                    .unwrap_or_default(),
                says: list(reader, own),
            })
        });
        Some(signs.collect())
    });
    let home = fields.get("home");
    let words = [(HOMES[0], false), (HOMES[1], true)];
    let home = home.and_then(|node| reader.choice(node, "`home`", &words));
    Wrapper {
        output,
        failures: failures.unwrap_or_default(),
        shares_home: home.is_some_and(|home| home.value),
    }
}

/// One exit code or a list of them.
fn exits(reader: &mut Reader, node: &Node) -> Vec<i32> {
    let items = match &node.value {
        Value::Seq(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let codes = items
        .iter()
        .filter_map(|item| reader.positive(item, "an exit code"));
    codes
        .filter_map(|code| i32::try_from(code.value).ok())
        .collect()
}

fn list(reader: &mut Reader, fields: Fields<'_>) -> Vec<String> {
    let node = fields.get("says");
    let texts = node.and_then(|node| reader.texts(node, "`says`"));
    texts.into_iter().flatten().map(|text| text.value).collect()
}
