//! An attempt as data, and what is said of it on the way.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{AgentName, CallSpec, Digest, ModelName, RunId, Rung, TreeId};
use crate::plan::Plan;
use crate::run::CallEvent;
use crate::workspace::Head;

/// All that a node needs to know to carry an attempt out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Order {
    /// Of the supervisor's tipstaff.
    pub version: String,
    pub run: RunId,
    pub plan: Plan,
    /// What the configuration sets for agents, as far as it is no secret.
    pub env: BTreeMap<AgentName, BTreeMap<String, String>>,
    pub call: CallSpec,
    pub attempt: u32,
    pub model: ModelName,
    pub ground: Option<TreeId>,
    pub snapshot: TreeId,
    pub head: Option<Head>,
    /// The project's folder of packs, and those that the trees need.
    pub project: String,
    pub packs: Vec<String>,
    /// Files of the run folder that the call reads.
    pub inputs: Vec<String>,
    /// Folders before the node's PATH.
    pub path: Vec<String>,
}

/// Keys that are handed over: in a file that is removed when it is read.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Keys {
    pub of_user: BTreeMap<String, String>,
    pub of_agents: BTreeMap<AgentName, BTreeMap<String, String>>,
}

/// A line that a node says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// The job has begun.
    Arrived {
        node: String,
        sandbox: Rung,
    },
    Happened(CallEvent),
}

/// What an attempt came to on a node. All that it names is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Done {
    pub event: CallEvent,
    /// The files of the attempt's folder.
    pub files: BTreeMap<String, Digest>,
    /// With what the tree of its changes holds beyond the one it started from.
    pub pack: Option<String>,
}
