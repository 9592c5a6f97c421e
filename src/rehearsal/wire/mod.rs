//! The wires: how providers' clients ask a model and what they want to read. A wire reads a request
//! into a [`ModelRequest`] and writes a [`Completion`] or an error; what is said, it does not know.

mod chat;
mod gemini;
mod messages;
mod responses;
mod sse;

use hyper::body::Bytes;
use serde_json::json;

use super::completion::{Completion, Transmission};
use super::request::{ModelRequest, Wire};
use super::{Cause, Refusal};

/// What a path below the token asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked<'a> {
    Models,
    Answer(Wire, Target<'a>),
    /// How many tokens a request has.
    Tokens(Wire, Target<'a>),
}

/// What Gemini's clients say in the path, and all others in the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Target<'a> {
    model: &'a str,
    stream: bool,
}

pub(super) fn asked(path: &str) -> Option<Asked<'_>> {
    let target = Target::default();
    Some(match path {
        "v1/models" => Asked::Models,
        "v1/chat/completions" => Asked::Answer(Wire::Chat, target),
        "v1/responses" => Asked::Answer(Wire::Responses, target),
        "v1/messages" => Asked::Answer(Wire::Messages, target),
        "v1/messages/count_tokens" => Asked::Tokens(Wire::Messages, target),
        _ => {
            let (model, verb) = path.strip_prefix("v1beta/models/")?.rsplit_once(':')?;
            let stream = verb == "streamGenerateContent";
            let target = Target { model, stream };
            match verb {
                "generateContent" | "streamGenerateContent" => Asked::Answer(Wire::Gemini, target),
                "countTokens" => Asked::Tokens(Wire::Gemini, target),
                _ => return None,
            }
        }
    })
}

impl Wire {
    pub(super) fn decode(
        self,
        target: Target<'_>,
        body: &[u8],
    ) -> Result<ModelRequest, serde_json::Error> {
        let read = match self {
            Self::Chat => chat::decode(body),
            Self::Messages => messages::decode(body),
            Self::Responses => responses::decode(body),
            Self::Gemini => gemini::decode(body, target.model, target.stream),
        };
        Ok(ModelRequest::new(self, body.len(), read?))
    }

    /// What the client reads of an error.
    pub(super) fn error(self, status: u16, message: &str, refusal: Option<&Refusal>) -> String {
        let cause = refusal.and_then(|refusal| refusal.cause);
        let error = match self {
            Self::Chat | Self::Responses => chat::error(status, message, cause),
            Self::Messages => messages::error(status, message),
            Self::Gemini => gemini::error(status, message, refusal),
        };
        error.to_string()
    }

    /// The words that the provider itself has for it.
    pub(super) fn words(self, cause: Cause) -> &'static str {
        match (self, cause) {
            (Self::Chat, Cause::Overflow) => "This model's maximum context length is 1000 tokens.",
            (Self::Responses, Cause::Overflow) => {
                "Your input exceeds the context window of this model."
            }
            (Self::Messages, Cause::Overflow) => "prompt is too long: 1001 tokens > 1000 maximum",
            (Self::Gemini, Cause::Overflow) => {
                "The input token count (1001) exceeds the maximum number of tokens allowed (1000)."
            }
            (Self::Messages, Cause::Quota) => "Your credit balance is too low",
            (_, Cause::Quota) => "You exceeded your current quota, please check your plan",
        }
    }

    pub(super) fn tokens(self, tokens: u64) -> String {
        let key = match self {
            Self::Chat | Self::Responses | Self::Messages => "input_tokens",
            Self::Gemini => "totalTokens",
        };
        json!({key: tokens}).to_string()
    }
}

/// The body of an answer, in pieces. What its transmission takes away is not in them.
pub(super) fn pieces(completion: &Completion, request: &ModelRequest) -> Vec<Bytes> {
    if request.stream {
        let events = match request.wire {
            Wire::Chat => chat::streamed(completion, request),
            Wire::Messages => messages::streamed(completion, request),
            Wire::Responses => responses::streamed(completion, request),
            Wire::Gemini => gemini::streamed(completion, request),
        };
        return events.sent(completion.transmission);
    }
    let whole = match request.wire {
        Wire::Chat => chat::whole(completion, request),
        Wire::Messages => messages::whole(completion, request),
        Wire::Responses => responses::whole(completion, request),
        Wire::Gemini => gemini::whole(completion, request),
    };
    let whole = Bytes::from(whole.to_string());
    vec![match completion.transmission {
        Transmission::Arrives => whole,
        Transmission::Dropped | Transmission::Stalled | Transmission::Garbled => {
            whole.slice(..whole.len() / 2)
        }
    }]
}

pub(super) fn media_type(request: &ModelRequest) -> &'static str {
    match request.stream {
        true => "text/event-stream",
        false => "application/json",
    }
}

/// The list of models behind an endpoint: the one it stands for.
pub(super) fn models(model: &str) -> String {
    let model = json!({"id": model, "object": "model", "created": 0, "owned_by": "rehearsal"});
    json!({"object": "list", "data": [model]}).to_string()
}

#[cfg(test)]
mod tests;
