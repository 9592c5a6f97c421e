//! What an agent sends: a chat completion request, read as far as the script depends on it.

use serde::Deserialize;
use serde_json::Value;

use crate::context;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ChatRequest {
    /// The model's id as the agent knows it.
    pub model: String,
    pub stream: bool,
    /// Whether a stream is to end with the usage.
    pub include_usage: bool,
    pub messages: usize,
    /// Answers that the model has given already.
    pub answers: u32,
    pub system: String,
    pub tools: Vec<String>,
    /// Bytes of the tools' JSON.
    pub tools_bytes: usize,
    /// All that a model reads, in the order in which providers cache it: tools, then messages.
    pub text: String,
    /// Bytes of the whole request.
    pub bytes: usize,
    /// Tokens of what it says to the model, by the same estimate as in the context ledger.
    pub tokens: u64,
}

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

impl ChatRequest {
    pub(super) fn decode(body: &[u8]) -> Result<Self, serde_json::Error> {
        let wire: WireRequest = serde_json::from_slice(body)?;
        let of = |roles: &'static [&'static str]| {
            wire.messages
                .iter()
                .filter(move |message| roles.contains(&message.role.as_str()))
        };
        let system: Vec<String> = of(&["system", "developer"])
            .map(|message| text(&message.content))
            .collect();
        let tools = wire.tools.unwrap_or_default();
        let tools_json = match tools.len() {
            0 => String::new(),
            _ => serde_json::to_string(&tools)?,
        };
        let said: u64 = wire.messages.iter().map(WireMessage::tokens).sum();
        Ok(Self {
            stream: wire.stream.unwrap_or(false),
            include_usage: wire
                .stream_options
                .is_some_and(|options| options.include_usage),
            messages: wire.messages.len(),
            answers: u32::try_from(of(&["assistant"]).count()).unwrap_or(u32::MAX),
            system: system.join("\n"),
            tools: tools.iter().filter_map(name).collect(),
            tools_bytes: tools_json.len(),
            text: wire
                .messages
                .iter()
                .fold(tools_json.clone(), |all, message| {
                    all + &text(&message.content)
                }),
            bytes: body.len(),
            tokens: said + context::tokens(&tools_json),
            model: wire.model,
        })
    }

    /// Which answer is asked for, from 1.
    pub(super) fn turn(&self) -> u32 {
        self.answers.saturating_add(1)
    }

    pub(super) fn offers(&self, tool: &str) -> bool {
        self.tools.iter().any(|offered| offered == tool)
    }

    /// Whether this is the agent's own business rather than the call's: OpenCode asks for a title
    /// and for summaries beside the work, both without tools and with prompts of their own.
    pub(super) fn is_aside(&self) -> bool {
        let own = [
            "You are a title generator",
            "You are a context summarization agent",
        ];
        self.tools.is_empty() && own.iter().any(|own| self.system.contains(own))
    }

    /// The agent's working directory, if it tells the model.
    pub(super) fn workspace(&self) -> Option<&str> {
        let mut lines = self.system.lines().map(str::trim);
        let folder = lines
            .find_map(|line| line.strip_prefix("Working directory:"))?
            .trim();
        Some(folder).filter(|folder| folder.starts_with('/'))
    }
}

impl WireMessage {
    fn tokens(&self) -> u64 {
        let used = self.tool_calls.as_ref().map(Value::to_string);
        context::tokens(&text(&self.content)) + context::tokens(&used.unwrap_or_default())
    }
}

/// A message's text: a text, or the text parts of a list.
fn text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts
            .iter()
            .filter_map(|part| part.get("text")?.as_str())
            .collect::<Vec<_>>()
            .join(""),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => String::new(),
    }
}

fn name(tool: &Value) -> Option<String> {
    Some(tool.get("function")?.get("name")?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use serde_json::json;

    use super::*;

    #[test]
    fn turns_tools_and_workspace_are_found() {
        let tools = json!([{"type": "function", "function": {"name": "write", "parameters": {}}}]);
        let body = json!({
            "model": "m1", "stream": true, "stream_options": {"include_usage": true},
            "messages": [
                {"role": "system", "content": "You work.\n<env>\n  Working directory: /tmp/a b\n"},
                {"role": "user", "content": [{"type": "text", "text": "go"}]},
                {"role": "assistant", "content": null, "tool_calls": []},
                {"role": "tool", "content": "ok"},
            ],
            "tools": tools,
        });
        let body = serde_json::to_vec(&body).unwrap();
        let request = ChatRequest::decode(&body).unwrap();
        assert_eq!((request.turn(), request.messages), (2, 4));
        assert_eq!(request.workspace(), Some("/tmp/a b"));
        assert!(request.offers("write") && !request.offers("bash"));
        assert_eq!(request.tools_bytes, tools.to_string().len());
        assert!(request.tokens > context::tokens(&tools.to_string()));
        assert!(request.stream && request.include_usage && !request.is_aside());
    }

    #[test]
    fn a_title_is_an_aside_and_a_plain_question_is_not() {
        let ask = |system: &str| {
            let body = json!({"messages": [{"role": "system", "content": system}]});
            ChatRequest::decode(&serde_json::to_vec(&body).unwrap()).unwrap()
        };
        assert!(ask("You are a title generator. You output ONLY a title.").is_aside());
        assert!(!ask("You are a planner.").is_aside());
        assert_eq!(ask("Working directory: relative").workspace(), None);
    }

    #[test]
    fn nonsense_is_refused() {
        for body in ["", "null", "{}", "{\"messages\": 1}", "\u{0}"] {
            assert!(ChatRequest::decode(body.as_bytes()).is_err(), "{body}");
        }
    }
}
