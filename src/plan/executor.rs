//! Where calls are carried out, if not on the supervisor's machine.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{AgentName, ModelName, PhaseName};

/// The name that stands for the supervisor's own machine.
pub const LOCAL: &str = "local";

/// Which scheduler carries calls out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExecutorKind {
    Slurm,
}

impl ExecutorKind {
    pub const WORDS: [(&str, Self); 1] = [("slurm", Self::Slurm)];
}

/// Whose sign-in agents use on a node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeSignIn {
    /// The one that is there.
    #[default]
    Node,
    /// The keys of the supervisor's environment, in a file that is read once.
    Handed,
}

impl NodeSignIn {
    pub const WORDS: [(&str, Self); 2] = [("node", Self::Node), ("handed", Self::Handed)];
}

/// Machines to which a scheduler sends calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutorSpec {
    pub kind: ExecutorKind,
    /// A folder that the supervisor and all nodes see by the same absolute path.
    pub shared: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
    /// What a node has to have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constraint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// More arguments of each job.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// tipstaff on the nodes; a copy of this one in the shared folder if it is not named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// Folders before the PATH of the nodes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<String>,
    #[serde(default)]
    pub sign_in: NodeSignIn,
}

/// All that a plan knows of them: what they are, and what goes where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Executors {
    pub named: BTreeMap<String, ExecutorSpec>,
    pub of_all: Option<String>,
    pub of_phases: BTreeMap<PhaseName, String>,
    pub of_models: BTreeMap<ModelName, String>,
    pub of_agents: BTreeMap<AgentName, String>,
}

impl Executors {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// With a stronger layer over it.
    #[must_use]
    pub fn under(mut self, over: Self) -> Self {
        self.named.extend(over.named);
        self.of_phases.extend(over.of_phases);
        self.of_models.extend(over.of_models);
        self.of_agents.extend(over.of_agents);
        self.of_all = over.of_all.or(self.of_all);
        self
    }

    /// Those that something is sent to.
    pub fn used(&mut self) {
        let all = self.of_all.iter().chain(self.of_phases.values());
        let all = all
            .chain(self.of_models.values())
            .chain(self.of_agents.values());
        let used: Vec<String> = all.cloned().collect();
        self.named.retain(|name, _| used.contains(name));
    }

    /// The executor of a phase's calls of an agent's model: what the phase says counts first, then the model, its agent,
    /// the workflow or configuration. `None` for the supervisor's machine.
    pub fn of(
        &self,
        phase: &PhaseName,
        model: &ModelName,
        agent: Option<&AgentName>,
    ) -> Option<(&str, &ExecutorSpec)> {
        let name = self
            .of_phases
            .get(phase)
            .or_else(|| self.of_models.get(model))
            .or_else(|| self.of_agents.get(agent?))
            .or(self.of_all.as_ref())?;
        let (name, spec) = self.named.get_key_value(name)?;
        Some((name, spec))
    }
}
