//! All that a run has put into the user's working tree, one delivery upon another.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::super::{Doing, Project, WorkspaceError, remove_tree, rewrite, tree, with_documents};
use super::delivered::Delivered;
use super::error::{ApplyError, names};
use super::file_state::{FileState, observe};
use super::keep::{Keep, Slot, State};
use super::plan::Conflicts;
use super::transition::Step;
use super::work_tree::{Goal, bring, recover};
use crate::files::{self, if_there, replace};
use crate::model::{Direction, Document, TreeId};

/// The deliveries of a run. What they hold is known by the folders of the deliveries alone, so it is true
/// wherever a supervisor died.
#[derive(Debug)]
pub struct Deliveries<'a> {
    pub project: &'a Project,
    pub store: &'a Path,
    /// Where the deliveries are kept: a folder `NNNN-TREE` each.
    pub folder: &'a Path,
    /// The tree that the run began with.
    pub base: &'a TreeId,
    /// Files whose text is a person's own by now: taking back leaves them.
    pub of_persons: &'a BTreeSet<PathBuf>,
}

struct Delivery {
    number: u32,
    /// What the run has put there with this one and all before it.
    tree: TreeId,
    keep: PathBuf,
    state: State,
    /// Whether none of its files was left out, then or when it was taken back.
    whole: bool,
}

