//! Works out what has to change in the user's tree: three-way, file by file.

use std::path::{Path, PathBuf};

use super::super::materialize::made;
use super::super::{Doing, WorkspaceError};
use super::changes::{Change, Changes};
use super::error::TransitionError;
use super::file_state::{FileState, digest, mode, observe, with_exec};
use super::merge::{Merged, Versions, merge};
use super::obstacles::{self, Obstacles};
use super::raw_path::RawPath;
use super::transition::{Folder, Step, Transition};
use crate::files;

/// What to do about files that do not merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflicts {
    /// They are named, and nothing is touched.
    Refuse,
    /// They stay as they are; the others change.
    Skip,
    /// They get conflict markers; those that cannot have any stay as they are.
    Mark,
}

/// What is to change, and the files that hold the new content, step by step.
pub(super) struct Plan {
    pub transition: Transition,
    pub sources: Vec<PathBuf>,
}

/// Works out the transition; `scratch` is a folder for the files on the way.
pub(super) fn plan(
    root: &Path,
    changes: Changes,
    conflicts: Conflicts,
    scratch: &Path,
) -> Result<Plan, TransitionError> {
    made(scratch)?;
    let (mut steps, mut marked) = (Vec::new(), Vec::new());
    let mut left = changes.spared.clone();
    for change in &changes.list {
        let merge = Merge {
            root,
            change,
            conflicts,
            scratch,
            name: &format!("merged-{}", steps.len()),
        };
        match merge.classify()? {
            Classified::Done => {}
            Classified::Conflict => left.push(change.path.clone()),
            Classified::Step(step, source, merged) => {
                if merged == Merged::Marked {
                    marked.push(step.path.clone());
                }
                steps.push((step, source));
            }
        }
    }
    let found = loop {
        let found = obstacles::find(root, steps.iter().map(|(step, _)| step))?;
        if conflicts == Conflicts::Refuse {
            left.extend(found.conflicts.iter().cloned());
        }
        if found.conflicts.is_empty() || conflicts == Conflicts::Refuse {
            break found;
        }
        let meets = |path: &Path| {
            let mut all = found.conflicts.iter();
            all.any(|conflict| path.starts_with(conflict) || conflict.starts_with(path))
        };
        let (out, free) = steps
            .into_iter()
            .partition(|(step, _)| meets(step.path.path()));
        steps = free;
        left.extend(out.into_iter().map(|(step, _)| step.path.0));
    };
    left.sort();
    left.dedup();
    if conflicts == Conflicts::Refuse && !left.is_empty() {
        return Err(TransitionError::Edited(left));
    }
    let (steps, sources): (Vec<Step>, Vec<PathBuf>) = steps.into_iter().unzip();
    let (drop, make) = folders(root, changes, found, &steps)?;
    Ok(Plan {
        transition: Transition {
            format: Transition::FORMAT,
            steps,
            drop,
            make,
            left: left.into_iter().map(RawPath).collect(),
            marked,
        },
        sources,
    })
}

/// The folders that go and those that come, sorted.
fn folders(
    root: &Path,
    changes: Changes,
    found: Obstacles,
    steps: &[Step],
) -> Result<(Vec<Folder>, Vec<Folder>), WorkspaceError> {
    let (mut drop, mut make) = (changes.drop, Vec::new());
    // One that was there before comes back unless the user has put something else in its place.
    for folder in changes.make {
        if obstacles::is_free(root, folder.path.path(), steps)? {
            make.push(folder);
        }
    }
    let modes = found.left.iter().chain(&found.replaced);
    drop.extend(obstacles::folders(
        modes.map(|(path, mode)| (path, Some(*mode))),
    ));
    make.extend(obstacles::folders(
        found.make.iter().map(|path| (path, None)),
    ));
    for folders in [&mut drop, &mut make] {
        folders.sort_by(|a, b| a.path.cmp(&b.path));
        folders.dedup_by(|later, earlier| later.path == earlier.path);
    }
    Ok((drop, make))
}

enum Classified {
    /// It is in the user's tree already.
    Done,
    Conflict,
    Step(Step, PathBuf, Merged),
}

struct Merge<'a> {
    root: &'a Path,
    change: &'a Change,
    conflicts: Conflicts,
    /// Where a merged file may be written, and under which name.
    scratch: &'a Path,
    name: &'a str,
}

impl Merge<'_> {
    fn classify(&self) -> Result<Classified, WorkspaceError> {
        WorkspaceError::if_cancelled()?;
        let Change { path, old, new } = self.change;
        let present = observe(self.root, path)?;
        if present == new.file_state {
            return Ok(Classified::Done);
        }
        if present == old.file_state {
            let (to, source) = (new.file_state.clone(), new.content.clone());
            return self.step(present, to, new.mode, (source, Merged::Clean));
        }
        self.merge(present)
    }

    fn step(
        &self,
        from: FileState,
        to: FileState,
        exact: Option<u32>,
        (source, merged): (PathBuf, Merged),
    ) -> Result<Classified, WorkspaceError> {
        let path = &self.change.path;
        let from_mode = match from.file() {
            Some(_) => mode(&self.root.join(path))?,
            None => None,
        };
        let to_mode = to
            .file()
            .and_then(|(_, executable)| exact.or_else(|| Some(with_exec(from_mode?, executable))));
        let step = Step {
            path: RawPath(path.clone()),
            from,
            from_mode,
            to,
            to_mode,
            temp: None,
        };
        Ok(Classified::Step(step, source, merged))
    }

    fn merge(&self, present: FileState) -> Result<Classified, WorkspaceError> {
        let Change { path, old, new } = self.change;
        let marks = self.conflicts == Conflicts::Mark;
        let empty = self.scratch.join("empty");
        let (before, base) = match old.file_state.file() {
            Some(before) => (before, &old.content),
            None if marks && old.file_state.is_nothing() => {
                files::write(&empty, "").doing("write", &empty)?;
                (("", false), &empty)
            }
            None => return Ok(Classified::Conflict),
        };
        let (Some(after), Some(user)) = (new.file_state.file(), present.file()) else {
            return Ok(Classified::Conflict);
        };
        let executable = if user.1 == before.1 { after.1 } else { user.1 };
        let ours = self.root.join(path);
        let (content, source, merged) = if user.0 == before.0 || user.0 == after.0 {
            (after.0.to_owned(), new.content.clone(), Merged::Clean)
        } else if after.0 == before.0 {
            (user.0.to_owned(), ours, Merged::Clean)
        } else {
            let versions = Versions {
                base,
                ours: &ours,
                theirs: &new.content,
            };
            let into = self.scratch.join(self.name);
            let merged = merge(&versions, &into)?;
            if merged == Merged::Not || (merged == Merged::Marked && !marks) {
                return Ok(Classified::Conflict);
            }
            (digest(&into)?, into, merged)
        };
        let to = FileState::File {
            digest: content,
            executable,
        };
        match to == present {
            true => Ok(Classified::Done),
            false => self.step(present, to, None, (source, merged)),
        }
    }
}
