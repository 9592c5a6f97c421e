//! Copies a materialized tree, fast: one call of a run waits for it.

use std::fs::{self, DirEntry, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::paths::{is_reserved_name, resolve_inside};
use super::{ControlFiles, WorkspaceError, is_control_file};

/// Up to this size a file is read and written in one piece, which is less system calls than asking
/// the kernel to copy.
const SMALL: u64 = 128 * 1024;

/// What a copy left out.
#[derive(Debug, Default)]
pub(super) struct Copied {
    /// Symlinks that would have led out of the copy, relative to it.
    pub dropped_links: Vec<PathBuf>,
    /// Control files and folders of agents, relative to it.
    pub dropped_control: Vec<PathBuf>,
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
        let source = from.join(&folder);
        let entries = fs::read_dir(&source).map_err(WorkspaceError::io("read", &source))?;
        for entry in entries {
            let entry = entry.map_err(WorkspaceError::io("read", &source))?;
            let path = folder.join(entry.file_name());
            if folder.as_os_str().is_empty() && is_reserved_name(&entry.file_name()) {
                continue;
            }
            if control == ControlFiles::Drop && is_control_file(&path) {
                copied.dropped_control.push(path);
                continue;
            }
            let target = to.join(&path);
            let kind = entry
                .file_type()
                .map_err(WorkspaceError::io("read", &entry.path()))?;
            if kind.is_dir() {
                fs::create_dir(&target).map_err(WorkspaceError::io("create", &target))?;
                folders.push(path);
            } else if kind.is_symlink() {
                match resolve_inside(from, &path) {
                    Some(_) => copy_link(&entry, &target)?,
                    None => copied.dropped_links.push(path),
                }
            } else if kind.is_file() {
                copy_file(&entry.path(), &target, &mut buffer)?;
            }
        }
    }
    copied.dropped_links.sort();
    copied.dropped_control.sort();
    Ok(copied)
}

fn copy_link(entry: &DirEntry, target: &Path) -> Result<(), WorkspaceError> {
    let source = entry.path();
    let leads_to = fs::read_link(&source).map_err(WorkspaceError::io("read", &source))?;
    symlink(leads_to, target).map_err(WorkspaceError::io("create", target))
}

fn copy_file(from: &Path, to: &Path, buffer: &mut Vec<u8>) -> Result<(), WorkspaceError> {
    let mut source = File::open(from).map_err(WorkspaceError::io("read", from))?;
    let found = source
        .metadata()
        .map_err(WorkspaceError::io("read", from))?;
    let mut target = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(found.permissions().mode() | 0o600)
        .open(to)
        .map_err(WorkspaceError::io("create", to))?;
    if found.len() > SMALL {
        return io::copy(&mut source, &mut target)
            .map(drop)
            .map_err(WorkspaceError::io("write", to));
    }
    // Nobody writes to a materialized tree: its files are as long as they are said to be.
    buffer.resize(usize::try_from(found.len()).unwrap_or_default(), 0);
    source
        .read_exact(buffer)
        .map_err(WorkspaceError::io("read", from))?;
    target
        .write_all(buffer)
        .map_err(WorkspaceError::io("write", to))
}
