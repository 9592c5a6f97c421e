//! The tasks of a decomposed plan (`tasks.json`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TaskId;

/// The files of a task, relative to the project.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TaskFiles {
    /// Files it may change, also ones that it creates.
    pub edit: Vec<String>,
    /// Files it needs to read.
    pub read: Vec<String>,
}

/// One item of a decomposed plan.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Task {
    /// Unique in its list, for example `T1`.
    #[schemars(with = "String")]
    pub id: TaskId,
    /// What it is, in a few words.
    pub title: String,
    /// Which specialist does it: a category of the phase's `routing`.
    pub category: String,
    /// What is to be done.
    pub instructions: String,
    /// The files it is about.
    #[serde(default)]
    pub files: TaskFiles,
    /// Tasks that must be done before it.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub depends_on: Vec<TaskId>,
    /// How one sees that it is done.
    #[serde(default)]
    pub acceptance: Vec<String>,
    /// A command that verifies it; run by tipstaff.
    #[serde(default)]
    pub verify: Option<String>,
}

/// A decomposed plan.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct TaskList {
    /// The tasks, in the order in which they were written.
    pub tasks: Vec<Task>,
}
