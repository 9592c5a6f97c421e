//! The published JSON schemas of what agents write.

use serde_json::Value;

use super::{handoff, tasks};
use crate::model::{Audit, Judgement};

/// The JSON schema of that name; `None` for a stranger.
pub fn schema(name: &str) -> Option<Value> {
    match name {
        "handoff" => Some(handoff::schema()),
        "tasks" => Some(tasks::schema()),
        "judgement" => Some(schemars::schema_for!(Judgement).to_value()),
        "audit" => Some(schemars::schema_for!(Audit).to_value()),
        _ => None,
    }
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
