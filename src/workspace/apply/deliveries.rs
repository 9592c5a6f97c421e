//! All that a run has put into the user's working tree, one delivery upon another.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::super::{Project, TreeId, WorkspaceError, remove_tree, tree, with_documents};
use super::error::{ApplyError, UndoError};
use super::keep::{Keep, State, Way};
use super::standing::{Standing, look};
use super::undo::names;
use super::{Undone, apply, put, recover_apply, undo};
use crate::files;
use crate::model::Document;

/// The deliveries of a run. What they hold is known by the folders of the deliveries alone, so it is true
/// wherever a supervisor died.
#[derive(Debug)]
pub struct Deliveries<'a> {
    /// The user's project.
    pub project: &'a Project,
    /// The run's store.
    pub store: &'a Path,
    /// Where the deliveries are kept: a folder `NNNN-TREE` each.
    pub folder: &'a Path,
    /// The tree that the run began with.
    pub base: &'a TreeId,
}

/// One of them.
struct Delivery {
    number: u32,
    /// What the run has put there with this one and all before it.
    tree: TreeId,
    keep: PathBuf,
    state: State,
}

impl Deliveries<'_> {
    /// Finishes what was cut off, also an undoing between two deliveries. Comes before anything else.
    ///
    /// # Errors
    /// [`UndoError::Edited`] if the user edited files of it since: then nothing is touched.
    pub fn recover(&self) -> Result<(), UndoError> {
        for delivery in self.all()? {
            recover_apply(self.project, &delivery.keep)?;
        }
        let all = self.all()?;
        let is = |state| all.iter().any(|delivery| delivery.state == state);
        match is(State::Undone) && is(State::Applied) {
            true => self.undo().map(drop),
            false => Ok(()),
        }
    }

    /// Puts a tree into the user's working tree in one step, uncommitted: what differs from the tree that is
    /// there already. What the user edited meanwhile is merged; if anything does not merge, nothing is
    /// touched.
    ///
    /// # Errors
    /// [`ApplyError`].
    pub fn apply(&self, to: &TreeId) -> Result<(), ApplyError> {
        let from = self.there()?;
        if from == *to {
            return Ok(());
        }
        apply(self.project, self.store, &from, to, &self.next(to)?)
    }

    /// Puts a document to its place (see [`place`](super::super::place)) at once. What stands there is first
    /// copied to `previous`, unless it is the version of the document that the run itself put there.
    ///
    /// # Errors
    /// [`ApplyError`].
    pub fn publish(
        &self,
        document: &Document,
        own: Option<&str>,
        bytes: &[u8],
        previous: &Path,
    ) -> Result<(), ApplyError> {
        let path = Path::new(&document.path);
        let whole = self.project.root.join(path);
        let before = match files::read(&whole, files::RECORD) {
            Ok(before) => Some(before),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(WorkspaceError::io("read", &whole)(error).into()),
        };
        if before.as_deref() == Some(bytes) {
            return Ok(());
        }
        if let Some(before) = &before
            && !tree::contents(self.store, own)?.contains(before)
        {
            files::replace(previous, before).map_err(WorkspaceError::io("write", previous))?;
        }
        let one = [(document.path.clone(), document.object.clone())].into();
        let to = with_documents(self.store, &self.there()?, &one)?;
        put(self.project, path, bytes, &self.next(&to)?)
    }

    /// Takes all deliveries back: every file is as it was before the first one.
    ///
    /// # Errors
    /// [`UndoError`]; if files were edited since, nothing is touched.
    pub fn undo(&self) -> Result<Undone, UndoError> {
        let mut all = self.all()?;
        let any = !all.is_empty();
        all.retain(|delivery| delivery.state == State::Applied);
        if all.is_empty() {
            return Err(match any {
                true => UndoError::AlreadyUndone,
                false => UndoError::NotApplied,
            });
        }
        let paths = self.untouched_paths(&all)?;
        for delivery in all.iter().rev() {
            undo(self.project, &delivery.keep)?;
        }
        Ok(Undone {
            paths: names(paths.iter().map(PathBuf::as_path)),
        })
    }

    /// The paths of these deliveries, if each stands as the last of them left it, and each delivery found
    /// what the one before it had left.
    fn untouched_paths(&self, all: &[Delivery]) -> Result<BTreeSet<PathBuf>, UndoError> {
        let mut later: BTreeMap<PathBuf, Standing> = BTreeMap::new();
        let mut edited = BTreeSet::new();
        for delivery in all.iter().rev() {
            for step in Keep::at(&delivery.keep).read(Way::Apply)?.steps {
                let path = step.path.path().to_owned();
                let there = match later.get(&path) {
                    Some(found) => found.clone(),
                    None => look(&self.project.root, &path)?,
                };
                if there != step.to && there != step.from {
                    edited.insert(path.clone());
                }
                later.insert(path, step.from);
            }
        }
        match edited.is_empty() {
            true => Ok(later.into_keys().collect()),
            false => Err(UndoError::Edited(names(
                edited.iter().map(PathBuf::as_path),
            ))),
        }
    }

    /// The tree of the run that is in the user's working tree.
    ///
    /// # Errors
    /// If the folder of the deliveries cannot be read.
    pub fn there(&self) -> Result<TreeId, WorkspaceError> {
        let applied = self.all()?.into_iter().rev();
        let mut applied = applied.filter(|delivery| delivery.state == State::Applied);
        Ok(applied
            .next()
            .map_or_else(|| self.base.clone(), |delivery| delivery.tree))
    }

    /// A folder for one more delivery; the ones of those that came to nothing or were undone go.
    fn next(&self, to: &TreeId) -> Result<PathBuf, WorkspaceError> {
        let mut last = 0;
        for delivery in self.all()? {
            match delivery.state {
                State::Empty | State::Undone => remove_tree(&delivery.keep)?,
                State::Applied
                | State::Staging
                | State::Applying
                | State::StagingUndo
                | State::Undoing => last = delivery.number,
            }
        }
        Ok(self.folder.join(format!("{:04}-{}", last + 1, to.as_str())))
    }

    /// All of them, oldest first.
    fn all(&self) -> Result<Vec<Delivery>, WorkspaceError> {
        let failed = WorkspaceError::io("read", self.folder);
        let entries = match fs::read_dir(self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut all = Vec::new();
        for entry in entries.flatten() {
            let name = entry.file_name();
            let parts = name.to_str().and_then(|name| name.split_once('-'));
            let known =
                parts.and_then(|(number, tree)| Some((number.parse().ok()?, TreeId::parse(tree)?)));
            if let Some((number, tree)) = known {
                let keep = entry.path();
                let state = Keep::at(&keep).state()?;
                all.push(Delivery {
                    number,
                    tree,
                    keep,
                    state,
                });
            }
        }
        all.sort_by_key(|delivery| delivery.number);
        Ok(all)
    }
}
