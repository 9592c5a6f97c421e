//! Whether executors work: one tiny job each, in which a node looks at itself.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::Millis;
use crate::plan::{ExecutorKind, ExecutorSpec};
use crate::runtime;

/// How long the job may wait in the queue.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came of an executor.
#[derive(Debug, Serialize)]
pub struct Executor {
    pub name: String,
    pub kind: ExecutorKind,
    /// What a node of it is like.
    pub node: Option<Node>,
    /// From handing the job in to its answer.
    pub took_ms: Option<Millis>,
    pub problem: Option<String>,
}

/// A node, by its own word.
#[derive(Debug, Serialize, Deserialize)]
pub struct Node {
    pub name: String,
    pub version: String,
    /// As `doctor` has it.
    pub sandbox: String,
    /// The agents that are there, each with its version or state and how it is signed in.
    pub agents: BTreeMap<String, String>,
}

/// Tries it out. Blocks for up to a minute and some.
pub fn try_out(name: &str, spec: &ExecutorSpec) -> Executor {
    let found = runtime::look::<Node>(spec, PATIENCE);
    let (node, took_ms, problem) = match found {
        Ok((node, took)) => (Some(node), Some(took), None),
        Err(failure) => (None, None, Some(failure.message)),
    };
    Executor {
        name: name.to_owned(),
        kind: spec.kind,
        node,
        took_ms,
        problem,
    }
}
