//! What is at a path of the user's tree.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::super::{Doing, WorkspaceError};
use super::raw_path::RawPath;
use crate::files::{self, if_there};

/// What is at a path, as far as changes are about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FileState {
    /// No file: nothing, or a folder, or something on the way that is no real folder.
    Nothing,
    File {
        /// blake3 of the content.
        digest: String,
        executable: bool,
    },
    Link {
        target: RawPath,
    },
    /// A socket, a pipe, a device.
    Special,
}

impl FileState {
    /// Whether the digest is one: a file of that name is looked for.
    pub(super) fn names_content(&self) -> bool {
        self.file()
            .is_none_or(|(digest, _)| digest.bytes().all(|byte| byte.is_ascii_hexdigit()))
    }

    /// The digest of a file, and whether it is executable.
    pub(super) fn file(&self) -> Option<(&str, bool)> {
        match self {
            Self::File { digest, executable } => Some((digest, *executable)),
            Self::Nothing | Self::Link { .. } | Self::Special => None,
        }
    }

    pub(super) fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }
}

/// What is at `path` below `root`.
pub(super) fn observe(root: &Path, path: &Path) -> Result<FileState, WorkspaceError> {
    let whole = root.join(path);
    if !is_below_real_folders(root, path) {
        return Ok(FileState::Nothing);
    }
    let Some(found) = metadata(&whole)? else {
        return Ok(FileState::Nothing);
    };
    let kind = found.file_type();
    Ok(if kind.is_dir() {
        FileState::Nothing
    } else if kind.is_symlink() {
        let target = fs::read_link(&whole).doing("read", &whole)?;
        FileState::Link {
            target: RawPath(target),
        }
    } else if kind.is_file() {
        FileState::File {
            digest: digest(&whole)?,
            executable: found.permissions().mode() & 0o100 != 0,
        }
    } else {
        FileState::Special
    })
}

/// Whether every folder on the way is there and is no symlink.
pub(super) fn is_below_real_folders(root: &Path, path: &Path) -> bool {
    path.ancestors()
        .skip(1)
        .filter(|above| !above.as_os_str().is_empty())
        .all(|above| is_real_folder(&root.join(above)))
}

/// Whether a folder, and no symlink to one, is there.
pub(super) fn is_real_folder(whole: &Path) -> bool {
    whole.symlink_metadata().is_ok_and(|found| found.is_dir())
}

/// What is there, symlinks not followed; `None` if nothing is.
pub(super) fn metadata(whole: &Path) -> Result<Option<Metadata>, WorkspaceError> {
    match whole.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(None),
        found => if_there(found).doing("read", whole),
    }
}

/// The mode of what is there, if anything is.
pub(super) fn mode(whole: &Path) -> Result<Option<u32>, WorkspaceError> {
    let found = metadata(whole)?;
    Ok(found.map(|found| found.permissions().mode() & 0o7777))
}

/// The mode with or without the right to execute: whoever may read may execute, or nobody.
pub(super) fn with_exec(mode: u32, executable: bool) -> u32 {
    let was = mode & 0o100 != 0;
    match (was, executable) {
        (true, true) | (false, false) => mode,
        (false, true) => mode | 0o100 | ((mode & 0o444) >> 2),
        (true, false) => mode & !0o111,
    }
}

/// blake3 of a file's content.
pub(super) fn digest(whole: &Path) -> Result<String, WorkspaceError> {
    let mut file = files::open(whole).doing("read", whole)?;
    let mut hasher = blake3::Hasher::new();
    io::copy(&mut file, &mut hasher).doing("read", whole)?;
    Ok(hasher.finalize().to_hex().to_string())
}
