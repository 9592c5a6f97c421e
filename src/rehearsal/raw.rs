//! A scenario as it is written: one key a field, unknown keys refused. What it means is in
//! [`parse`](super::parse).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Afterwards, Cause, Finish, Moment};
use crate::model::Purpose;
use crate::yaml::Placed;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenScenario {
    pub name: String,
    pub description: Option<String>,
    pub seed: Option<u64>,
    pub rules: Option<Vec<Placed<WrittenRule>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenRule {
    pub when: Option<WrittenWhen>,
    pub times: Option<Placed<u32>>,
    pub delay: Option<Placed<String>>,
    pub then: Option<Vec<Placed<WrittenTurn>>>,
    pub after: Option<Placed<WrittenAfterwards>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenWhen {
    pub phase: Option<String>,
    pub call: Option<String>,
    pub purpose: Option<Purpose>,
    pub model: Option<String>,
    pub slot: Option<Placed<u32>>,
    pub task: Option<String>,
    pub round: Option<Placed<u32>>,
    pub attempt: Option<Placed<u32>>,
    pub turn: Option<Placed<u32>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenTurn {
    pub reply: Option<String>,
    pub say: Option<String>,
    pub write: Option<Placed<WrittenWrite>>,
    pub edit: Option<WrittenEdit>,
    pub read: Option<WrittenRead>,
    pub bash: Option<WrittenBash>,
    pub tool: Option<WrittenTool>,
    pub acts: Option<Vec<Placed<WrittenAct>>>,
    pub error: Option<WrittenError>,
    pub drop: Option<WrittenMoment>,
    pub stall: Option<WrittenMoment>,
    pub finish: Option<WrittenFinish>,
    pub malformed: Option<bool>,
    pub usage: Option<WrittenUsage>,
    pub delay: Option<Placed<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum WrittenAct {
    Write(WrittenWrite),
    Edit(WrittenEdit),
    Read(WrittenRead),
    Bash(WrittenBash),
    Tool(WrittenTool),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenWrite {
    pub path: String,
    pub text: Option<String>,
    pub json: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenEdit {
    pub path: String,
    pub old: String,
    pub new: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenRead {
    pub path: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenBash {
    pub command: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenTool {
    pub name: String,
    pub arguments: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenError {
    pub status: Placed<u16>,
    pub body: Option<String>,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    pub cause: Option<Cause>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(super) enum WrittenMoment {
    BeforeHeaders,
    MidStream,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(super) enum WrittenFinish {
    Length,
    ContentFilter,
    Unknown,
    None,
    ToolCalls,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenUsage {
    pub input: Option<u64>,
    pub output: Option<u64>,
    pub reasoning: Option<u64>,
    pub cache_read: Option<u64>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(super) enum WrittenAfterwards {
    Close,
    Repeat,
}

impl From<WrittenAfterwards> for Afterwards {
    fn from(written: WrittenAfterwards) -> Self {
        match written {
            WrittenAfterwards::Close => Self::Close,
            WrittenAfterwards::Repeat => Self::Repeat,
        }
    }
}

impl From<WrittenMoment> for Moment {
    fn from(written: WrittenMoment) -> Self {
        match written {
            WrittenMoment::BeforeHeaders => Self::BeforeHeaders,
            WrittenMoment::MidStream => Self::MidStream,
        }
    }
}

impl From<WrittenFinish> for Finish {
    fn from(written: WrittenFinish) -> Self {
        match written {
            WrittenFinish::Length => Self::Length,
            WrittenFinish::ContentFilter => Self::ContentFilter,
            WrittenFinish::Unknown => Self::Unknown,
            WrittenFinish::None => Self::Absent,
            WrittenFinish::ToolCalls => Self::ToolCalls,
        }
    }
}
