//! One step of the user's tree from one state to another, as data that lies on disk.

use std::path::Component;

use serde::{Deserialize, Serialize};

use super::super::paths::is_reserved;
use super::file_state::FileState;
use super::raw_path::RawPath;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Transition {
    pub format: u32,
    /// Every path that changes, sorted.
    pub steps: Vec<Step>,
    /// Folders to remove where they end up empty.
    pub drop: Vec<Folder>,
    pub make: Vec<Folder>,
    /// Paths that were to change and stay as they are, because they do not merge.
    pub left: Vec<RawPath>,
    /// Paths that change and get conflict markers.
    pub marked: Vec<RawPath>,
}

/// The change of one path. The contents lie in the folder `keep` under their digests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Step {
    pub path: RawPath,
    pub from: FileState,
    /// The mode of the file that is there.
    pub from_mode: Option<u32>,
    pub to: FileState,
    /// The mode of the file that is to be there; none for the one that new files get.
    pub to_mode: Option<u32>,
    /// The temporary place of what is to be there, relative to the project.
    pub temp: Option<RawPath>,
}

/// A folder, relative to the project, and its mode if it had one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Folder {
    pub path: RawPath,
    pub mode: Option<u32>,
}

impl Transition {
    pub(super) const FORMAT: u32 = 2;

    /// Whether all of its paths are such as a run may change: below the project, and neither git's nor
    /// tipstaff's. That no link leads elsewhere is looked at with each change.
    pub(super) fn stays_inside(&self) -> bool {
        let steps = self.steps.iter();
        let steps = steps.flat_map(|step| std::iter::once(&step.path).chain(&step.temp));
        let folders = self.drop.iter().chain(&self.make);
        let sides = self.steps.iter().flat_map(|step| [&step.from, &step.to]);
        let mut all = steps.chain(folders.map(|folder| &folder.path));
        all.all(|path| {
            let mut parts = path.path().components();
            parts.all(|part| matches!(part, Component::Normal(_))) && !is_reserved(path.path())
        }) && sides.into_iter().all(FileState::names_content)
    }
}
