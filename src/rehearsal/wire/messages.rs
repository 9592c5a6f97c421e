//! Anthropic Messages: Claude Code.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Finish;
use super::super::completion::{ClaimedUsage, Completion};
use super::super::request::{Body, ModelRequest, Role, Said, Tool};
use super::sse::{Events, cut, named};

#[derive(Deserialize)]
struct WireRequest {
    #[serde(default)]
    model: String,
    #[serde(default)]
    system: Value,
    messages: Vec<WireMessage>,
    #[serde(default)]
    tools: Vec<Value>,
    #[serde(default)]
    max_tokens: Option<u64>,
    #[serde(default)]
    stream: bool,
}

#[derive(Deserialize)]
struct WireMessage {
    role: String,
    content: Value,
}

pub(super) fn decode(body: &[u8]) -> Result<Body, serde_json::Error> {
    let wire: WireRequest = serde_json::from_slice(body)?;
    let system = Some(&wire.system).filter(|system| !system.is_null());
    let system = system.map(|system| Said::new(Role::System, system));
    let messages = wire.messages.iter();
    let messages = messages.map(|said| Said::new(Role::of(&said.role), &said.content));
    let offered = |tool: &Value| {
        Some(Tool::new(
            tool.get("name")?.as_str()?,
            &tool["input_schema"],
        ))
    };
    Ok(Body {
        model: wire.model,
        stream: wire.stream,
        messages: system.into_iter().chain(messages).collect(),
        offered: wire.tools.iter().filter_map(offered).collect(),
        // Claude Code asks for one token to learn what is left of a quota.
        aside: wire.tools.is_empty() && wire.max_tokens == Some(1),
        tools: wire.tools,
        ..Body::default()
    })
}

pub(super) fn streamed(completion: &Completion, request: &ModelRequest) -> Events {
    let mut opening = whole(completion, request);
    opening["content"] = json!([]);
    opening["stop_reason"] = Value::Null;
    let mut events = Events {
        text: vec![named(&json!({"type": "message_start", "message": opening}))],
        garbled: b"event: content_block_delta\ndata: {\"type\": \"content_block_delta\", \"del\n\n",
        ..Events::default()
    };
    events.text.push(named(&json!({"type": "ping"})));
    for (index, mut block) in blocks(completion, request).into_iter().enumerate() {
        let (part, said, kind, key) = match block["type"] == "text" {
            true => {
                let text = std::mem::replace(&mut block["text"], json!(""));
                let text = text.as_str().unwrap_or_default().to_owned();
                (&mut events.text, text, "text_delta", "text")
            }
            false => {
                let input = std::mem::replace(&mut block["input"], json!({})).to_string();
                (&mut events.calls, input, "input_json_delta", "partial_json")
            }
        };
        let of = |kind: &str, key: &str, value: Value| {
            named(&json!({"type": format!("content_block_{kind}"), "index": index, key: value}))
        };
        part.push(of("start", "content_block", block));
        part.extend(
            cut(&said).map(|piece| of("delta", "delta", json!({"type": kind, key: piece}))),
        );
        part.push(named(
            &json!({"type": "content_block_stop", "index": index}),
        ));
    }
    if let Some(reason) = reason(completion.finish) {
        let delta = json!({"stop_reason": reason, "stop_sequence": null});
        let usage = usage(completion.usage);
        events.end.push(named(
            &json!({"type": "message_delta", "delta": delta, "usage": usage}),
        ));
        events.end.push(named(&json!({"type": "message_stop"})));
    }
    events
}

pub(super) fn whole(completion: &Completion, request: &ModelRequest) -> Value {
    json!({
        "id": format!("msg_{}", request.turn()), "type": "message", "role": "assistant",
        "model": request.model, "content": blocks(completion, request),
        "stop_reason": reason(completion.finish), "stop_sequence": null,
        "usage": usage(completion.usage),
    })
}

fn blocks(completion: &Completion, request: &ModelRequest) -> Vec<Value> {
    let text = Some(&completion.text).filter(|text| !text.is_empty());
    let text = text.map(|text| json!({"type": "text", "text": text}));
    let calls = completion.calls.iter().enumerate().map(|(index, call)| {
        let id = format!("toolu_{}", request.call_id(index));
        json!({"type": "tool_use", "id": id, "name": call.name, "input": call.arguments})
    });
    text.into_iter().chain(calls).collect()
}

fn reason(finish: Finish) -> Option<&'static str> {
    match finish {
        Finish::Stop => Some("end_turn"),
        Finish::ToolCalls => Some("tool_use"),
        Finish::Length => Some("max_tokens"),
        Finish::ContentFilter => Some("refusal"),
        Finish::Unknown => Some("unknown"),
        Finish::Absent => None,
    }
}

fn usage(usage: ClaimedUsage) -> Value {
    json!({
        "input_tokens": usage.prompt.saturating_sub(usage.cached),
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": usage.cached,
        "output_tokens": usage.completion,
    })
}

pub(super) fn error(status: u16, message: &str) -> Value {
    let kind = match status {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        400..500 => "invalid_request_error",
        _ => "api_error",
    };
    let error = json!({"type": kind, "message": message});
    json!({"type": "error", "error": error, "request_id": "req_rehearsal"})
}
