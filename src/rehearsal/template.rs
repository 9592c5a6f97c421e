//! Placeholders in a scenario's texts: `{phase}`, `{request}`, `{first_label}` …

use serde_json::Value;

use super::{RehearsedCall, documents};
use crate::model::{Contract, Label};

/// Fills the placeholders that are known. Other braces stay as they are: code and JSON are full of them.
pub(super) fn fill(text: &str, call: &RehearsedCall) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let (before, behind) = rest.split_at(open);
        filled.push_str(before);
        let inner = &behind[1..];
        let known = inner
            .find('}')
            .and_then(|close| Some((value(&inner[..close], call)?, &inner[close + 1..])));
        match known {
            Some((value, after)) => {
                filled.push_str(&value);
                rest = after;
            }
            None => {
                filled.push('{');
                rest = inner;
            }
        }
    }
    filled.push_str(rest);
    filled
}

/// Fills the placeholders in all texts of a JSON value, keys included.
pub(super) fn fill_json(value: &Value, call: &RehearsedCall) -> Value {
    match value {
        Value::String(text) => Value::String(fill(text, call)),
        Value::Array(items) => items.iter().map(|item| fill_json(item, call)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(key, member)| (fill(key, call), fill_json(member, call)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn value(name: &str, call: &RehearsedCall) -> Option<String> {
    let labels: &[Label] = match &call.contract {
        Contract::Judgement { labels, .. } => labels,
        Contract::Document
        | Contract::Tasks(_)
        | Contract::Audit
        | Contract::Edits
        | Contract::Handoff => &[],
    };
    let label = |label: Option<&Label>| label.map(Label::to_string).unwrap_or_default();
    Some(match name {
        "phase" => call.phase.to_string(),
        "call" => call.call.to_string(),
        "purpose" => documents::purpose_word(call.purpose).to_owned(),
        "model" => call.model.to_string(),
        "slot" => call.slot.to_string(),
        "round" => call.call.round().to_string(),
        "task" => call
            .task
            .as_ref()
            .map(|task| task.id.to_string())
            .unwrap_or_default(),
        "attempt" => call.attempt.to_string(),
        "request" => call.request.clone(),
        "labels" => labels
            .iter()
            .map(Label::as_str)
            .collect::<Vec<_>>()
            .join(", "),
        "first_label" => label(labels.first()),
        "last_label" => label(labels.last()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::server_state::tests::judge_call;
    use super::*;

    #[test]
    fn known_names_are_filled_and_other_braces_stay() {
        let filled = fill(
            "{phase}/{slot} {labels} {{x}} {unknown} {first_label",
            &judge_call(),
        );
        assert_eq!(filled, "plan/1 A, B, C {{x}} {unknown} {first_label");
        assert_eq!(
            fill("{\"w\": \"{last_label}\"}", &judge_call()),
            "{\"w\": \"C\"}"
        );
    }

    #[test]
    fn a_value_is_not_filled_again() {
        let mut call = judge_call();
        call.request = "say {phase}".to_owned();
        assert_eq!(fill("{request}", &call), "say {phase}");
    }

    #[test]
    fn json_texts_are_filled() {
        let mut call = judge_call();
        call.request = "a \"quoted\" word".to_owned();
        let filled = fill_json(&json!({"{first_label}": ["{request}", 1, null]}), &call);
        assert_eq!(filled, json!({"A": ["a \"quoted\" word", 1, null]}));
    }
}
