//! Which changes are taken over: pure, over what the base holds and what was found.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::super::control_files::is_control_file;
use super::super::git::path_of;
use super::super::paths::{is_reserved, resolve_with};
use super::super::selection::Selection;
use super::super::tree::{Entries, EntryKind, file_above, first_below};
use super::origin::Origin;
use crate::model::RefusedChange;

/// Where symlinks lead, by the id of their content.
pub(super) type Links = HashMap<String, Vec<u8>>;

/// More refused changes than this are told by folder.
pub(super) const TOLD_ONE_BY_ONE: usize = 100;

/// What there is to decide.
pub(super) struct Question<'a> {
    pub origin: &'a Origin<'a>,
    pub after: &'a Entries,
    pub links: &'a Links,
    /// What of the base was in the workspace; `None` for all of it.
    pub visible: Option<BTreeSet<PathBuf>>,
    /// `None` for anywhere.
    pub allowed: Option<&'a Selection>,
}

#[derive(Debug, Default)]
pub(super) struct Decision<'a> {
    /// Paths whose new state (content, mode or absence) is taken over.
    pub taken: BTreeSet<&'a Path>,
    pub refused: Vec<RefusedChange>,
}

pub(super) fn decide<'a>(question: &'a Question<'_>) -> Decision<'a> {
    let mut taken = BTreeSet::new();
    let mut refused = BTreeMap::new();
    let paths = question.origin.entries.keys().chain(question.after.keys());
    for path in paths {
        match question.verdict(path) {
            Verdict::Same => {}
            Verdict::Taken => {
                taken.insert(path.as_path());
            }
            Verdict::Refused(reason) => {
                refused.insert(path.as_path(), reason.to_owned());
            }
        }
    }
    // Each refusal puts the base's version back, which may be in the way of others.
    loop {
        let result = question.result(&taken);
        let bad: Vec<_> = taken
            .iter()
            .filter_map(|path| Some((*path, question.refusal(&result, path)?)))
            .collect();
        if bad.is_empty() {
            break;
        }
        for (path, reason) in bad {
            taken.remove(path);
            refused.insert(path, reason);
        }
    }
    let refused = report(refused, question.origin);
    Decision { taken, refused }
}

enum Verdict {
    Same,
    Taken,
    Refused(&'static str),
}

impl Question<'_> {
    fn before(&self) -> &Entries {
        &self.origin.entries
    }

    /// What one path's change is worth by itself.
    fn verdict(&self, path: &Path) -> Verdict {
        let (before, after) = (self.before().get(path), self.after.get(path));
        if before == after {
            return Verdict::Same;
        }
        let was_visible = self.visible.as_ref().is_none_or(|seen| seen.contains(path));
        let is_control = is_control_file(path) || is_reserved(path);
        if after.is_none() {
            // Such files may have been left out of the workspace.
            let may_be_missing = is_control || self.leads_out(self.before(), path);
            if !was_visible || may_be_missing {
                return Verdict::Same;
            }
        }
        if is_control {
            return Verdict::Refused("it configures agents");
        }
        if before.is_some() && !was_visible {
            return Verdict::Refused("it is a file of the project that this call was not shown");
        }
        if self.allowed.is_some_and(|allowed| !allowed.has(path)) {
            return Verdict::Refused("it is not among the files that may be changed");
        }
        Verdict::Taken
    }

    /// The tree if these changes are taken over.
    fn result(&self, taken: &BTreeSet<&Path>) -> Entries {
        let mut result = self.before().clone();
        for path in taken {
            match self.after.get(*path) {
                Some(entry) => result.insert((*path).to_owned(), entry.clone()),
                None => result.remove(*path),
            };
        }
        result
    }

    /// Why a new state cannot be in that tree.
    fn refusal(&self, result: &Entries, path: &Path) -> Option<String> {
        let entry = result.get(path)?;
        let in_the_way = file_above(result, path).or_else(|| first_below(result, path));
        if let Some(other) = in_the_way {
            let other = other.display();
            return Some(format!("`{other}` of the project is in the way"));
        }
        (entry.kind == EntryKind::Link && self.leads_out(result, path))
            .then(|| "it is a link that leads out of the project, or in a circle".to_owned())
    }

    /// Whether what is at `path` is a symlink out of the project (or in a circle).
    fn leads_out(&self, entries: &Entries, path: &Path) -> bool {
        let target = |at: &Path| match entries.get(at) {
            Some(entry) if entry.kind == EntryKind::Link => {
                Some(path_of(self.links.get(&entry.object)?))
            }
            None if !self.before().contains_key(at) => self.origin.read_link(at),
            Some(_) | None => None,
        };
        target(path).is_some() && resolve_with(path, target).is_none_or(|real| is_reserved(&real))
    }
}

/// Refused changes for the user; very many new files of one reason are told by their new folder.
fn report(refused: BTreeMap<&Path, String>, origin: &Origin<'_>) -> Vec<RefusedChange> {
    let is_long = refused.len() > TOLD_ONE_BY_ONE;
    let mut report: Vec<RefusedChange> = Vec::new();
    let mut last_folder: Option<(PathBuf, String)> = None;
    for (path, reason) in refused {
        let folder = match is_long {
            true => new_folder(path, origin),
            false => None,
        };
        let shown = match folder {
            Some(folder) => {
                let this = Some((folder.to_owned(), reason.clone()));
                if this == last_folder {
                    continue;
                }
                last_folder = this;
                format!("{}/", folder.display())
            }
            None => path.to_string_lossy().into_owned(),
        };
        report.push(RefusedChange {
            path: shown,
            reason,
        });
    }
    report
}

/// The topmost folder above `path` that the base does not have.
pub(super) fn new_folder<'a>(path: &'a Path, origin: &Origin<'_>) -> Option<&'a Path> {
    let above: Vec<_> = path.ancestors().skip(1).collect();
    above
        .into_iter()
        .rev()
        .filter(|folder| !folder.as_os_str().is_empty())
        .find(|folder| !origin.has_folder(folder))
}
