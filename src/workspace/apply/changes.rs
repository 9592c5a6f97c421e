//! What is wanted: for every path what the change starts from and what it makes of it. Applying takes
//! both sides from trees, taking back from what was applied, turned round.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::model::TreeId;

use super::super::materialize::{made, write_entries};
use super::super::tree::{self, Entries};
use super::super::{Doing, WorkspaceError, diff};
use super::file_state::{FileState, digest, observe};
use super::keep::Keep;
use super::transition::{Folder, Step, Transition};
use crate::files;

/// Wanted changes, sorted by path.
#[derive(Default)]
pub(super) struct Changes {
    pub list: Vec<Change>,
    /// Folders that go where they end up empty, and those that come, beside what the files need.
    pub drop: Vec<Folder>,
    pub make: Vec<Folder>,
    /// Paths that stay as they are in any case.
    pub spared: Vec<PathBuf>,
}

/// The wanted change of one path.
pub(super) struct Change {
    pub path: PathBuf,
    pub old: Version,
    pub new: Version,
}

/// One side of a change.
pub(super) struct Version {
    pub file_state: FileState,
    /// Where the content of a file lies.
    pub content: PathBuf,
    /// The exact mode of a file, if it is known.
    pub mode: Option<u32>,
}

impl Changes {
    /// From one tree of the store to another; `scratch` is an empty folder for their files.
    pub(super) fn between(
        store: &Path,
        (base, tree): (&TreeId, &TreeId),
        scratch: &Path,
    ) -> Result<Self, WorkspaceError> {
        let paths = diff::changed_paths(store, base, tree)?;
        let sides = [(base, scratch.join("old")), (tree, scratch.join("new"))];
        for (tree, into) in &sides {
            let all = tree::entries(store, tree)?;
            let changed = paths.iter().filter_map(|path| all.get_key_value(path));
            let wanted: Entries = changed
                .map(|(path, entry)| (path.clone(), entry.clone()))
                .collect();
            write_entries(store, tree, &wanted, into)?;
        }
        let [(_, old), (_, new)] = &sides;
        let list = paths.into_iter().map(|path| {
            Ok(Change {
                old: Version::of_file(old, &path)?,
                new: Version::of_file(new, &path)?,
                path,
            })
        });
        Ok(Self {
            list: list.collect::<Result<_, WorkspaceError>>()?,
            ..Self::default()
        })
    }

    /// A file, whatever is in its place; `scratch` is a folder for it.
    pub(super) fn document(
        root: &Path,
        path: &Path,
        bytes: &[u8],
        scratch: &Path,
    ) -> Result<Self, WorkspaceError> {
        made(scratch)?;
        let content = scratch.join("document");
        files::write(&content, bytes).doing("write", &content)?;
        let old = Version::of_file(root, path)?;
        let file_state = FileState::File {
            digest: digest(&content)?,
            executable: old
                .file_state
                .file()
                .is_some_and(|(_, executable)| executable),
        };
        let new = Version {
            file_state,
            content,
            mode: None,
        };
        let path = path.to_owned();
        Ok(Self {
            list: vec![Change { path, old, new }],
            ..Self::default()
        })
    }

    /// A transition, turned round, but for the `spared` paths.
    pub(super) fn back(keep: &Keep, done: &Transition, spared: &BTreeSet<PathBuf>) -> Self {
        let is_spared = |step: &&Step| spared.contains(step.path.path());
        let version = |file_state: &FileState, mode| Version {
            file_state: file_state.clone(),
            content: keep.content(file_state).unwrap_or_default(),
            mode,
        };
        let (spared, free): (Vec<_>, Vec<_>) = done.steps.iter().partition(is_spared);
        let list = free.into_iter().map(|step| Change {
            path: step.path.path().to_owned(),
            old: version(&step.to, step.to_mode),
            new: version(&step.from, step.from_mode),
        });
        Self {
            list: list.collect(),
            drop: done.make.clone(),
            make: done.drop.clone(),
            spared: spared.into_iter().map(|step| step.path.0.clone()).collect(),
        }
    }
}

impl Version {
    fn of_file(root: &Path, path: &Path) -> Result<Self, WorkspaceError> {
        Ok(Self {
            file_state: observe(root, path)?,
            content: root.join(path),
            mode: None,
        })
    }
}
