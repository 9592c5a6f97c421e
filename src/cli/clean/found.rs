//! What `clean` found.

use std::path::PathBuf;

use crate::journal::RunFolder;
use crate::model::{Bytes, RunId};

/// A run that can go.
pub struct Run {
    pub folder: RunFolder,
    /// The branch that it made, if that can go too.
    pub branch: Option<String>,
    pub remark: Option<String>,
    pub room: Bytes,
}

/// What can go.
#[derive(Default)]
pub struct Found {
    pub runs: Vec<Run>,
    /// Folders of runs whose removal was cut off.
    pub leftovers: Vec<(PathBuf, Bytes)>,
    pub cache: Option<(PathBuf, Bytes)>,
    pub kept: Vec<(RunId, String)>,
    /// How many are younger than was asked for.
    pub younger: usize,
}

impl Found {
    pub fn room(&self) -> Bytes {
        let runs = self.runs.iter().map(|run| &run.room);
        let leftovers = self
            .leftovers
            .iter()
            .chain(&self.cache)
            .map(|(_, room)| room);
        Bytes(runs.chain(leftovers).map(|room| room.0).sum())
    }
}
