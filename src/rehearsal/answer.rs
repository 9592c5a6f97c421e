//! From what a model does to what it can put on the wire: placeholders filled, paths resolved, acts
//! turned into calls of the tools that this agent offers.

use serde_json::{Value, json};

use super::request::ChatRequest;
use super::scenario::Content;
use super::{
    Act, Ending, Finish, Moment, Refusal, RehearsedCall, Turn, default_behaviour, template,
};
use crate::context;

/// What goes back for one request.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    /// A completion, whole or not.
    Completion(Completion),
    Refusal(Refusal),
    /// The connection is closed without an answer.
    Drop,
    Stall,
}

/// A model's answer in the wire's terms.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Completion {
    /// The text; may be empty.
    pub text: String,
    /// The tools called, in order.
    pub calls: Vec<ToolUse>,
    /// The finish reason; none if it ends without.
    pub finish: Option<&'static str>,
    pub usage: ClaimedUsage,
    /// What happens to it on the way.
    pub transmission: Transmission,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct ToolUse {
    pub name: String,
    pub arguments: Value,
}

/// Token numbers as OpenAI's `usage` groups them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ClaimedUsage {
    /// Prompt tokens, cached ones included.
    pub prompt: u64,
    pub cached: u64,
    pub completion: u64,
    pub reasoning: u64,
}

/// What happens to a completion on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transmission {
    Arrives,
    /// The connection is dropped in the middle.
    Dropped,
    /// Nothing more comes after the middle.
    Stalled,
    /// What arrives is not JSON.
    Garbled,
}

/// Puts a turn into the terms of the request that it answers.
pub(super) fn answer(turn: &Turn, call: &RehearsedCall, request: &ChatRequest) -> Answer {
    let transmission = match &turn.ending {
        Ending::Error(refusal) => {
            let body = refusal
                .body
                .as_deref()
                .map(|body| template::fill(body, call));
            return Answer::Refusal(Refusal {
                body,
                ..refusal.clone()
            });
        }
        Ending::Drop(Moment::BeforeHeaders) => return Answer::Drop,
        Ending::Stall(Moment::BeforeHeaders) => return Answer::Stall,
        Ending::Drop(Moment::MidStream) => Transmission::Dropped,
        Ending::Stall(Moment::MidStream) => Transmission::Stalled,
        Ending::Malformed => Transmission::Garbled,
        Ending::Proper | Ending::Odd(_) => Transmission::Arrives,
    };
    let mut text = template::fill(&turn.text, call);
    let mut calls = Vec::new();
    let mut handed_in = Vec::new();
    for act in &turn.acts {
        match deed(act, call, request) {
            Deed::Call(tool_use) => calls.push(tool_use),
            Deed::HandIn(words) => handed_in.push(words),
        }
    }
    if !handed_in.is_empty() {
        // The message is the deliverable now; words around it would become a part of it.
        text = handed_in.join("\n\n");
    }
    let finish = match (&turn.ending, calls.is_empty()) {
        (Ending::Odd(Finish::Length), _) => Some("length"),
        (Ending::Odd(Finish::ContentFilter), _) => Some("content_filter"),
        (Ending::Odd(Finish::Unknown), _) => Some("unknown"),
        (Ending::Odd(Finish::Absent), _) => None,
        (Ending::Odd(Finish::ToolCalls), _) | (_, false) => Some("tool_calls"),
        (_, true) => Some("stop"),
    };
    let usage = usage(turn, request, &text, &calls);
    Answer::Completion(Completion {
        text,
        calls,
        finish,
        usage,
        transmission,
    })
}

enum Deed {
    Call(ToolUse),
    /// The agent has no tool for it: it goes into the message.
    HandIn(String),
}

fn deed(act: &Act, call: &RehearsedCall, request: &ChatRequest) -> Deed {
    let place = |path: &str| absolute(&template::fill(path, call), request);
    let fill = |text: &str| template::fill(text, call);
    match act {
        Act::Write { path, content } => {
            let text = match content {
                Content::Text(text) => fill(text),
                Content::Json(json) => format!("{:#}\n", template::fill_json(json, call)),
            };
            written(&place(path), text, request)
        }
        Act::Edit { path, old, new } => {
            let arguments =
                json!({"filePath": place(path), "oldString": fill(old), "newString": fill(new)});
            tool("edit", arguments)
        }
        Act::Read { path } => tool("read", json!({"filePath": place(path)})),
        Act::Bash { command } => {
            let command = fill(command);
            tool(
                "bash",
                json!({"command": command, "description": "Rehearsed command"}),
            )
        }
        Act::Tool { name, arguments } => tool(name, template::fill_json(arguments, call)),
    }
}

/// A file is written with `write`, else with `apply_patch`, which OpenCode offers to GPT models
/// instead; else it is handed in with the message.
fn written(path: &str, text: String, request: &ChatRequest) -> Deed {
    if request.offers("write") {
        return tool("write", json!({"filePath": path, "content": text}));
    }
    if request.offers("apply_patch") {
        let added: String = text.lines().map(|line| format!("+{line}\n")).collect();
        let patch = format!("*** Begin Patch\n*** Add File: {path}\n{added}*** End Patch");
        return tool("apply_patch", json!({"patchText": patch}));
    }
    match serde_json::from_str(&text) {
        Ok(json) if path.ends_with(".json") => Deed::HandIn(default_behaviour::fenced(&json)),
        // Invalid on purpose, perhaps: handed in as it is.
        Ok(_) | Err(_) if path.ends_with(".json") => {
            Deed::HandIn(format!("```json\n{}\n```", text.trim_end()))
        }
        Ok(_) | Err(_) => Deed::HandIn(text),
    }
}

fn tool(name: &str, arguments: Value) -> Deed {
    Deed::Call(ToolUse {
        name: name.to_owned(),
        arguments,
    })
}

/// Agents want absolute paths; without a known workspace a relative one must do.
fn absolute(path: &str, request: &ChatRequest) -> String {
    match request.workspace() {
        Some(workspace) if !path.starts_with('/') => {
            format!("{}/{path}", workspace.trim_end_matches('/'))
        }
        Some(_) | None => path.to_owned(),
    }
}

fn usage(turn: &Turn, request: &ChatRequest, text: &str, calls: &[ToolUse]) -> ClaimedUsage {
    let arguments: u64 = calls
        .iter()
        .map(|call| context::tokens(&call.arguments.to_string()))
        .sum();
    let counted = context::tokens(text) + arguments;
    let cached = turn.usage.cache_read.unwrap_or(0);
    let reasoning = turn.usage.reasoning.unwrap_or(0);
    ClaimedUsage {
        prompt: turn
            .usage
            .input
            .unwrap_or(request.tokens)
            .saturating_add(cached),
        cached,
        completion: turn
            .usage
            .output
            .unwrap_or(counted)
            .saturating_add(reasoning),
        reasoning,
    }
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
