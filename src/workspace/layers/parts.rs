//! The layers of a tree, and what they were made of.

use std::path::{Path, PathBuf};

use super::base::Base;
use super::delta::Delta;
use super::hidden::Hidden;
use crate::model::TreeId;

/// The layers of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    /// What hides files that agents do not see, if there are any.
    pub hidden: Option<PathBuf>,
    /// What makes up the tree, the topmost first.
    pub tree: Vec<PathBuf>,
    /// What is hidden and why, one sentence each, for the user.
    pub remarks: Vec<String>,
}

impl Stack {
    /// All of them, the topmost first.
    pub fn folders(&self) -> impl Iterator<Item = &Path> {
        let folders = self.hidden.iter().chain(&self.tree);
        folders.map(PathBuf::as_path)
    }
}

#[derive(Debug)]
pub(super) struct Parts {
    pub tree: TreeId,
    pub base: Base,
    pub delta: Delta,
    pub hidden: Hidden,
    pub stack: Stack,
}