impl Deliveries<'_> {
    /// Finishes what was cut off, also an undoing between two deliveries. Comes before anything else.
    pub fn recover(&self) -> Result<(), ApplyError> {
        for delivery in self.all()? {
            recover(self.project, &delivery.keep)?;
        }
        let all = self.all()?;
        let undone = all.iter().any(|one| one.state == State::Undone);
        let is_left = |one: &Delivery| one.state == State::Applied && one.whole;
        match undone && all.iter().any(is_left) {
            true => self.undo(Conflicts::Skip).map(drop),
            false => Ok(()),
        }
    }

    /// Puts a tree into the user's working tree in one step, uncommitted: what differs from the tree that is
    /// there already. What the user edited meanwhile is merged; what does not merge is up to `conflicts`.
    pub fn apply(&self, to: &TreeId, conflicts: Conflicts) -> Result<Delivered, ApplyError> {
        let from = self.there()?;
        if from == *to {
            return Ok(Delivered::default());
        }
        let goal = Goal::Difference(self.store, [&from, to]);
        bring(self.project, &self.next(to)?, goal, conflicts)
    }

    /// Puts a document to its place (see [`place`](super::super::place)) at once. What is there is first
    /// copied to `previous`, unless it is the version of the document that the run itself put there.
    pub fn publish(
        &self,
        document: &Document,
        own: Option<&str>,
        bytes: &[u8],
        previous: &Path,
    ) -> Result<(), ApplyError> {
        let path = Path::new(&document.path);
        let whole = self.project.root.join(path);
        let before = if_there(files::read(&whole, files::RECORD)).doing("read", &whole)?;
        if before.as_deref() == Some(bytes) {
            return Ok(());
        }
        if let Some(before) = &before
            && !tree::contents(self.store, own)?.contains(before)
        {
            replace(previous, before).doing("write", previous)?;
        }
        let one = [(document.path.clone(), document.object.clone())].into();
        let to = with_documents(self.store, &self.there()?, &one)?;
        let goal = Goal::Document(path, bytes);
        bring(self.project, &self.next(&to)?, goal, Conflicts::Refuse).map(drop)
    }

    /// Takes all deliveries back, the last one first: every file is as it was before the first one. What the
    /// user edited since is merged; what does not merge is up to `conflicts`.
    ///
    /// # Errors
    /// [`ApplyError`]; with [`Conflicts::Refuse`], nothing is touched.
    pub fn undo(&self, conflicts: Conflicts) -> Result<Delivered, ApplyError> {
        let mut all = self.all()?;
        let any = !all.is_empty();
        all.retain(|delivery| delivery.state == State::Applied);
        if all.is_empty() {
            return Err(match any {
                true => ApplyError::AlreadyUndone,
                false => ApplyError::NotApplied,
            });
        }
        if conflicts == Conflicts::Refuse && all.len() > 1 {
            self.check_untouched(&all)?;
        }
        let mut undone = Delivered::default();
        for delivery in all.iter().rev() {
            // What stays of a later one builds on what an earlier one did.
            let goal = Goal::Before {
                left: &undone.left,
                of_persons: self.of_persons,
            };
            let done = bring(self.project, &delivery.keep, goal, conflicts)?;
            undone.of_persons.extend(done.of_persons);
            undone.paths.extend(done.paths);
            undone.left.extend(done.left);
            undone.marked.extend(done.marked);
        }
        Ok(undone)
    }

    /// Whether each path is as the last of them left it, and each delivery found what the one before it had
    /// left. Only then is it known beforehand that all of them can be taken back one by one.
    fn check_untouched(&self, all: &[Delivery]) -> Result<(), ApplyError> {
        let mut later: BTreeMap<PathBuf, FileState> = BTreeMap::new();
        let mut edited = BTreeSet::new();
        for delivery in all.iter().rev() {
            for step in Keep::at(&delivery.keep)
                .read(Slot::Of(Direction::Apply))?
                .steps
            {
                let path = step.path.path().to_owned();
                if self.of_persons.contains(&path) {
                    continue;
                }
                let there = match later.get(&path) {
                    Some(found) => found.clone(),
                    None => observe(&self.project.root, &path)?,
                };
                if there != step.to && there != step.from {
                    edited.insert(path.clone());
                }
                later.insert(path, step.from);
            }
        }
        match edited.is_empty() {
            true => Ok(()),
            false => Err(ApplyError::Edited(names(&edited))),
        }
    }

    /// What the run has put into the user's working tree, as a tree.
    pub fn there(&self) -> Result<TreeId, WorkspaceError> {
        let mut last_first = self.all()?.into_iter().rev();
        let last = last_first.find(|delivery| delivery.state == State::Applied);
        Ok(last.map_or_else(|| self.base.clone(), |delivery| delivery.tree))
    }

    /// A folder for one more delivery; the ones of those that came to nothing or were undone go.
    fn next(&self, to: &TreeId) -> Result<PathBuf, WorkspaceError> {
        let mut last = 0;
        for delivery in self.all()? {
            match delivery.state {
                State::Empty | State::Undone => remove_tree(&delivery.keep)?,
                State::Applied | State::Staging(_) | State::Moving(_) | State::TakingBack(_) => {
                    last = delivery.number;
                }
            }
        }
        Ok(self.folder.join(format!("{:04}-{}", last + 1, to.as_str())))
    }

    /// All of them, oldest first.
    fn all(&self) -> Result<Vec<Delivery>, WorkspaceError> {
        let entries = if_there(fs::read_dir(self.folder)).doing("read", self.folder)?;
        let mut all = Vec::new();
        for entry in entries.into_iter().flatten().flatten() {
            let name = entry.file_name();
            let parts = name.to_str().and_then(|name| name.split_once('-'));
            let Some((Ok(number), Some(tree))) =
                parts.map(|(number, tree)| (number.parse(), TreeId::parse(tree)))
            else {
                continue;
            };
            let keep = entry.path();
            all.push(Delivery {
                number,
                tree,
                state: Keep::at(&keep).state()?,
                keep,
                whole: true,
            });
        }
        all.sort_by_key(|delivery| delivery.number);
        let (mut before, mut intact) = (self.base.clone(), true);
        for delivery in &mut all {
            if delivery.state == State::Applied {
                let done = Keep::at(&delivery.keep).read(Slot::Of(Direction::Apply))?;
                delivery.whole = done.left.is_empty();
                intact &= delivery.whole;
                if !intact {
                    delivery.tree = self.laid_over(&before, &delivery.tree, &done.steps)?;
                }
                before.clone_from(&delivery.tree);
            } else if delivery.state == State::Undone {
                intact = false;
            }
        }
        Ok(all)
    }

    /// A tree with the paths of these steps as they are in another one.
    fn laid_over(
        &self,
        before: &TreeId,
        after: &TreeId,
        steps: &[Step],
    ) -> Result<TreeId, WorkspaceError> {
        let paths: Vec<&Path> = steps.iter().map(|step| step.path.path()).collect();
        let new = tree::entries_at(self.store, after, &paths)?;
        let entries = paths.iter().map(|path| (*path, new.get(*path)));
        rewrite::with(self.store, before, entries)
    }
}
