//! What `clean` found.

use std::path::PathBuf;

use crate::journal::RunFolder;
use crate::model::{Bytes, RunId};

/// What can go.
#[derive(Default)]
pub struct Found {
    /// Each with the branch that it made, if that can go too.
    pub runs: Vec<(RunFolder, Option<String>, Bytes)>,
    /// Folders of runs whose removal was cut off.
    pub leftovers: Vec<(PathBuf, Bytes)>,
    pub cache: Option<(PathBuf, Bytes)>,
    pub kept: Vec<(RunId, String)>,
    /// How many are younger than was asked for.
    pub younger: usize,
}

impl Found {
    pub fn room(&self) -> Bytes {
        let runs = self.runs.iter().map(|(_, _, room)| room);
        let leftovers = self
            .leftovers
            .iter()
            .chain(&self.cache)
            .map(|(_, room)| room);
        Bytes(runs.chain(leftovers).map(|room| room.0).sum())
    }
}
