//! The user's ignore rules that are not part of the tree: of folders above the project, of
//! `.git/info/exclude` and of the user's own `core.excludesFile`. They are put beside the store when
//! the base is taken, so that a capture weighs new files by the rules the base was listed by.

use std::env;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::git::Git;
use super::{Doing, Project, ProjectKind, WorkspaceError};
use crate::files;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OuterRules {
    /// The project's path as the rules' file sees it; empty if it is in the project's root.
    pub below: String,
    pub text: String,
}

/// Where they are in a store.
pub const OUTER_RULES: &str = "info/outer-rules.json";
/// Most bytes of an ignore file that are read.
pub(super) const MOST_RULES: u64 = 16 << 20;

/// Notes the rules beside the store.
pub(super) fn record(project: &Project, store: &Path) -> Result<(), WorkspaceError> {
    let path = store.join(OUTER_RULES);
    let rules = match &project.kind {
        ProjectKind::Plain => Vec::new(),
        ProjectKind::Git { top } => of_repository(project, top)?,
    };
    let bytes = serde_json::to_vec(&rules).unwrap_or_default();
    files::write(&path, bytes).doing("write", &path)
}

/// Reads them again, the weightiest first; a store without any is fine.
pub(super) fn recorded(store: &Path) -> Vec<OuterRules> {
    files::read(&store.join(OUTER_RULES), files::RECORD)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default()
}

fn of_repository(project: &Project, top: &Path) -> Result<Vec<OuterRules>, WorkspaceError> {
    let root = &project.root;
    let below_top = |folder: &Path| {
        root.strip_prefix(folder)
            .map(|below| below.to_string_lossy().into_owned())
            .unwrap_or_default()
    };
    let mut rules = Vec::new();
    for folder in root
        .ancestors()
        .skip(1)
        .take_while(|up| up.starts_with(top))
    {
        rules.extend(read(&folder.join(".gitignore"), below_top(folder)));
    }
    if let Some(repository) = project.repository()? {
        rules.extend(read(&repository.common("info/exclude"), below_top(top)));
    }
    if let Some(path) = users_own(root) {
        rules.extend(read(&path, below_top(top)));
    }
    Ok(rules)
}

/// The file that `core.excludesFile` names, or the place where git looks without it.
fn users_own(root: &Path) -> Option<PathBuf> {
    let named = Git::reading(root)
        .args(["config", "--type=path", "--get", "core.excludesFile"])
        .run();
    match named {
        Ok(said) => Some(root.join(path_of(&said))),
        // git's answer for "not set" is a failure.
        Err(_) => env::var_os("XDG_CONFIG_HOME")
            .filter(|folder| !folder.is_empty())
            .map(PathBuf::from)
            .or_else(|| Some(env::home_dir()?.join(".config")))
            .map(|folder| folder.join("git/ignore")),
    }
}

fn read(path: &Path, below: String) -> Option<OuterRules> {
    let bytes = files::read(path, MOST_RULES).ok()?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Some(OuterRules { below, text })
}

fn path_of(said: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(said).trim_end_matches('\n'))
}
