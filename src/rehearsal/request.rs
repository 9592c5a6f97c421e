//! What an agent sends, read as far as the script depends on it, whichever wire it came on.

use serde_json::{Value, json};

use crate::context;

/// How a provider's clients ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
    /// OpenAI chat completions.
    Chat,
    /// Anthropic Messages.
    Messages,
    /// OpenAI Responses.
    Responses,
    /// Gemini generateContent.
    Gemini,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ModelRequest {
    pub wire: Wire,
    /// The model's id as the agent knows it.
    pub model: String,
    pub stream: bool,
    /// Whether a stream of chat completions is to end with the usage; the other wires always say it.
    pub include_usage: bool,
    pub messages: usize,
    /// Answers that the model has given already.
    pub answers: u32,
    pub system: String,
    pub tools: Vec<Tool>,
    /// Bytes of the tools' JSON.
    pub tools_bytes: usize,
    /// All that a model reads, in the order in which providers cache it: tools, then messages.
    pub text: String,
    /// Bytes of the whole request.
    pub bytes: usize,
    /// Tokens of what it says to the model, by the same estimate as in the context ledger.
    pub tokens: u64,
    /// The agent's working directory, if it tells the model.
    pub workspace: Option<String>,
    /// Whether this is the agent's own business rather than the call's: a title, a summary, a probe.
    pub aside: bool,
}

/// A tool that the agent offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tool {
    pub name: String,
    /// The names of its arguments; none if its schema says none.
    pub parameters: Vec<String>,
    /// It takes a text instead of arguments.
    pub freeform: bool,
}

/// What a wire finds in the body of a request.
#[derive(Default)]
pub(super) struct Body {
    pub model: String,
    pub stream: bool,
    pub include_usage: bool,
    pub messages: Vec<Said>,
    /// Answers of the model among the messages, if it is not what it says and calls in a row.
    pub answers: Option<usize>,
    /// The tools as they are offered.
    pub tools: Vec<Value>,
    pub offered: Vec<Tool>,
    /// The wire itself shows that it is no turn of the conversation.
    pub aside: bool,
}

pub(super) struct Said {
    pub role: Role,
    pub text: String,
    /// The tools used or what they gave, as JSON, where it is not in the text.
    pub beside: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    System,
    User,
    Model,
}

impl Role {
    pub(super) fn of(name: &str) -> Self {
        match name {
            "system" | "developer" => Self::System,
            "assistant" | "model" => Self::Model,
            _ => Self::User,
        }
    }
}

impl Said {
    /// A text, or a list of which some parts are text.
    pub(super) fn new(role: Role, content: &Value) -> Self {
        let parts = content.as_array().into_iter().flatten();
        let beside: Vec<&Value> = parts.filter(|part| part.get("text").is_none()).collect();
        let beside = Some(beside).filter(|beside| !beside.is_empty());
        Self {
            role,
            text: text(content),
            beside: beside.map_or_else(String::new, |beside| json!(beside).to_string()),
        }
    }
}

/// How agents tell where they work: Codex, Qwen Code, Claude Code, OpenCode.
const WORKSPACE: [&str; 4] = [
    "<cwd>",
    "I'm currently working in the directory:",
    "- Primary working directory:",
    "Working directory:",
];
/// Gemini CLI tells it in the next line.
const WORKSPACES: &str = "- **Workspace Directories:**";

/// Systems of OpenCode's requests beside the work, which offer no tools.
const ASIDES: [&str; 2] = [
    "You are a title generator",
    "You are a context summarization agent",
];

impl ModelRequest {
    pub(super) fn new(wire: Wire, bytes: usize, body: Body) -> Self {
        let tools_json = match body.tools.len() {
            0 => String::new(),
            _ => Value::Array(body.tools).to_string(),
        };
        let of = |role: Role| {
            let said = body.messages.iter();
            let said = said.filter(move |said| said.role == role);
            said.map(|said| said.text.as_str()).collect::<Vec<_>>()
        };
        let system = of(Role::System).join("\n");
        let aside = body.offered.is_empty() && ASIDES.iter().any(|own| system.contains(own));
        let answers = body.answers.unwrap_or_else(|| answers(&body.messages));
        let said = body.messages.iter();
        let said = said.map(|said| context::tokens(&said.text) + context::tokens(&said.beside));
        Self {
            wire,
            model: body.model,
            stream: body.stream,
            include_usage: body.include_usage,
            messages: body.messages.len(),
            answers: u32::try_from(answers).unwrap_or(u32::MAX),
            tools: body.offered,
            tools_bytes: tools_json.len(),
            tokens: said.sum::<u64>() + context::tokens(&tools_json),
            text: body
                .messages
                .iter()
                .fold(tools_json, |all, said| all + &said.text),
            bytes,
            workspace: workspace(&system).or_else(|| workspace(&of(Role::User).join("\n"))),
            aside: aside || body.aside,
            system,
        }
    }

