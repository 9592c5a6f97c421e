//! What the agent says and does in its turn, put together from its updates.

use std::collections::HashMap;

use serde_json::Value;

use super::event::Event;
use super::tool::Tool;
use super::usage::Told;
use crate::model::Usage;

/// Text is passed on in pieces of this size, or at the next [`Talk::tick`].
const PIECE: usize = 2 << 10;
/// More tools than this at work at one time are forgotten.
const MOST_TOOLS: usize = 256;

#[derive(Default)]
pub(super) struct Talk {
    text: String,
    /// The number of the message that is being said.
    message: u64,
    /// The agent's own name of it, where it has names.
    id: Option<String>,
    /// Whether it did something else since: what comes next is another message.
    broken: bool,
    /// Whether it said something that led to no event.
    heard: bool,
    tools: HashMap<String, Tool>,
    told: Told,
    events: Vec<Event>,
}

impl Talk {
    pub fn update(&mut self, update: &Value) {
        self.told.update(update);
        match update["sessionUpdate"].as_str().unwrap_or_default() {
            "agent_message_chunk" => self.say(update),
            "tool_call" | "tool_call_update" => self.use_tool(update),
            "agent_thought_chunk" => {
                self.broken = true;
                self.heard = true;
            }
            _ => self.heard = true,
        }
    }

    /// A tool for which the agent asks something.
    pub fn asks(&mut self, call: &Value) -> Tool {
        self.broken = true;
        let mut tool = self.tools.get(&id(call)).cloned().unwrap_or_default();
        tool.update(call);
        tool
    }

    /// So that somebody who listens knows that the agent lives.
    pub fn tick(&mut self) {
        self.flush();
        if std::mem::take(&mut self.heard) && self.events.is_empty() {
            self.events.push(Event::Heard);
        }
    }

    /// The number of its last message, and what the turn used.
    pub fn end(&mut self, answer: &Value) -> (u64, Usage) {
        self.flush();
        (self.message, self.told.in_all(answer))
    }

    pub fn events(&mut self) -> impl Iterator<Item = Event> {
        std::mem::take(&mut self.events).into_iter()
    }

    fn say(&mut self, update: &Value) {
        let said = update.pointer("/content/text").and_then(Value::as_str);
        let Some(said) = said.filter(|said| !said.is_empty()) else {
            self.heard = true;
            return;
        };
        let id = update["messageId"].as_str().map(str::to_owned);
        if std::mem::take(&mut self.broken) || id != self.id {
            self.flush();
            self.message += 1;
            self.id = id;
        }
        self.text.push_str(said);
        if self.text.len() >= PIECE {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.events.push(Event::Text {
                message: self.message,
                text: std::mem::take(&mut self.text),
            });
        }
    }

    fn use_tool(&mut self, update: &Value) {
        self.flush();
        self.broken = true;
        self.heard = true;
        let id = id(update);
        if self.tools.len() >= MOST_TOOLS && !self.tools.contains_key(&id) {
            self.tools.clear();
        }
        let tool = self.tools.entry(id.clone()).or_default();
        tool.update(update);
        let (name, detail) = (tool.name(), tool.detail());
        match update["status"].as_str() {
            Some(status @ ("completed" | "failed")) => {
                self.tools.remove(&id);
                let failed = status == "failed";
                self.events.push(Event::ToolEnded {
                    name,
                    detail,
                    failed,
                });
            }
            Some("in_progress") if !tool.told => {
                tool.told = true;
                self.events.push(Event::ToolStarted { name, detail });
            }
            _ => {}
        }
    }
}

fn id(update: &Value) -> String {
    update["toolCallId"].as_str().unwrap_or_default().to_owned()
}
