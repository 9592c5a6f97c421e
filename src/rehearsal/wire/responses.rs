//! OpenAI Responses: Codex.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Finish;
use super::super::completion::{ClaimedUsage, Completion, ToolUse};
use super::super::request::{Body, ModelRequest, Role, Said, Tool};
use super::sse::{Events, cut, named};

#[derive(Deserialize)]
struct WireRequest {
    #[serde(default)]
    model: String,
    #[serde(default)]
    instructions: Option<String>,
    input: Value,
    #[serde(default)]
    tools: Vec<Value>,
    #[serde(default)]
    stream: bool,
}

pub(super) fn decode(body: &[u8]) -> Result<Body, serde_json::Error> {
    let wire: WireRequest = serde_json::from_slice(body)?;
    let question = json!([{"role": "user", "content": wire.input}]);
    let items = wire.input.as_array().or(question.as_array());
    let instructions = wire
        .instructions
        .map(|text| Said::new(Role::System, &json!(text)));
    let said = items.into_iter().flatten().map(said);
    Ok(Body {
        model: wire.model,
        stream: wire.stream,
        messages: instructions.into_iter().chain(said).collect(),
        offered: wire.tools.iter().filter_map(offered).collect(),
        tools: wire.tools,
        ..Body::default()
    })
}

/// An item of the conversation: something said, a call of a tool, what it gave.
fn said(item: &Value) -> Said {
    let role = match item["type"].as_str() {
        None | Some("message") => Role::of(item["role"].as_str().unwrap_or_default()),
        Some("reasoning" | "function_call" | "custom_tool_call") => Role::Model,
        Some(_) => Role::User,
    };
    let said = Said::new(role, &item["content"]);
    let beside = match said.text.is_empty() {
        true => item.to_string(),
        false => String::new(),
    };
    Said { beside, ..said }
}

fn offered(tool: &Value) -> Option<Tool> {
    Some(Tool {
        freeform: tool["type"] == "custom",
        ..Tool::new(tool.get("name")?.as_str()?, &tool["parameters"])
    })
}

pub(super) fn streamed(completion: &Completion, request: &ModelRequest) -> Events {
    let response = json!({"id": id(request), "object": "response", "status": "in_progress",
        "model": request.model, "output": []});
    let mut events = Events {
        text: vec![named(
            &json!({"type": "response.created", "response": response}),
        )],
        garbled: b"event: response.output_text.delta\ndata: {\"type\": \"response.output_te\n\n",
        ..Events::default()
    };
    for (at, item) in output(completion, request).into_iter().enumerate() {
        // What is said piece by piece: the key of it in the item, and the name of its events.
        let (part, key, event) = match item["type"].as_str() {
            Some("message") => (&mut events.text, "content", "output_text"),
            Some("custom_tool_call") => (&mut events.calls, "input", "custom_tool_call_input"),
            _ => (&mut events.calls, "arguments", "function_call_arguments"),
        };
        let mut begun = item.clone();
        begun["status"] = json!("in_progress");
        begun[key] = match key {
            "content" => json!([]),
            _ => json!(""),
        };
        part.push(named(
            &json!({"type": "response.output_item.added", "output_index": at, "item": begun}),
        ));
        let of = |kind: &str, key: &str, text: &str| {
            named(
                &json!({"type": format!("response.{event}.{kind}"), "item_id": item["id"],
                "output_index": at, "content_index": 0, key: text}),
            )
        };
        let (said, whole_key) = match key {
            "content" => (&item["content"][0]["text"], "text"),
            _ => (&item[key], key),
        };
        let said = said.as_str().unwrap_or_default();
        part.extend(cut(said).map(|piece| of("delta", "delta", piece)));
        part.push(of("done", whole_key, said));
        part.push(named(
            &json!({"type": "response.output_item.done", "output_index": at, "item": item}),
        ));
    }
    if completion.finish != Finish::Absent {
        let response = whole(completion, request);
        let status = response["status"].as_str().unwrap_or_default();
        let kind = format!("response.{status}");
        let last = json!({"type": kind, "response": response});
        events.end.push(named(&last));
    }
    events
}

pub(super) fn whole(completion: &Completion, request: &ModelRequest) -> Value {
    let cut = match completion.finish {
        Finish::Stop | Finish::ToolCalls | Finish::Absent => None,
        Finish::Length => Some("max_output_tokens"),
        Finish::ContentFilter => Some("content_filter"),
        Finish::Unknown => Some("unknown"),
    };
    json!({
        "id": id(request), "object": "response", "created_at": 0, "model": request.model,
        "status": cut.map_or("completed", |_| "incomplete"),
        "incomplete_details": cut.map(|reason| json!({"reason": reason})),
        "output": output(completion, request), "usage": usage(completion.usage),
    })
}

fn id(request: &ModelRequest) -> String {
    format!("resp_{}", request.turn())
}

fn output(completion: &Completion, request: &ModelRequest) -> Vec<Value> {
    let text = Some(&completion.text).filter(|text| !text.is_empty());
    let text = text.map(|text| {
        json!({"type": "message", "id": format!("msg_{}", request.turn()), "status": "completed",
            "role": "assistant",
            "content": [{"type": "output_text", "text": text, "annotations": []}]})
    });
    let calls = completion.calls.iter().enumerate();
    let calls = calls.map(|(index, ToolUse { name, arguments })| {
        let call = request.call_id(index);
        let (kind, key, input) = match arguments {
            Value::String(text) => ("custom_tool_call", "input", text.clone()),
            arguments => ("function_call", "arguments", arguments.to_string()),
        };
        json!({"type": kind, "id": format!("item_{call}"), "status": "completed",
            "call_id": call, "name": name, key: input})
    });
    text.into_iter().chain(calls).collect()
}

fn usage(usage: ClaimedUsage) -> Value {
    json!({
        "input_tokens": usage.prompt,
        "input_tokens_details": {"cached_tokens": usage.cached},
        "output_tokens": usage.completion,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.prompt.saturating_add(usage.completion),
    })
}