    /// Which answer is asked for, from 1.
    pub(super) fn turn(&self) -> u32 {
        self.answers.saturating_add(1)
    }

    /// Names a call of a tool in the answer to this, unique within the conversation: turn and place.
    pub(super) fn call_id(&self, index: usize) -> String {
        format!("call_{}_{}", self.turn(), index + 1)
    }

    /// The first of these tools that is offered.
    pub(super) fn tool(&self, names: &[&str]) -> Option<&Tool> {
        let offered = |name: &&str| self.tools.iter().find(|tool| tool.name == *name);
        names.iter().find_map(offered)
    }
}

impl Tool {
    /// A tool by its name and the JSON Schema of its arguments.
    pub(super) fn new(name: &str, schema: &Value) -> Self {
        let properties = schema["properties"].as_object();
        Self {
            name: name.to_owned(),
            parameters: properties
                .into_iter()
                .flat_map(|properties| properties.keys().cloned())
                .collect(),
            freeform: false,
        }
    }
}

fn workspace(text: &str) -> Option<String> {
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        let told = WORKSPACE.iter().find_map(|told| line.strip_prefix(told));
        let folder = match told {
            Some(folder) => folder.trim_end_matches("</cwd>"),
            None if line == WORKSPACES => lines.next()?.trim_start_matches('-'),
            None => continue,
        };
        return Some(folder.trim().to_owned()).filter(|folder| folder.starts_with('/'));
    }
    None
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

/// How often the model has answered: what it says and calls in a row is one answer.
fn answers(messages: &[Said]) -> usize {
    let mut last = Role::User;
    let mut begins = |said: &&Said| {
        let before = std::mem::replace(&mut last, said.role);
        said.role == Role::Model && before != Role::Model
    };
    messages.iter().filter(|said| begins(said)).count()
}

#[cfg(test)]
mod tests {
    use super::super::server_state::tests::chat;
    use super::*;

    #[test]
    fn turns_tools_and_workspace_are_found() {
        let tools = json!([{"type": "function", "function": {"name": "write", "parameters":
            {"properties": {"filePath": {}, "content": {}}}}}]);
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
        let request = chat(body.to_string().as_bytes());
        assert_eq!((request.turn(), request.messages), (2, 4));
        assert_eq!(request.workspace.as_deref(), Some("/tmp/a b"));
        let write = request.tool(&["bash", "write"]).cloned();
        assert_eq!(write.map(|tool| tool.parameters.len()), Some(2));
        assert_eq!(request.tools_bytes, tools.to_string().len());
        assert!(request.tokens > context::tokens(&tools.to_string()));
        assert!(request.stream && request.include_usage && !request.aside);
    }

    #[test]
    fn a_title_is_an_aside_and_a_plain_question_is_not() {
        let ask = |system: &str| {
            let body = json!({"messages": [{"role": "system", "content": system}]});
            chat(body.to_string().as_bytes())
        };
        assert!(ask("You are a title generator. You output ONLY a title.").aside);
        assert!(!ask("You are a planner.").aside);
        assert_eq!(ask("Working directory: relative").workspace, None);
    }

    #[test]
    fn each_agent_says_where_it_works() {
        for told in [
            "<environment_context>\n  <cwd>/w s</cwd>\n",
            "a\nI'm currently working in the directory: /w s\n",
            " - Primary working directory: /w s",
            "- **Workspace Directories:**\n  - /w s\n- **Directory Structure:**",
        ] {
            assert_eq!(workspace(told).as_deref(), Some("/w s"), "{told}");
        }
        assert_eq!(workspace("<cwd>here</cwd>"), None);
    }

    #[test]
    fn nonsense_is_refused() {
        use super::super::wire::Target;
        for wire in [Wire::Chat, Wire::Messages, Wire::Responses, Wire::Gemini] {
            for body in [
                "",
                "null",
                "{}",
                "{\"messages\": 1, \"contents\": 1}",
                "\u{0}",
            ] {
                assert!(
                    wire.decode(Target::default(), body.as_bytes()).is_err(),
                    "{body}"
                );
            }
        }
    }
}
