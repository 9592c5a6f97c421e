//! What an editing call changed: the difference of its workspace to its base, as a tree.
//!
//! The workspace was an agent's, so nothing in it is trusted: its `.git` is not read, symlinks are
//! not followed, and what is taken over is decided here, file by file ([`decide`]). What is refused
//! keeps the base's version and is reported.
//!
//! New files that ignore rules cover (`node_modules`, `target`) are left out silently. The rules are
//! the base's *and* the workspace's together: the base's, because an agent must not decide that build
//! output belongs to the project; the workspace's, because tools that make a cache or an environment
//! put a `.gitignore` of their own into it. A new file that only an exception (`!name`) of the agent
//! brings in is reported as refused. A file that a task names by its exact path is taken in any case.

mod decide;
mod limit;
mod origin;
mod rules;
mod walk;

#[cfg(test)]
mod overlay_tests;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::index::PrivateIndex;
use super::selection::Selection;
use super::tree::{self, Entries, EntryKind};
use super::{Doing, Progress, WorkspaceError, bulk, diff, rewrite};
use crate::model::{ChangeLimits, ChangedFile, RefusedChange, TreeId};

use origin::Origin;

/// Where an editing call worked.
#[derive(Debug, Clone, Copy)]
pub struct Edited<'a> {
    /// A copy of the base or of some of its files, or the upper folder of an overlay.
    pub at: &'a Path,
    /// What makes up the base below an overlay, the topmost first; of a copy nothing.
    pub layers: &'a [PathBuf],
}

impl<'a> Edited<'a> {
    fn is_upper(&self) -> bool {
        !self.layers.is_empty()
    }

    fn origin(&self, store: &Path, base: &TreeId) -> Result<Origin<'a>, WorkspaceError> {
        let entries = match self.is_upper() {
            true => Entries::new(),
            false => tree::entries(store, base)?,
        };
        Ok(Origin::new(entries, self.layers))
    }
}

/// What of the base had been put into the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visible {
    /// All of it: a file that is not there any more was deleted.
    All,
    /// These files, as [`Workspace::create_some`](super::Workspace::create_some) gave them: others were never
    /// there, so they are neither deleted nor replaced.
    Only(Vec<String>),
}

/// Which changes are taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    Anywhere,
    /// Those of the files named here, by path, folder or pattern; new files too.
    Only(Vec<String>),
}

/// What an editing call changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    /// The base with the changes; the base itself if there are none.
    pub tree: TreeId,
    /// What differs, renames as git detects them.
    pub files: Vec<ChangedFile>,
    /// The contents that are new, by their objects, and where they lie.
    pub new: Vec<(PathBuf, String)>,
    /// What was not taken over.
    pub refused: Vec<RefusedChange>,
    /// What the ignore rules leave out: new files and whole folders, relative to the workspace. Only the
    /// workspace has them.
    pub left_out: Vec<PathBuf>,
    /// The difference in git's format, binary files included; of a very long one, its beginning and end.
    pub patch: Vec<u8>,
}

/// Whether the base's version stays, because what is at, above or below its place was refused: a refusal
/// takes nothing away.
fn stays(refused: &BTreeSet<&str>, path: &Path) -> bool {
    let mut above = path.ancestors().map(Path::to_string_lossy);
    let below = format!("{}/", path.to_string_lossy());
    let first = refused.range(below.as_str()..).next();
    above.any(|above| refused.contains(&*above))
        || first.is_some_and(|first| first.starts_with(&below))
}

