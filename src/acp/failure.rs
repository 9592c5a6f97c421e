//! An error that the agent answered with.

use serde_json::Value;

use super::event::Trouble;
use super::message::RpcError;
use crate::model::{FailureKind, shortened};

/// The protocol's own number for "sign in first".
pub(super) const AUTH_REQUIRED: i64 = -32000;
/// Longest message that is passed on, in bytes.
const LONGEST: usize = 2000;

/// The number says little: most agents answer "internal error" and put what the provider said, and sometimes
/// its status, into the words.
pub(super) fn trouble(error: &RpcError) -> Trouble {
    let data = |key: &str| error.data.get(key).and_then(Value::as_str);
    let details = data("details").or_else(|| error.data.as_str());
    let message = match (error.message.as_str(), details) {
        ("Internal error" | "", Some(details)) => details.to_owned(),
        (message, Some(details)) => format!("{message}: {details}"),
        ("", None) => format!("error {}", error.code),
        (message, None) => message.to_owned(),
    };
    let message = message.trim_start_matches("Internal error: ");
    let message = said_in(message).unwrap_or_else(|| message.to_owned());
    Trouble {
        kind: (error.code == AUTH_REQUIRED).then_some(FailureKind::Auth),
        name: data("errorName").unwrap_or_default().to_owned(),
        status: status(&error.code.to_string()).or_else(|| status(&message)),
        message: shortened(&message, LONGEST).into_owned(),
    }
}

/// A provider's body as the message: `{"error":{"message":"…"}}`.
fn said_in(message: &str) -> Option<String> {
    let body: Value = serde_json::from_str(message).ok()?;
    Some(body.get("error")?.get("message")?.as_str()?.to_owned())
}

/// A status of HTTP at the beginning of a text.
fn status(text: &str) -> Option<u16> {
    let first = text.split(|c: char| !c.is_ascii_digit()).next()?;
    let number = first.parse().ok()?;
    (400..600).contains(&number).then_some(number)
}
