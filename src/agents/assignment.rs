//! What an adapter is told about one attempt.

use std::collections::BTreeMap;
use std::path::Path;

use crate::model::{Endpoint, Profile};
use crate::plan::{AgentSpec, ModelSpec};

use super::{Carried, Environment};

/// Everything an adapter needs to build the command of one attempt.
#[derive(Debug, Clone, Copy)]
pub struct Assignment<'a> {
    pub agent: &'a AgentSpec,
    pub model: &'a ModelSpec,
    pub profile: Profile,
    /// The folder it works in: absolute, without symbolic links.
    pub workspace: &'a Path,
    /// An existing, empty folder for the home and state of this attempt: absolute, outside the workspace.
    pub private: &'a Path,
    /// What it is to be told.
    pub prompt: &'a str,
    /// Whether tipstaff closes it off from the machine: then a sandbox of the agent's own is one too many.
    pub is_closed: bool,
    /// What the attempt is called, for example the call's id.
    pub title: &'a str,
    /// Variables for the agent and its tools (`TIPSTAFF_CALL`, `TIPSTAFF_PHASE`, …).
    pub vars: &'a BTreeMap<String, String>,
    /// The scripted model server of a rehearsal; `None` when real models are asked.
    pub endpoint: Option<&'a Endpoint>,
    /// What was carried over from the user's own OpenCode.
    pub carried: &'a Carried,
    /// The user's environment, captured once.
    pub environment: &'a Environment,
}
