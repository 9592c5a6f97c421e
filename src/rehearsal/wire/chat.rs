//! OpenAI chat completions: OpenCode, Qwen Code, and most wrappers.

use hyper::body::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::completion::{ClaimedUsage, Completion, ToolUse};
use super::super::request::{Body, ModelRequest, Role, Said, Tool};
use super::super::{Cause, Finish};
use super::sse::{Events, cut, data};

#[derive(Deserialize)]
struct WireRequest {
    #[serde(default)]
    model: String,
    messages: Vec<WireMessage>,
    #[serde(default)]
    tools: Option<Vec<Value>>,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default)]
    stream_options: Option<WireStreamOptions>,
}

#[derive(Deserialize)]
struct WireMessage {
    role: String,
    #[serde(default)]
    content: Value,
    /// The tools that an earlier answer used, with their arguments.
    #[serde(default)]
    tool_calls: Option<Value>,
}

#[derive(Deserialize)]
struct WireStreamOptions {
    #[serde(default)]
    include_usage: bool,
}

pub(super) fn decode(body: &[u8]) -> Result<Body, serde_json::Error> {
    let wire: WireRequest = serde_json::from_slice(body)?;
    let tools = wire.tools.unwrap_or_default();
    let said = |message: &WireMessage| {
        let used = message.tool_calls.as_ref().map(Value::to_string);
        Said {
            beside: used.unwrap_or_default(),
            ..Said::new(Role::of(&message.role), &message.content)
        }
    };
    let messages: Vec<Said> = wire.messages.iter().map(said).collect();
    let answers = messages.iter().filter(|said| said.role == Role::Model);
    Ok(Body {
        model: wire.model,
        stream: wire.stream.unwrap_or(false),
        include_usage: wire
            .stream_options
            .is_some_and(|options| options.include_usage),
        answers: Some(answers.count()),
        offered: tools.iter().filter_map(offered).collect(),
        tools,
        messages,
        aside: false,
    })
}

fn offered(tool: &Value) -> Option<Tool> {
    let function = tool.get("function")?;
    Some(Tool::new(
        function.get("name")?.as_str()?,
        &function["parameters"],
    ))
}

pub(super) fn streamed(completion: &Completion, request: &ModelRequest) -> Events {
    let event = |choices: Value| {
        let id = "chatcmpl-rehearsal";
        json!({"id": id, "object": "chat.completion.chunk", "created": 0,
               "model": request.model, "choices": choices})
    };
    let delta = |delta: Value| {
        data(&event(
            json!([{"index": 0, "delta": delta, "finish_reason": null}]),
        ))
    };
    let finish = reason(completion.finish);
    let silent = completion.text.is_empty() && completion.calls.is_empty();
    let mut events = Events {
        garbled: b"data: {\"choices\": [{\"delta\": {\"conte\n\n",
        ..Events::default()
    };
    if !(silent && finish.is_none()) {
        events
            .text
            .push(delta(json!({"role": "assistant", "content": ""})));
    }
    let pieces = cut(&completion.text).map(|piece| delta(json!({"content": piece})));
    events.text.extend(pieces);
    for (index, call) in completion.calls.iter().enumerate() {
        let function = json!({"name": call.name, "arguments": ""});
        let id = request.call_id(index);
        let opening = json!({"index": index, "id": id, "type": "function", "function": function});
        events.calls.push(delta(json!({"tool_calls": [opening]})));
        events
            .calls
            .extend(cut(&call.arguments.to_string()).map(|piece| {
                delta(json!({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}))
            }));
    }
    let Some(finish) = finish else {
        return events;
    };
    let last = event(json!([{"index": 0, "delta": {}, "finish_reason": finish}]));
    events.end.push(data(&last));
    if request.include_usage {
        let mut closing = event(json!([]));
        closing["usage"] = usage(completion.usage);
        events.end.push(data(&closing));
    }
    events.end.push(Bytes::from_static(b"data: [DONE]\n\n"));
    events
}

pub(super) fn whole(completion: &Completion, request: &ModelRequest) -> Value {
    let tool_calls: Vec<Value> = completion
        .calls
        .iter()
        .enumerate()
        .map(|(index, ToolUse { name, arguments })| {
            let function = json!({"name": name, "arguments": arguments.to_string()});
            let id = request.call_id(index);
            json!({"id": id, "type": "function", "function": function})
        })
        .collect();
    let mut message = json!({"role": "assistant", "content": completion.text});
    if !tool_calls.is_empty() {
        message["tool_calls"] = Value::Array(tool_calls);
    }
    let finish = reason(completion.finish);
    json!({
        "id": "chatcmpl-rehearsal", "object": "chat.completion", "created": 0,
        "model": request.model,
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": usage(completion.usage),
    })
}

fn reason(finish: Finish) -> Option<&'static str> {
    match finish {
        Finish::Stop => Some("stop"),
        Finish::ToolCalls => Some("tool_calls"),
        Finish::Length => Some("length"),
        Finish::ContentFilter => Some("content_filter"),
        Finish::Unknown => Some("unknown"),
        Finish::Absent => None,
    }
}

fn usage(usage: ClaimedUsage) -> Value {
    json!({
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.prompt.saturating_add(usage.completion),
        "prompt_tokens_details": {"cached_tokens": usage.cached},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    })
}

/// Both of OpenAI's wires say what went wrong in this way.
pub(super) fn error(status: u16, message: &str, cause: Option<Cause>) -> Value {
    let (kind, code) = match (cause, status) {
        (Some(Cause::Overflow), _) => ("invalid_request_error", "context_length_exceeded"),
        (Some(Cause::Quota), _) => ("insufficient_quota", "insufficient_quota"),
        (None, 401 | 403) => ("authentication_error", "invalid_api_key"),
        (None, 404) => ("invalid_request_error", "not_found"),
        (None, 429) => ("rate_limit_error", "rate_limit_exceeded"),
        (None, 400..500) => ("invalid_request_error", "invalid_request"),
        (None, _) => ("server_error", "server_error"),
    };
    json!({"error": {"message": message, "type": kind, "param": null, "code": code}})
}