/// Captures the difference of the workspace `edited` to `base` into the store. In an overlay, this costs what was changed,
/// however large the base is.
pub fn capture(
    store: &Path,
    base: &TreeId,
    edited: &Edited<'_>,
    visible: &Visible,
    allowed: &Allowed,
    limits: &ChangeLimits,
) -> Result<Captured, WorkspaceError> {
    let (mut origin, is_upper) = (edited.origin(store, base)?, edited.is_upper());
    let workspace = &edited.at.canonicalize().doing("open", edited.at)?;
    let is_known = |path: &Path| origin.has_file(path) || origin.has_folder(path);
    let allowed = match allowed {
        Allowed::Anywhere => None,
        Allowed::Only(wanted) => Some(Selection::by(wanted, is_known)?),
    };
    let rules = rules::Rules::of(store, &origin)?;
    let mut found = walk::walk((workspace, is_upper), &origin, &rules, allowed.as_ref())?;
    let touched = is_upper.then_some(found.touched.as_slice());
    if let Some(touched) = touched {
        origin.entries = tree::entries_at(store, base, touched)?;
    }
    // Sizes first: nothing is read of what is too much.
    let mut too_much = Vec::new();
    if limit::may_exceed(limits, &found.files) {
        let sizes = tree::sizes_at(store, base, touched)?;
        too_much = limit::keep_within(limits, &origin, &sizes, &mut found.files);
    }
    let mut after = add_files(store, workspace, &found.files)?;
    let before = &origin.entries;
    let refused = found.refused.iter().chain(&too_much);
    let refused: BTreeSet<&str> = refused.map(|change| change.path.as_str()).collect();
    let stays = before.iter().filter(|(path, _)| {
        !refused.is_empty() && !after.contains_key(*path) && stays(&refused, path)
    });
    let stays: Vec<_> = stays
        .map(|(path, entry)| (path.clone(), entry.clone()))
        .collect();
    after.extend(stays);
    let question = decide::Question {
        links: &links(store, &[before, &after])?,
        origin: &origin,
        after: &after,
        visible: match visible {
            Visible::All => None,
            Visible::Only(names) => Some(names.iter().map(PathBuf::from).collect()),
        },
        allowed: allowed.as_ref(),
    };
    let mut decision = decide::decide(&question);
    decision.refused.extend(found.refused);
    decision.refused.extend(too_much);
    decision.refused.sort_by(|a, b| a.path.cmp(&b.path));
    let changes = decision.taken.iter().map(|path| (*path, after.get(*path)));
    let tree = match decision.taken.is_empty() {
        true => base.clone(),
        false => rewrite::with(store, base, changes)?,
    };
    let (files, patch) = match tree == *base {
        true => (Vec::new(), Vec::new()),
        false => diff::files_and_patch(store, base, &tree)?,
    };
    let new = decision.taken.iter().filter_map(|path| {
        let entry = after.get(*path)?;
        (entry.kind != EntryKind::Repository).then(|| (path.to_path_buf(), entry.object.clone()))
    });
    Ok(Captured {
        new: new.collect(),
        files,
        patch,
        refused: decision.refused,
        left_out: found.left_out,
        tree,
    })
}

/// What was made in a workspace that the ignore rules leave out of its changes: new files and whole folders.
pub fn left_out(
    store: &Path,
    base: &TreeId,
    edited: &Edited<'_>,
) -> Result<Vec<PathBuf>, WorkspaceError> {
    let origin = edited.origin(store, base)?;
    let rules = rules::Rules::of(store, &origin)?;
    Ok(walk::walk((edited.at, edited.is_upper()), &origin, &rules, None)?.left_out)
}

/// Puts files into the store.
fn add_files(
    store: &Path,
    workspace: &Path,
    files: &[limit::Sized],
) -> Result<Entries, WorkspaceError> {
    if files.is_empty() {
        return Ok(Entries::new());
    }
    let paths: Vec<&Path> = files.iter().map(|(path, _)| path.as_path()).collect();
    bulk::add_new(workspace, &paths, store, &Progress::default())?;
    let index = PrivateIndex::new(store)?;
    index.add_files(workspace, paths)?;
    index.entries()
}

/// Where the symlinks lead, by the id of their content.
fn links(store: &Path, trees: &[&Entries]) -> Result<decide::Links, WorkspaceError> {
    let mut objects: Vec<&str> = trees
        .iter()
        .flat_map(|entries| entries.values())
        .filter(|entry| entry.kind == EntryKind::Link)
        .map(|entry| entry.object.as_str())
        .collect();
    objects.sort_unstable();
    objects.dedup();
    let targets = tree::contents(store, objects.iter().copied())?;
    let owned = objects.into_iter().map(str::to_owned);
    Ok(owned.zip(targets).collect())
}
