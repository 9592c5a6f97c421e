//! File edits captured from a workspace, as git trees.

use serde::{Deserialize, Serialize};

use super::{Artifact, TreeId};

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    Added,
    Modified,
    Deleted,
    Renamed,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ChangedFile {
    /// Its path, relative to the project.
    pub path: String,
    pub kind: ChangeKind,
    /// Where it was before, if it was renamed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Lines added and removed; none for a binary file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<(u64, u64)>,
}

impl ChangedFile {
    /// The paths at which something changed.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        let from = self.from.as_deref();
        [Some(self.path.as_str()), from].into_iter().flatten()
    }
}

/// A change that was not taken over, and why.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RefusedChange {
    /// The path, relative to the project.
    pub path: String,
    /// Why: outside the scope, a link that leads out, an agent's control file.
    pub reason: String,
}

/// A change that stays in the run until somebody accepts it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HeldChange {
    /// The path, relative to the project.
    pub path: String,
    /// Why: how it acts by itself, or which known secret is in it.
    pub reason: String,
    /// Whether it is a secret, which no pattern accepts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub secret: bool,
}

/// A known secret in what an editing call wrote, found when it was captured.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FoundSecret {
    /// The file, relative to the project.
    pub path: String,
    pub object: String,
    /// The first line with it, from 1; [`FoundSecret::IN_NAME`] for the file's name.
    pub line: u64,
    /// The variable or configuration key whose value it is.
    pub name: String,
}

impl FoundSecret {
    /// In the place of a line.
    pub const IN_NAME: u64 = 0;
}

/// What an editing call changed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Changes {
    pub base: TreeId,
    /// The git tree with its changes; equal to `base` if there are none.
    pub tree: TreeId,
    pub files: Vec<ChangedFile>,
    /// What was not taken over.
    #[serde(default)]
    pub refused: Vec<RefusedChange>,
    /// Known secrets in new contents, which the run's beginning did not have there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<FoundSecret>,
    pub patch: Option<Artifact>,
}
