//! From what a model does to what it can put on the wire: placeholders filled, paths resolved, acts
//! turned into calls of the tools that this agent offers.

use super::completion::{ClaimedUsage, Completion, ToolUse, Transmission};
use super::request::ModelRequest;
use super::scenario::Content;
use super::{
    Act, Ending, Finish, Moment, Refusal, RehearsedCall, Turn, default_behaviour, template, tools,
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

/// Puts a turn into the terms of the request that it answers.
pub(super) fn answer(turn: &Turn, call: &RehearsedCall, request: &ModelRequest) -> Answer {
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
            Deed::Calls(uses) => calls.extend(uses),
            Deed::HandIn(words) => handed_in.push(words),
        }
    }
    if !handed_in.is_empty() {
        // The message is the deliverable now; words around it would become a part of it.
        text = handed_in.join("\n\n");
    }
    let finish = match (&turn.ending, calls.is_empty()) {
        (Ending::Odd(finish), _) => *finish,
        (_, false) => Finish::ToolCalls,
        (_, true) => Finish::Stop,
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
    Calls(Vec<ToolUse>),
    /// The agent has no tool for it: it goes into the message.
    HandIn(String),
}

fn deed(act: &Act, call: &RehearsedCall, request: &ModelRequest) -> Deed {
    let place = |path: &str| absolute(&template::fill(path, call), request);
    let fill = |text: &str| template::fill(text, call);
    Deed::Calls(match act {
        Act::Write { path, content } => {
            let text = match content {
                Content::Text(text) => fill(text),
                Content::Json(json) => format!("{:#}\n", template::fill_json(json, call)),
            };
            let path = place(path);
            match tools::write(&path, &text, request) {
                Some(write) => vec![write],
                None => return Deed::HandIn(handed_in(&path, text)),
            }
        }
        Act::Edit { path, old, new } => tools::edit(&place(path), &fill(old), &fill(new), request),
        Act::Read { path } => vec![tools::read(&place(path), request)],
        Act::Bash { command } => vec![tools::run(&fill(command), request)],
        Act::Tool { name, arguments } => vec![ToolUse {
            name: name.clone(),
            arguments: template::fill_json(arguments, call),
        }],
    })
}

/// A file's content as a part of the message.
fn handed_in(path: &str, text: String) -> String {
    match serde_json::from_str(&text) {
        Ok(json) if path.ends_with(".json") => default_behaviour::fenced(&json),
        // Invalid on purpose, perhaps: handed in as it is.
        Ok(_) | Err(_) if path.ends_with(".json") => format!("```json\n{}\n```", text.trim_end()),
        Ok(_) | Err(_) => text,
    }
}

/// Agents want absolute paths; without a known workspace a relative one must do.
fn absolute(path: &str, request: &ModelRequest) -> String {
    match &request.workspace {
        Some(workspace) if !path.starts_with('/') => {
            format!("{}/{path}", workspace.trim_end_matches('/'))
        }
        Some(_) | None => path.to_owned(),
    }
}

fn usage(turn: &Turn, request: &ModelRequest, text: &str, calls: &[ToolUse]) -> ClaimedUsage {
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
