//! What a run may use: all of it together, and single phases of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Bytes, MicroUsd, Millis, PhaseName};

/// Limits of a whole run. Zero cost means: none may be spent; absent means no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunLimits {
    pub calls: Option<u64>,
    pub tokens: Option<u64>,
    pub cost: Option<MicroUsd>,
    /// Wall-clock time while a supervisor worked on it.
    pub wall: Option<Millis>,
    /// Calls under way at one time; at least 1.
    pub concurrency: u32,
    /// Agents under way at one time, in all runs of this user on this machine; at least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes: Option<u64>,
    /// What all runs of this user on this machine may spend in a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<MicroUsd>,
}

/// What the calls of one phase may use together, in all its rounds; absent means no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Budget {
    pub calls: Option<u64>,
    pub tokens: Option<u64>,
    pub cost: Option<MicroUsd>,
}

impl Budget {
    /// Calls, tokens and micro-dollars.
    pub fn each(&self) -> [Option<u64>; 3] {
        [self.calls, self.tokens, self.cost.map(|cost| cost.0)]
    }
}

/// What a phase does at a limit of its own or of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AtLimit {
    /// The run stops, and goes on once there is room.
    #[default]
    Park,
    /// It leaves out what it can do without.
    Degrade,
    Fail,
}

impl RunLimits {
    /// What all calls of the run may use together.
    pub fn budget(&self) -> Budget {
        Budget {
            calls: self.calls,
            tokens: self.tokens,
            cost: self.cost,
        }
    }
}

/// How much one editing call may change; absent means no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ChangeLimits {
    pub files: Option<u64>,
    pub size: Option<Bytes>,
    pub file_size: Option<Bytes>,
}

/// Limits as a user changes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedLimits {
    pub run: RunLimits,
    pub changes: ChangeLimits,
    /// Of the phases whose budget was changed; those of the others are in the plan.
    pub budgets: BTreeMap<PhaseName, Budget>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReachedLimit {
    /// Which one, and its value and unit, for example `calls: 40`.
    pub limit: String,
    /// The phase, if it is the budget of one and not a limit of the run.
    pub phase: Option<PhaseName>,
}
