//! The context ledger of a call in words: what its prompt was made of.

use serde_json::Value;

use super::table::Table;
use super::words::{clean, or_nothing, token_count};

/// A table of a call's `context.json` (`{"parts": [{name, kind, source, bytes, tokens}], …}`),
/// with the sum below. Fields that are not there are shown as unknown; `None` without parts.
pub fn render_ledger(context: &Value, width: usize) -> Option<String> {
    let parts = context.get("parts")?.as_array()?;
    let mut table = Table::new(4, &["part", "kind", "source", ">bytes", ">tokens"]);
    let (mut bytes, mut tokens) = (0_u64, 0_u64);
    for part in parts {
        let number = |key: &str| part.get(key).and_then(Value::as_u64).unwrap_or(0);
        bytes = bytes.saturating_add(number("bytes"));
        tokens = tokens.saturating_add(number("tokens"));
        table.row([
            words(part, "name"),
            words(part, "kind"),
            words(part, "source"),
            amount(part, "bytes", |bytes| bytes.to_string()),
            amount(part, "tokens", token_count),
        ]);
    }
    if table.is_empty() {
        return None;
    }
    table.row(["in all", "", "", &bytes.to_string(), &token_count(tokens)]);
    Some(table.within(width).to_string() + &neighbours(context, width))
}

/// The files that are in the workspace because of others, and those that were too large for it.
fn neighbours(context: &Value, width: usize) -> String {
    let files = |key: &str| {
        let found = context.get("neighbours").and_then(|all| all.get(key));
        found.and_then(Value::as_array).into_iter().flatten()
    };
    let mut table = Table::new(4, &["file in the workspace", "why", ">bytes", ">tokens"]);
    for (key, left_out) in [("added", ""), ("left_out", "left out for size; ")] {
        for file in files(key) {
            table.row([
                words(file, "path"),
                format!("{left_out}{}", words(file, "why")),
                amount(file, "bytes", |bytes| bytes.to_string()),
                amount(file, "tokens", token_count),
            ]);
        }
    }
    table.within(width).to_string()
}

/// A field as a number.
fn amount(part: &Value, key: &str, shown: impl Fn(u64) -> String) -> String {
    or_nothing(part.get(key).and_then(Value::as_u64).map(shown))
}

/// A field as text; data that is no text (a source such as `{"handoff":"workshop"}`) is flattened.
fn words(part: &Value, key: &str) -> String {
    let text = part.get(key).map(flat);
    or_nothing(text.filter(|text| !text.is_empty()))
}

fn flat(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => clean(text),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(items) => items.iter().map(flat).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| {
                format!("{} {}", clean(key), flat(value))
                    .trim_end()
                    .to_owned()
            })
            .collect::<Vec<_>>()
            .join(", "),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parts_and_their_sum() {
        let context = json!({"parts": [
            {"name": "instructions", "kind": "instructions", "source": "plan.json", "bytes": 4100, "tokens": 1020},
            {"name": "proposal A", "kind": "input", "source": {"proposal": "A"}, "bytes": 900, "tokens": 230},
            {"name": "odd"},
        ]});
        let table = render_ledger(&context, 80).expect("it has parts");
        assert_eq!(
            table,
            "    part          kind          source      bytes  tokens
    instructions  instructions  plan.json    4100    1.0k
    proposal A    input         proposal A    900     230
    odd           –             –               –       –
    in all                                   5000    1.3k\n"
        );
    }

    #[test]
    fn files_that_stand_in_the_workspace_because_of_others() {
        let file = |path: &str, why: &str, bytes: u64| json!({"path": path, "why": why, "bytes": bytes, "tokens": bytes / 4});
        let context = json!({
            "parts": [{"name": "task", "kind": "task", "source": "T1", "bytes": 40, "tokens": 10}],
            "neighbours": {
                "limit": 100,
                "added": [file("src/b.js", "imported by src/a.js", 320)],
                "left_out": [file("src/big.js", "imports src/a.js", 9000)],
            },
        });
        let table = render_ledger(&context, 80).expect("it has parts");
        assert_eq!(
            table,
            "    part    kind  source  bytes  tokens
    task    task  T1         40      10
    in all                   40      10
    file in the workspace  why                                  bytes  tokens
    src/b.js               imported by src/a.js                   320      80
    src/big.js             left out for size; imports src/a.js   9000    2.3k\n"
        );
    }

    #[test]
    fn what_is_no_ledger_is_not_shown() {
        assert_eq!(render_ledger(&json!({"parts": []}), 80), None);
        assert_eq!(render_ledger(&json!("broken"), 80), None);
    }
}
