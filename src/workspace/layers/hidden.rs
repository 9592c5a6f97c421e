//! What of a tree no agent is to see: control files of agents, and symlinks that lead out of the project.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::super::control_files::{ControlFiles, is_control_file};
use super::super::git::path_of;
use super::super::paths::resolve_with;
use super::super::tree::{self, Entries, Entry, EntryKind};
use super::super::{Doing, WorkspaceError};
use super::whiteout::whiteout;
use crate::files;

/// The entries of a tree on which it depends what is hidden. Few, even where the tree is large.
#[derive(Debug, Default)]
pub(in crate::workspace) struct Marks(Entries);

impl Marks {
    pub(in crate::workspace) fn of(entries: &Entries) -> Self {
        let mut marks = Self::default();
        marks.add(entries);
        marks
    }

    pub(super) fn add(&mut self, entries: &Entries) {
        let matters =
            |path: &Path, entry: &Entry| entry.kind == EntryKind::Link || is_control_file(path);
        let matters = entries.iter().filter(|(path, entry)| matters(path, entry));
        self.0
            .extend(matters.map(|(path, entry)| (path.clone(), entry.clone())));
    }

    pub(super) fn remove(&mut self, is_gone: impl Fn(&Path) -> bool) {
        self.0.retain(|path, _| !is_gone(path));
    }

    pub(super) fn read(at: &Path) -> Result<Self, WorkspaceError> {
        let said = files::read(at, files::RECORD).doing("read", at)?;
        Ok(Self(tree::parse_entries(&said)))
    }

    /// In the form of `ls-tree`.
    pub(super) fn write(&self, at: &Path) -> Result<(), WorkspaceError> {
        let mut lines = Vec::new();
        for (path, Entry { kind, object }) in &self.0 {
            lines.extend(format!("{} {object}\t", kind.mode()).into_bytes());
            lines.extend(path.as_os_str().as_bytes());
            lines.push(0);
        }
        files::write(at, lines).doing("write", at)
    }

    /// What is hidden from agents.
    pub(in crate::workspace) fn hidden(
        &self,
        store: &Path,
        control: ControlFiles,
    ) -> Result<Hidden, WorkspaceError> {
        let mut hidden = Hidden::default();
        let is_link = |entry: &Entry| entry.kind == EntryKind::Link;
        let links: Vec<_> = self.0.iter().filter(|(_, entry)| is_link(entry)).collect();
        let objects = links.iter().map(|(_, entry)| entry.object.as_str());
        let targets = tree::contents(store, objects)?;
        let paths = links.iter().map(|(path, _)| path.as_path());
        let targets: BTreeMap<&Path, PathBuf> = paths
            .zip(targets.iter().map(|target| path_of(target)))
            .collect();
        for path in self.0.keys() {
            let mut above: Vec<&Path> = path.ancestors().collect();
            above.reverse();
            let top = above.into_iter().find(|above| is_control_file(above));
            if let Some(top) = top.filter(|_| control == ControlFiles::Drop) {
                if hidden.control.last().is_none_or(|last| last != top) {
                    hidden.control.push(top.to_owned());
                }
            } else if targets.contains_key(path.as_path())
                && resolve_with(path, |at| targets.get(at).cloned()).is_none()
            {
                hidden.links.push(path.clone());
            }
        }
        Ok(hidden)
    }
}

/// What is hidden from agents.
#[derive(Debug, Default)]
pub(in crate::workspace) struct Hidden {
    /// Control files and folders of agents.
    control: Vec<PathBuf>,
    /// Symlinks that would lead out of the tree.
    links: Vec<PathBuf>,
}

impl Hidden {
    pub(in crate::workspace) fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.control.iter().chain(&self.links)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.paths().next().is_none()
    }

    pub(super) fn make(&self, at: &Path) -> Result<(), WorkspaceError> {
        self.paths().try_for_each(|path| whiteout(at, path))
    }

    /// One sentence each, for the user.
    pub(in crate::workspace) fn remarks(&self) -> Vec<String> {
        let said = |paths: &[PathBuf], what: &str| -> Vec<String> {
            let lines = paths
                .iter()
                .map(|path| format!("`{}` {what} and was left out", path.display()));
            lines.collect()
        };
        let links = said(&self.links, "is a link out of the project, or in a circle,");
        [links, said(&self.control, "configures agents")].concat()
    }
}
