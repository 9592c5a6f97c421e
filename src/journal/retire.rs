//! Taking runs out of the project for good.

use std::fs;
use std::path::{Path, PathBuf};

use super::run_folder::runs_dir;
use super::{JournalError, RunFolder, RunRegister};

/// Before the name of a run whose files are being removed.
const REMOVED: &str = ".removed-";

impl RunFolder {
    /// The run is none any more, at once; its files are at the path given, to be removed. Its lock must be held.
    pub fn retire(&self, register: &RunRegister) -> Result<PathBuf, JournalError> {
        let to = self
            .root()
            .with_file_name(format!("{REMOVED}{}", self.id()));
        fs::rename(self.root(), &to).map_err(JournalError::io("rename", self.root()))?;
        register.forget(self);
        Ok(to)
    }
}

/// Folders of runs whose removal was cut off.
pub fn removed_before(project_root: &Path) -> Result<Vec<PathBuf>, JournalError> {
    let Some(runs) = runs_dir(project_root)? else {
        return Ok(Vec::new());
    };
    let entries = fs::read_dir(&runs).map_err(JournalError::io("read", &runs))?;
    let is_removed = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default();
        name.to_string_lossy().starts_with(REMOVED)
    };
    let paths = entries.flatten().map(|entry| entry.path());
    Ok(paths.filter(is_removed).collect())
}
