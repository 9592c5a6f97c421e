//! JSON-RPC 2.0, one message a line.

use serde::Deserialize;
use serde_json::{Value, json};

/// Something the agent said.
pub(super) enum Message {
    Request {
        id: Value,
        method: String,
        params: Value,
    },
    Notification {
        method: String,
        params: Value,
    },
    Response {
        id: u64,
        outcome: Result<Value, RpcError>,
    },
}

#[derive(Debug, Deserialize)]
pub(super) struct RpcError {
    #[serde(default)]
    pub code: i64,
    #[serde(default)]
    pub message: String,
    #[serde(default)]
    pub data: Value,
}

#[derive(Deserialize)]
struct Raw {
    id: Option<Value>,
    method: Option<String>,
    #[serde(default)]
    params: Value,
    #[serde(default)]
    result: Value,
    error: Option<RpcError>,
}

/// `None` if it is no message.
pub(super) fn read(line: &str) -> Option<Message> {
    let raw: Raw = serde_json::from_str(line).ok()?;
    match (raw.id, raw.method) {
        (None, None) => None,
        (None, Some(method)) => Some(Message::Notification {
            method,
            params: raw.params,
        }),
        (Some(id), Some(method)) => Some(Message::Request {
            id,
            method,
            params: raw.params,
        }),
        (Some(id), None) => Some(Message::Response {
            // We give numbers; one that we did not give answers nothing.
            id: id.as_u64().unwrap_or(u64::MAX),
            outcome: raw.error.map_or(Ok(raw.result), Err),
        }),
    }
}

pub(super) fn request(id: u64, method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

pub(super) fn notification(method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "method": method, "params": params })
}

pub(super) fn answer(id: &Value, result: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "result": result })
}

/// Of a request that this client never said it would take.
pub(super) fn refusal(id: &Value, method: &str) -> Value {
    let message = format!("`{method}` is not offered");
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": -32601, "message": message } })
}
