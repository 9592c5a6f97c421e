//! Works out what has to change in the user's tree: three-way, file by file.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::super::materialize::write_entries;
use super::super::tree::{self, Entries};
use super::super::{TreeId, WorkspaceError, diff};
use super::error::ApplyError;
use super::merge::{Versions, merge};
use super::obstacles;
use super::raw_path::RawPath;
use super::standing::{Standing, look};
use super::transition::{Step, Transition};
use crate::files;

/// What is to change, and the files that hold the new content, step by step.
pub(super) struct Plan {
    pub transition: Transition,
    pub sources: Vec<PathBuf>,
}

/// Works out the transition; `scratch` is an empty folder for the files on the way.
pub(super) fn plan(
    root: &Path,
    store: &Path,
    (base, tree): (&TreeId, &TreeId),
    scratch: &Path,
) -> Result<Plan, ApplyError> {
    let paths = diff::changed_paths(store, base, tree)?;
    let sides = Sides {
        root,
        base: scratch.join("base"),
        next: scratch.join("next"),
        merged: scratch.join("merged"),
    };
    write_side(store, base, &paths, &sides.base)?;
    write_side(store, tree, &paths, &sides.next)?;
    fs::create_dir_all(&sides.merged).map_err(WorkspaceError::io("create", &sides.merged))?;
    let (mut steps, mut sources) = (Vec::new(), Vec::new());
    let mut conflicts = BTreeSet::new();
    for path in paths {
        match sides.weigh(&path)? {
            Weighed::Done => {}
            Weighed::Conflict => drop(conflicts.insert(path)),
            Weighed::Step { from, to, source } => {
                sources.push(source);
                steps.push(Step {
                    path: RawPath(path),
                    from,
                    to,
                    temp: None,
                    kept_mode: None,
                });
            }
        }
    }
    with_folders(root, steps, sources, conflicts)
}

/// Works out how a file comes to its place, whatever stands there.
pub(super) fn document(
    root: &Path,
    path: &Path,
    bytes: &[u8],
    scratch: &Path,
) -> Result<Plan, ApplyError> {
    fs::create_dir_all(scratch).map_err(WorkspaceError::io("create", scratch))?;
    let source = scratch.join("document");
    files::write(&source, bytes).map_err(WorkspaceError::io("write", &source))?;
    let from = look(root, path)?;
    let step = Step {
        path: RawPath(path.to_owned()),
        to: Standing::File {
            digest: blake3::hash(bytes).to_hex().to_string(),
            executable: matches!(
                from,
                Standing::File {
                    executable: true,
                    ..
                }
            ),
        },
        from,
        temp: None,
        kept_mode: None,
    };
    with_folders(root, vec![step], vec![source], BTreeSet::new())
}

/// Adds the folders to be made and removed to the steps.
fn with_folders(
    root: &Path,
    steps: Vec<Step>,
    sources: Vec<PathBuf>,
    mut conflicts: BTreeSet<PathBuf>,
) -> Result<Plan, ApplyError> {
    let found = obstacles::find(root, &steps)?;
    conflicts.extend(found.conflicts);
    if !conflicts.is_empty() {
        let names = conflicts
            .iter()
            .map(|path| path.to_string_lossy().into_owned());
        return Err(ApplyError::Conflicts(names.collect()));
    }
    let mut dropped = found.left;
    dropped.extend(found.replaced);
    let transition = Transition {
        format: Transition::FORMAT,
        steps,
        drop: obstacles::folders(dropped.iter().map(|(path, mode)| (path, Some(*mode)))),
        make: obstacles::folders(found.make.iter().map(|path| (path, None))),
    };
    Ok(Plan {
        transition,
        sources,
    })
}

fn write_side(
    store: &Path,
    tree: &TreeId,
    paths: &[PathBuf],
    into: &Path,
) -> Result<(), WorkspaceError> {
    let all = tree::entries(store, tree.as_str())?;
    let wanted: Entries = paths
        .iter()
        .filter_map(|path| Some((path.clone(), all.get(path)?.clone())))
        .collect();
    write_entries(store, &wanted, into)
}

enum Weighed {
    /// It is in the user's tree already.
    Done,
    Conflict,
    Step {
        from: Standing,
        to: Standing,
        source: PathBuf,
    },
}

struct Sides<'a> {
    root: &'a Path,
    base: PathBuf,
    next: PathBuf,
    merged: PathBuf,
}

impl Sides<'_> {
    fn weigh(&self, path: &Path) -> Result<Weighed, WorkspaceError> {
        let base = look(&self.base, path)?;
        let next = look(&self.next, path)?;
        let present = look(self.root, path)?;
        if present == next {
            return Ok(Weighed::Done);
        }
        if present == base {
            return Ok(Weighed::Step {
                from: present,
                to: next,
                source: self.next.join(path),
            });
        }
        self.merge(path, &base, &next, present)
    }

    fn merge(
        &self,
        path: &Path,
        base: &Standing,
        next: &Standing,
        present: Standing,
    ) -> Result<Weighed, WorkspaceError> {
        let (Some(old), Some(new), Some(user)) = (file(base), file(next), file(&present)) else {
            return Ok(Weighed::Conflict);
        };
        let executable = if user.1 == old.1 { new.1 } else { user.1 };
        let (digest, source) = if user.0 == old.0 || user.0 == new.0 {
            (new.0.to_owned(), self.next.join(path))
        } else if new.0 == old.0 {
            (user.0.to_owned(), self.root.join(path))
        } else {
            let versions = Versions {
                base: &self.base.join(path),
                ours: &self.root.join(path),
                theirs: &self.next.join(path),
            };
            let Some(bytes) = merge(&versions)? else {
                return Ok(Weighed::Conflict);
            };
            let digest = blake3::hash(&bytes).to_hex().to_string();
            let source = self.merged.join(&digest);
            files::write(&source, bytes).map_err(WorkspaceError::io("write", &source))?;
            (digest, source)
        };
        let to = Standing::File { digest, executable };
        Ok(match to == present {
            true => Weighed::Done,
            false => Weighed::Step {
                from: present,
                to,
                source,
            },
        })
    }
}

fn file(standing: &Standing) -> Option<(&str, bool)> {
    match standing {
        Standing::File { digest, executable } => Some((digest, *executable)),
        Standing::Nothing | Standing::Link { .. } | Standing::Special => None,
    }
}
