//! What one delivery did.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::error::names;
use super::transition::Transition;
use crate::model::Unmerged;

/// What one delivery, or taking back, did to the user's files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivered {
    pub paths: BTreeSet<PathBuf>,
    /// Files that do not merge and stay as the user has them; they can be delivered or taken back later.
    pub left: BTreeSet<PathBuf>,
    pub marked: BTreeSet<PathBuf>,
    /// Files that stay because their text is a person's; they are the run's no more.
    pub of_persons: BTreeSet<PathBuf>,
    /// Commits of the run that stay in the history: others are upon them, or the branch is not checked out.
    pub commits_stay: bool,
}

impl Delivered {
    /// What did not merge, for people and the journal.
    pub fn unmerged(&self) -> Unmerged {
        Unmerged {
            left: names(self.left.union(&self.of_persons)),
            marked: names(&self.marked),
        }
    }
}

impl From<Transition> for Delivered {
    fn from(done: Transition) -> Self {
        Self {
            paths: done.steps.into_iter().map(|step| step.path.0).collect(),
            left: done.left.into_iter().map(|path| path.0).collect(),
            marked: done.marked.into_iter().map(|path| path.0).collect(),
            of_persons: BTreeSet::new(),
            commits_stay: false,
        }
    }
}
