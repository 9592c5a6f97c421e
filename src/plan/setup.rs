//! Commands that make a workspace usable: what they install is shared by calls, commands and runs.

use serde::{Deserialize, Serialize};

/// One command, run again when the files that decide about it change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupStep {
    pub run: String,
    /// Paths, folders and patterns of files.
    pub when: Vec<String>,
    /// Paths of what is kept; empty for everything that the ignore rules leave out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<String>,
    /// Nobody named it: the project's files did.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub detected: bool,
}

impl std::fmt::Display for SetupStep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` ({})", self.run, self.when.join(", "))
    }
}
