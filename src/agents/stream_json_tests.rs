#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::json;

use super::*;
use crate::agents::{AnswerIn, Transcript};
use crate::plan::Price;

/// A message of the model with these blocks.
fn message(id: &str, blocks: Value) -> String {
    let usage = json!({ "input_tokens": 100, "cache_read_input_tokens": 50, "output_tokens": 1 });
    let message = json!({ "id": id, "model": "m", "content": blocks, "usage": usage });
    json!({ "type": "assistant", "message": message }).to_string()
}

fn call(id: &str) -> Value {
    json!({ "type": "tool_use", "id": id, "name": "Bash", "input": { "command": "true\nfalse" } })
}

fn answer(id: &str) -> String {
    let block = json!({ "type": "tool_result", "tool_use_id": id });
    json!({ "type": "user", "message": { "content": [block] } }).to_string()
}

fn fold(lines: &[String]) -> Transcript {
    let mut decoder = StreamJson::default();
    let mut transcript = Transcript::new(AnswerIn::LastStep, None);
    for signal in lines.iter().flat_map(|line| decoder.line(line)) {
        transcript.apply(signal);
    }
    transcript
}

#[test]
fn step_is_over_when_all_of_its_tools_have_answered() {
    let mut lines = vec![message("m1", json!([call("a"), call("b")])), answer("a")];
    assert_eq!(fold(&lines).boundary(), None);
    lines.push(answer("b"));
    let boundary = fold(&lines).boundary().unwrap();
    assert_eq!((boundary.began, boundary.context), (150, 150));
    lines.push(message("m2", json!([])));
    assert_eq!(fold(&lines).boundary(), None);
}

#[test]
fn message_that_goes_on_after_a_tool_is_counted_once() {
    let lines = [
        message("m1", json!([call("a")])),
        answer("a"),
        message("m1", json!([call("b")])),
        answer("b"),
    ];
    let transcript = fold(&lines);
    assert_eq!(transcript.usage().requests, 1);
    assert_eq!(transcript.usage().input, 100);
    assert!(transcript.boundary().is_some());
}

#[test]
fn error_told_in_the_result_alone_counts() {
    let result = json!({ "type": "result", "subtype": "error_max_turns", "is_error": true, "errors": ["Reached 3 turns"] });
    let error = fold(&[result.to_string()]).agent_error().cloned().unwrap();
    assert_eq!(error.message, "Reached 3 turns");
    assert_eq!(error.kind(), crate::model::FailureKind::Loop);
}

#[test]
fn success_without_a_message_has_the_results_text() {
    let result = json!({ "type": "result", "is_error": false, "result": "Said." }).to_string();
    assert_eq!(fold(&[result]).answer(), Some("Said."));
}

#[test]
fn provider_itself_is_believed_what_it_costs() {
    let cost = |served: bool| {
        let init = json!({ "type": "system", "subtype": "init", "served_by_anthropic": served });
        let usage = json!({ "input_tokens": 1 });
        let result = json!({ "type": "result", "usage": usage, "total_cost_usd": 0.5 });
        fold(&[init.to_string(), result.to_string()]).usage().cost
    };
    assert_eq!(cost(true), MicroUsd::from_usd(0.5));
    assert_eq!(cost(false), MicroUsd(0));
}

#[test]
fn limit_of_older_versions_tells_its_time() {
    let line = json!({
        "type": "result", "is_error": true, "timestamp": "2026-11-28T14:00:00Z",
        "result": "Claude AI usage limit reached|1795874460",
    });
    let error = fold(&[line.to_string()]).agent_error().cloned().unwrap();
    assert_eq!(error.kind(), crate::model::FailureKind::Quota);
    assert_eq!(error.retry_after, Some(Millis(60_000)));
    let error = fold(&[line.to_string().replace("1795874460", "1795874460000")]);
    let in_millis = error.agent_error().and_then(|error| error.retry_after);
    assert_eq!(in_millis, Some(Millis(60_000)));
}

#[test]
fn too_large_numbers_do_not_come_out_small() {
    let most = json!({"inputTokens": u64::MAX, "outputTokens": u64::MAX, "cacheReadInputTokens": u64::MAX});
    let line = json!({"type": "result", "modelUsage": {"a": most, "b": most}});
    let used = fold(&[line.to_string()]).usage();
    assert_eq!((used + used).tokens(), u64::MAX);
    let price = Price {
        input: 1.0,
        ..Price::FREE
    };
    assert!(price.of(&used) >= MicroUsd(1 << 63));
    assert_eq!(MicroUsd::from_usd(1e303), MicroUsd(u64::MAX));
    assert_eq!([-1.0, f64::NAN].map(MicroUsd::from_usd), [MicroUsd(0); 2]);
}
