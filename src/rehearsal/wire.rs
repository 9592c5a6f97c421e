//! Completions in OpenAI's form: as a stream of server-sent events, or as one JSON object.

use hyper::body::Bytes;
use serde_json::{Value, json};

use super::answer::{ClaimedUsage, Completion, ToolUse, Transmission};
use super::request::ChatRequest;

/// Texts are streamed in pieces of at most this many bytes.
const PIECE: usize = 512;

/// The body of an answer, in pieces. What its transmission takes away is not in them.
pub(super) fn pieces(completion: &Completion, request: &ChatRequest) -> Vec<Bytes> {
    match request.stream {
        true => streamed(completion, request),
        false => vec![whole(completion, request)],
    }
}

pub(super) fn media_type(request: &ChatRequest) -> &'static str {
    match request.stream {
        true => "text/event-stream",
        false => "application/json",
    }
}

pub(super) fn error_body(status: u16, message: &str) -> String {
    let (kind, code) = match status {
        401 | 403 => ("authentication_error", "invalid_api_key"),
        404 => ("invalid_request_error", "not_found"),
        429 => ("rate_limit_error", "rate_limit_exceeded"),
        400..500 => ("invalid_request_error", "invalid_request"),
        _ => ("server_error", "server_error"),
    };
    json!({"error": {"message": message, "type": kind, "param": null, "code": code}}).to_string()
}

/// The list of models behind an endpoint: the one it stands for.
pub(super) fn models(model: &str) -> String {
    let model = json!({"id": model, "object": "model", "created": 0, "owned_by": "rehearsal"});
    json!({"object": "list", "data": [model]}).to_string()
}

fn streamed(completion: &Completion, request: &ChatRequest) -> Vec<Bytes> {
    let event = |choices: Value| {
        let id = "chatcmpl-rehearsal";
        json!({"id": id, "object": "chat.completion.chunk", "created": 0,
               "model": request.model, "choices": choices})
    };
    let delta = |delta: Value| event(json!([{"index": 0, "delta": delta, "finish_reason": null}]));
    let silent = completion.text.is_empty() && completion.calls.is_empty();
    let mut events = Vec::new();
    if !(silent && completion.finish.is_none()) {
        events.push(delta(json!({"role": "assistant", "content": ""})));
    }
    events.extend(cut(&completion.text).map(|piece| delta(json!({"content": piece}))));
    let before = events.len();
    for (index, call) in completion.calls.iter().enumerate() {
        let function = json!({"name": call.name, "arguments": ""});
        let id = call_id(request, index);
        let opening = json!({"index": index, "id": id, "type": "function", "function": function});
        events.push(delta(json!({"tool_calls": [opening]})));
        events.extend(cut(&call.arguments.to_string()).map(|piece| {
            delta(json!({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}))
        }));
    }
    let mut lines: Vec<Bytes> = events.iter().map(line).collect();
    match completion.transmission {
        Transmission::Arrives => {}
        Transmission::Dropped | Transmission::Stalled => {
            // The text came through, the tool calls only half.
            lines.truncate(before + (lines.len() - before) / 2);
            return lines;
        }
        Transmission::Garbled => {
            lines.truncate(1);
            lines.push(Bytes::from_static(
                b"data: {\"choices\": [{\"delta\": {\"conte\n\n",
            ));
            return lines;
        }
    }
    let Some(finish) = completion.finish else {
        return lines;
    };
    let last = event(json!([{"index": 0, "delta": {}, "finish_reason": finish}]));
    lines.push(line(&last));
    if request.include_usage {
        let mut closing = event(json!([]));
        closing["usage"] = usage(completion.usage);
        lines.push(line(&closing));
    }
    lines.push(Bytes::from_static(b"data: [DONE]\n\n"));
    lines
}

fn whole(completion: &Completion, request: &ChatRequest) -> Bytes {
    let tool_calls: Vec<Value> = completion
        .calls
        .iter()
        .enumerate()
        .map(|(index, ToolUse { name, arguments })| {
            let function = json!({"name": name, "arguments": arguments.to_string()});
            json!({"id": call_id(request, index), "type": "function", "function": function})
        })
        .collect();
    let mut message = json!({"role": "assistant", "content": completion.text});
    if !tool_calls.is_empty() {
        message["tool_calls"] = Value::Array(tool_calls);
    }
    let body = json!({
        "id": "chatcmpl-rehearsal", "object": "chat.completion", "created": 0,
        "model": request.model,
        "choices": [{"index": 0, "message": message, "finish_reason": completion.finish}],
        "usage": usage(completion.usage),
    });
    let body = Bytes::from(body.to_string());
    match completion.transmission {
        Transmission::Arrives => body,
        Transmission::Dropped | Transmission::Stalled | Transmission::Garbled => {
            body.slice(..body.len() / 2)
        }
    }
}

/// Unique within the conversation: turn and place.
fn call_id(request: &ChatRequest, index: usize) -> String {
    format!("call_{}_{}", request.turn(), index + 1)
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

fn line(event: &Value) -> Bytes {
    Bytes::from(format!("data: {event}\n\n"))
}

/// The text in pieces, cut between characters.
fn cut(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut end = rest.len().min(PIECE);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (piece, behind) = rest.split_at(end);
        rest = behind;
        Some(piece).filter(|piece| !piece.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_lose_nothing() {
        let text = "aü€𝄞".repeat(1000);
        assert!(cut(&text).all(|piece| piece.len() <= PIECE && !piece.is_empty()));
        assert_eq!(cut(&text).collect::<String>(), text);
        assert_eq!(cut("").count(), 0);
    }
}
