//! Gemini generateContent: Gemini CLI.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::completion::Completion;
use super::super::request::{Body, ModelRequest, Role, Said, Tool};
use super::super::{Cause, Finish, Refusal};
use super::sse::{Events, cut, data};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireRequest {
    contents: Vec<WireContent>,
    #[serde(default)]
    system_instruction: Option<WireContent>,
    #[serde(default)]
    tools: Vec<Value>,
    #[serde(default)]
    generation_config: Value,
}

#[derive(Deserialize)]
struct WireContent {
    #[serde(default)]
    role: String,
    #[serde(default)]
    parts: Value,
}

pub(super) fn decode(body: &[u8], model: &str, stream: bool) -> Result<Body, serde_json::Error> {
    let wire: WireRequest = serde_json::from_slice(body)?;
    let system = wire.system_instruction.iter();
    let system = system.map(|content| Said::new(Role::System, &content.parts));
    let contents = wire.contents.iter();
    let contents = contents.map(|content| Said::new(Role::of(&content.role), &content.parts));
    let offered = wire.tools.iter();
    let offered = offered.filter_map(|tool| tool["functionDeclarations"].as_array());
    // Gemini CLI asks for JSON beside the work only: who speaks next, does it turn in circles.
    let asks_for_json = |key: &str| wire.generation_config.get(key).is_some();
    Ok(Body {
        model: model.to_owned(),
        stream,
        messages: system.chain(contents).collect(),
        offered: offered.flatten().filter_map(declared).collect(),
        aside: asks_for_json("responseSchema") || asks_for_json("responseJsonSchema"),
        tools: wire.tools,
        ..Body::default()
    })
}

fn declared(function: &Value) -> Option<Tool> {
    let schema = function
        .get("parametersJsonSchema")
        .or(function.get("parameters"));
    let name = function.get("name")?.as_str()?;
    Some(Tool::new(name, schema.unwrap_or(&Value::Null)))
}

pub(super) fn streamed(completion: &Completion, request: &ModelRequest) -> Events {
    let chunk = |part: Value| data(&response(request, json!([part]), None));
    let calls = calls(completion, request).into_iter().map(chunk);
    let mut events = Events {
        text: cut(&completion.text)
            .map(|piece| chunk(json!({"text": piece})))
            .collect(),
        calls: calls.collect(),
        end: Vec::new(),
        garbled: b"data: {\"candidates\": [{\"content\": {\"par\n\n",
    };
    if completion.finish != Finish::Absent {
        let last = response(request, json!([{"text": ""}]), Some(completion));
        events.end.push(data(&last));
    }
    events
}

pub(super) fn whole(completion: &Completion, request: &ModelRequest) -> Value {
    let mut parts = calls(completion, request);
    parts.insert(0, json!({"text": completion.text}));
    response(request, Value::Array(parts), Some(completion))
}

fn calls(completion: &Completion, request: &ModelRequest) -> Vec<Value> {
    let calls = completion.calls.iter().enumerate();
    let calls = calls.map(|(index, call)| {
        let id = request.call_id(index);
        json!({"functionCall": {"id": id, "name": call.name, "args": call.arguments}})
    });
    calls.collect()
}

/// A response with these parts; the last of an answer says how it ends and what it took.
fn response(request: &ModelRequest, parts: Value, end: Option<&Completion>) -> Value {
    let mut candidate = json!({"content": {"role": "model", "parts": parts}, "index": 0});
    let mut response = json!({"modelVersion": request.model, "responseId": "rehearsal"});
    if let Some(completion) = end {
        let usage = completion.usage;
        candidate["finishReason"] = json!(reason(completion.finish));
        response["usageMetadata"] = json!({
            "promptTokenCount": usage.prompt, "cachedContentTokenCount": usage.cached,
            "candidatesTokenCount": usage.completion.saturating_sub(usage.reasoning),
            "thoughtsTokenCount": usage.reasoning,
            "totalTokenCount": usage.prompt.saturating_add(usage.completion),
        });
    }
    response["candidates"] = json!([candidate]);
    response
}

fn reason(finish: Finish) -> Option<&'static str> {
    match finish {
        Finish::Stop | Finish::ToolCalls => Some("STOP"),
        Finish::Length => Some("MAX_TOKENS"),
        Finish::ContentFilter => Some("SAFETY"),
        Finish::Unknown => Some("OTHER"),
        Finish::Absent => None,
    }
}

/// Says in the body what others say in headers: when to come again.
pub(super) fn error(status: u16, message: &str, refusal: Option<&Refusal>) -> Value {
    let name = match status {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        400..500 => "INVALID_ARGUMENT",
        503 | 529 => "UNAVAILABLE",
        _ => "INTERNAL",
    };
    let mut details = Vec::new();
    let of = |kind: &str| format!("type.googleapis.com/google.rpc.{kind}");
    if refusal.is_some_and(|refusal| refusal.cause == Some(Cause::Quota)) {
        let id = "GenerateRequestsPerDayPerProjectPerModel";
        details.push(json!({"@type": of("QuotaFailure"), "violations": [{"quotaId": id}]}));
    }
    if let Some(seconds) = refusal.and_then(|refusal| refusal.headers.get("retry-after")) {
        details.push(json!({"@type": of("RetryInfo"), "retryDelay": format!("{seconds}s")}));
    }
    json!({"error": {"code": status, "message": message, "status": name, "details": details}})
}
