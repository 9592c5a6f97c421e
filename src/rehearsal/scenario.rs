//! A scenario: what scripted models do, as data.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::Pattern;
use crate::model::{Millis, Purpose};

/// What scripted models do. Requests that no rule fits get the default behaviour.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scenario {
    pub name: String,
    /// What it is for; may be empty.
    pub description: String,
    /// From which the default judge's points are drawn.
    pub seed: u64,
    /// The rules; the first that fits a request answers it.
    pub rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub when: When,
    /// How many requests of each attempt it answers; without it, all that fit.
    pub times: Option<u32>,
    /// Wait before the first byte of each answer.
    pub delay: Millis,
    /// The model's answers, turn by turn; without it, the default behaviour.
    pub then: Option<Vec<Turn>>,
    /// What comes after the last of them.
    pub after: Afterwards,
}

/// What a model does when its script has ended and it is asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Afterwards {
    /// It says a closing word and stops.
    #[default]
    Close,
    /// It gives its last answer again, without end: how an agent is sent into a loop.
    Repeat,
}

/// Which requests a rule is for. What is absent fits everything.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct When {
    pub phase: Option<Pattern>,
    pub call: Option<Pattern>,
    pub purpose: Option<Purpose>,
    pub model: Option<Pattern>,
    /// Which of the equal calls of its phase, from 1.
    pub slot: Option<u32>,
    /// The id of the task it carries out.
    pub task: Option<Pattern>,
    /// Which time its phase runs, from 1.
    pub round: Option<u32>,
    /// Which attempt, from 1.
    pub attempt: Option<u32>,
    /// Which answer of the model, from 1. The rule's `then` starts there.
    pub turn: Option<u32>,
}

/// One answer of a model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Turn {
    /// Its text; may be empty.
    pub text: String,
    /// What it does with its tools, in order.
    pub acts: Vec<Act>,
    pub ending: Ending,
    /// What it claims to have used, instead of what was counted.
    pub usage: UsageOverride,
    /// Wait before its first byte, beside the rule's.
    pub delay: Millis,
}

/// One use of a tool, in the agent's terms only when it is put on the wire.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    Write {
        /// Relative to the workspace, or absolute.
        path: String,
        content: Content,
    },
    Edit {
        /// Relative to the workspace, or absolute.
        path: String,
        old: String,
        new: String,
    },
    Read {
        /// Relative to the workspace, or absolute.
        path: String,
    },
    Bash {
        command: String,
    },
    /// Use any tool, exactly so.
    Tool {
        name: String,
        /// Its arguments; placeholders in the texts among them are filled.
        arguments: Value,
    },
}

/// Content of a written file.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// As it is; placeholders are filled.
    Text(String),
    /// Raw as JSON; placeholders in its texts are filled, and quoted as JSON needs it.
    Json(Value),
}

#[derive(Debug, Clone, PartialEq, Default)]
pub enum Ending {
    #[default]
    Proper,
    /// With another finish reason than it should.
    Odd(Finish),
    /// It is an HTTP error.
    Error(Refusal),
    Drop(Moment),
    /// Nothing more comes, and the connection stays open.
    Stall(Moment),
    /// What comes is not JSON.
    Malformed,
}

/// How an answer says that it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    Stop,
    /// The answer was cut at its limit.
    Length,
    ContentFilter,
    Unknown,
    /// The stream ends without a reason.
    Absent,
    /// It says that tools are called, whether or not any is.
    ToolCalls,
}

/// When a connection fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Before the first byte of the answer.
    BeforeHeaders,
    MidStream,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The status, 400 to 599.
    pub status: u16,
    /// The body; without it, the provider's error object that fits status and cause.
    pub body: Option<String>,
    pub headers: BTreeMap<String, String>,
    /// What the status alone does not say.
    pub cause: Option<Cause>,
}

/// Causes of refusals for which providers have words of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The request is larger than the model's context.
    Overflow,
    /// What was paid for is used up.
    Quota,
}

/// Token numbers to claim, in tipstaff's terms. What is absent is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UsageOverride {
    /// Input tokens not read from a cache.
    pub input: Option<u64>,
    pub output: Option<u64>,
    pub reasoning: Option<u64>,
    /// Input tokens read from a cache.
    pub cache_read: Option<u64>,
}
