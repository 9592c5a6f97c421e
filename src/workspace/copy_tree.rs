//! Copies a materialized tree, fast: one call of a run waits for it. And tells whether a copy still is
//! one.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::paths::{is_reserved_name, resolve_inside};
use super::{ControlFiles, Doing, WorkspaceError, folder, is_control_file};
use crate::files;

/// Up to this size a file is read and written in one piece, which is less system calls than asking
/// the kernel to copy.
const SMALL: u64 = 128 * 1024;

/// What is in the root of a workspace and is no part of the copy.
pub(super) const OWN: [&str; 2] = [".git", ".tipstaff"];

/// What a copy left out.
#[derive(Debug, Default)]
pub(super) struct Copied {
    /// Symlinks that would have led out of the copy, relative to it.
    pub dropped_links: Vec<PathBuf>,
    /// Control files and folders of agents, relative to it.
    pub dropped_control: Vec<PathBuf>,
}

impl Copied {
    /// One sentence each, for the user.
    pub(super) fn remarks(&self) -> Vec<String> {
        let links = self.dropped_links.iter().map(|path| {
            format!(
                "`{}` is a link out of the project, or in a circle, and was left out",
                path.display()
            )
        });
        let control = self
            .dropped_control
            .iter()
            .map(|path| format!("`{}` configures agents and was left out", path.display()));
        links.chain(control).collect()
    }

    fn sorted(mut self) -> Self {
        self.dropped_links.sort();
        self.dropped_control.sort();
        self
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Folder,
    File,
    Link,
}

/// Copies everything below `from` into the existing folder `to`. Never makes hard links.
pub(super) fn copy_tree(
    from: &Path,
    to: &Path,
    control: ControlFiles,
) -> Result<Copied, WorkspaceError> {
    let mut copied = Copied::default();
    let mut buffer = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for (path, kind) in wanted(from, &folder, control, &mut copied)? {
            WorkspaceError::if_cancelled()?;
            let (source, target) = (from.join(&path), to.join(&path));
            match kind {
                Kind::Folder => {
                    fs::create_dir(&target).doing("create", &target)?;
                    folders.push(path);
                }
                Kind::Link => copy_link(&source, &target)?,
                Kind::File => copy_file(&source, &target, &mut buffer)?,
            }
        }
    }
    Ok(copied.sorted())
}

/// Compares the folder `copy` with what [`copy_tree`] made of `from`: the same entries with the same
/// modes and contents, byte for byte, and nothing else but the workspace's [`OWN`]. `None` if anything
/// differs, or cannot be read.
pub(super) fn compare_tree(from: &Path, copy: &Path, control: ControlFiles) -> Option<Copied> {
    if !is_same_folder(from, copy).ok()? {
        return None;
    }
    let mut copied = Copied::default();
    let mut buffers = [Vec::new(), Vec::new()];
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let wanted = wanted(from, &folder, control, &mut copied).ok()?;
        let mut strangers = names(&copy.join(&folder), folder.as_os_str().is_empty())?;
        for (path, kind) in wanted {
            WorkspaceError::if_cancelled().ok()?;
            let (source, target) = (from.join(&path), copy.join(&path));
            let same = strangers.remove(path.file_name()?)
                && match kind {
                    Kind::Folder => is_same_folder(&source, &target).ok()?,
                    Kind::Link => fs::read_link(&source).ok()? == fs::read_link(&target).ok()?,
                    Kind::File => is_same_file(&source, copy, &path, &mut buffers).ok()?,
                };
            if !same {
                return None;
            }
            if matches!(kind, Kind::Folder) {
                folders.push(path);
            }
        }
        if !strangers.is_empty() {
            return None;
        }
    }
    Some(copied.sorted())
}

/// What of a folder goes into a copy, as paths relative to the tree's root. What does not is noted.
fn wanted(
    from: &Path,
    at: &Path,
    control: ControlFiles,
    copied: &mut Copied,
) -> Result<Vec<(PathBuf, Kind)>, WorkspaceError> {
    let source = from.join(at);
    let mut wanted = Vec::new();
    for entry in folder::entries(&source)? {
        let entry = entry?;
        let path = at.join(entry.file_name());
        if at.as_os_str().is_empty() && is_reserved_name(&entry.file_name()) {
            continue;
        }
        if control == ControlFiles::Drop && is_control_file(&path) {
            copied.dropped_control.push(path);
            continue;
        }
        let kind = entry.file_type().doing("read", &entry.path())?;
        if kind.is_dir() {
            wanted.push((path, Kind::Folder));
        } else if kind.is_symlink() {
            match resolve_inside(from, &path) {
                Some(_) => wanted.push((path, Kind::Link)),
                None => copied.dropped_links.push(path),
            }
        } else if kind.is_file() {
            wanted.push((path, Kind::File));
        }
    }
    Ok(wanted)
}

fn copy_link(source: &Path, target: &Path) -> Result<(), WorkspaceError> {
    let leads_to = fs::read_link(source).doing("read", source)?;
    symlink(leads_to, target).doing("create", target)
}

fn copy_file(from: &Path, to: &Path, buffer: &mut Vec<u8>) -> Result<(), WorkspaceError> {
    let mut source = files::open(from).doing("read", from)?;
    let found = source.metadata().doing("read", from)?;
    let mut target = files::create(to, copied_mode(&found)).doing("create", to)?;
    if found.len() > SMALL {
        return io::copy(&mut source, &mut target)
            .map(drop)
            .doing("write", to);
    }
    // Nobody writes to a materialized tree: its files are as long as they are said to be.
    buffer.resize(usize::try_from(found.len()).unwrap_or_default(), 0);
    source.read_exact(buffer).doing("read", from)?;
    target.write_all(buffer).doing("write", to)
}

/// The owner may always write to a copy.
fn copied_mode(source: &fs::Metadata) -> u32 {
    source.permissions().mode() | 0o600
}

/// The names in a folder of a copy; of its root, without the workspace's own.
fn names(at: &Path, is_root: bool) -> Option<BTreeSet<OsString>> {
    let entries = folder::entries(at).ok()?;
    let names = entries.map(|entry| Some(entry.ok()?.file_name()));
    let names: Option<BTreeSet<_>> = names.collect();
    let mut names = names?;
    if is_root {
        names.retain(|name| !OWN.iter().any(|own| name == own));
    }
    Some(names)
}

fn is_same_folder(source: &Path, copy: &Path) -> io::Result<bool> {
    let (source, copy) = (fs::symlink_metadata(source)?, fs::symlink_metadata(copy)?);
    Ok(copy.is_dir() && copy.mode() == source.mode())
}

fn is_same_file(
    source: &Path,
    copies: &Path,
    path: &Path,
    buffers: &mut [Vec<u8>; 2],
) -> io::Result<bool> {
    let (mut source, mut copy) = (files::open(source)?, files::open_below(copies, path)?);
    let (wanted, found) = (source.metadata()?, copy.metadata()?);
    // Who has another name for it could write to it later.
    if found.nlink() != 1 {
        return Ok(false);
    }
    if found.len() != wanted.len() || found.mode() != copied_mode(&wanted) {
        return Ok(false);
    }
    let [ours, theirs] = buffers;
    let mut left = wanted.len();
    while left > 0 {
        let piece = left.min(SMALL);
        left -= piece;
        let piece = usize::try_from(piece).unwrap_or_default();
        ours.resize(piece, 0);
        theirs.resize(piece, 0);
        source.read_exact(ours)?;
        copy.read_exact(theirs)?;
        if ours != theirs {
            return Ok(false);
        }
    }
    Ok(true)
}
