//! The promises about the user's tree when changes come in and when they are taken back.
#![expect(clippy::unwrap_used, reason = "tests")]

mod branch;
mod cases;
mod deliveries;
mod properties;
mod submodules;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::model::TreeId;

use super::super::capture::Captured;
use super::super::testing::{Repo, Tree, read_tree, write_tree};
use super::super::{Allowed, Project, Visible, capture, remove_tree};
use super::changes::Changes;
use super::keep::{Keep, Slot, State};
use super::transition::Transition;
use super::work_tree::{Goal, bring, recover};
use super::*;
use crate::model::Direction;

/// All as it was, without exception.
const BEFORE: Goal<'_> = Goal::Before {
    left: &BTreeSet::new(),
    of_persons: &BTreeSet::new(),
};

/// A project with captured changes.
struct Changed {
    repo: Repo,
    project: Project,
    base: TreeId,
    tree: TreeId,
    keep: PathBuf,
}

/// All of the user's project: files, folders with their modes, git's own files.
type Everything = (Tree, BTreeMap<PathBuf, u32>);

impl Changed {
    /// `edit` is what the agent does in its workspace.
    fn by(repo: Repo, edit: impl FnOnce(&Path)) -> Self {
        let (base, _) = repo.snapshot(&repo.root);
        let space = repo.base.with_file_name("space");
        fs::create_dir(&space).unwrap();
        write_tree(&space, &read_tree(&repo.base));
        edit(&space);
        let (store, all) = (&repo.store, &Visible::All);
        let Captured { tree, refused, .. } = capture(
            store,
            &base.tree,
            &super::super::Edited::copy(&space),
            all,
            &Allowed::Anywhere,
            &crate::model::ChangeLimits::default(),
        )
        .unwrap();
        assert!(refused.is_empty(), "{refused:?}");
        Self {
            project: Project::discover(&repo.root).unwrap(),
            base: base.tree,
            tree,
            keep: repo.base.with_file_name("keep"),
            repo,
        }
    }

    fn apply(&self) -> Result<Delivered, ApplyError> {
        self.apply_with(Conflicts::Refuse)
    }

    fn apply_with(&self, conflicts: Conflicts) -> Result<Delivered, ApplyError> {
        let goal = Goal::Difference(&self.repo.store, [&self.base, &self.tree]);
        bring(&self.project, &self.keep, goal, conflicts)
    }

    fn undo(&self) -> Result<Delivered, ApplyError> {
        self.undo_with(Conflicts::Refuse)
    }

    fn undo_with(&self, conflicts: Conflicts) -> Result<Delivered, ApplyError> {
        bring(&self.project, &self.keep, BEFORE, conflicts)
    }

    fn keep(&self) -> Keep {
        Keep::at(&self.keep)
    }

    /// Everything is written beside; nothing is moved.
    fn stage(&self, way: Direction) -> Transition {
        let keep = self.keep();
        let changes = match way {
            Direction::Apply => {
                keep.clear().unwrap();
                let trees = (&self.base, &self.tree);
                Changes::between(&self.repo.store, trees, &keep.scratch()).unwrap()
            }
            Direction::Undo => back(&keep, Direction::Apply),
        };
        let root = &self.repo.root;
        stage::stage(root, &keep, Slot::Of(way), changes, Conflicts::Refuse).unwrap()
    }

    /// The same for taking back what did not come through.
    fn stage_back(&self, way: Direction) -> Transition {
        let (root, keep) = (&self.repo.root, self.keep());
        keep.set_state(State::TakingBack(way)).unwrap();
        let changes = back(&keep, way);
        stage::stage(root, &keep, Slot::Back, changes, Conflicts::Skip).unwrap()
    }

    /// How far it is after that.
    fn recover(&self) -> Result<State, ApplyError> {
        recover(&self.project, &self.keep)?;
        Ok(self.keep().state()?)
    }

    fn path(&self, path: &str) -> PathBuf {
        self.repo.root.join(path)
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    fn everything(&self) -> Everything {
        let root = &self.repo.root;
        let mut folders = BTreeMap::new();
        let mut ahead = vec![PathBuf::new()];
        while let Some(folder) = ahead.pop() {
            let mode = root.join(&folder).metadata().unwrap().permissions().mode();
            for entry in fs::read_dir(root.join(&folder)).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_dir() {
                    ahead.push(folder.join(entry.file_name()));
                }
            }
            folders.insert(folder, mode);
        }
        (read_tree(root), folders)
    }

    /// The user's files without git's.
    fn files(&self) -> Tree {
        let mut tree = read_tree(&self.repo.root);
        tree.retain(|path, _| !path.starts_with(".git"));
        tree
    }
}

/// What was done this way, turned round.
fn back(keep: &Keep, way: Direction) -> Changes {
    Changes::back(keep, &keep.read(Slot::Of(way)).unwrap(), &BTreeSet::new())
}

/// Makes the folder hold exactly this tree; git's own files stay.
fn replace(root: &Path, tree: &Tree) {
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if !path.ends_with(".git") {
            remove_tree(&path).unwrap();
        }
    }
    write_tree(root, tree);
}
