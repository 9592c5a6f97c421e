//! The published JSON schemas of what agents write.

use serde_json::Value;

use crate::model::{Audit, HandoffWords, Judgement, TaskList};

/// The JSON schema of that name; `None` for a stranger.
pub fn schema(name: &str) -> Option<Value> {
    let schema = match name {
        "handoff" => schemars::schema_for!(HandoffWords),
        "tasks" => schemars::schema_for!(TaskList),
        "judgement" => schemars::schema_for!(Judgement),
        "audit" => schemars::schema_for!(Audit),
        _ => return None,
    };
    Some(schema.to_value())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_named_schema_is_there_and_asks_for_what_is_required() {
        for name in ["handoff", "tasks", "judgement", "audit"] {
            assert!(
                schema(name).expect("named")["required"].is_array(),
                "{name}"
            );
        }
        assert_eq!(
            schema("handoff").expect("named")["required"],
            serde_json::json!(["summary"])
        );
        assert_eq!(
            schema("judgement").expect("named")["required"],
            serde_json::json!(["decision", "rationale"])
        );
        assert_eq!(schema("nobody"), None);
    }
}
