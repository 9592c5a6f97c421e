//! How a layer makes something of lower layers disappear.

use std::fs;
use std::io;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::super::{Doing, WorkspaceError};

/// Makes a file or folder of lower layers disappear. Folders above it that are not there yet are made.
pub(super) fn whiteout(layer: &Path, path: &Path) -> Result<(), WorkspaceError> {
    let at = layer.join(path);
    if let Some(above) = at.parent() {
        fs::create_dir_all(above).doing("create", above)?;
    }
    mknodat(CWD, &at, FileType::CharacterDevice, Mode::empty(), 0)
        .map_err(io::Error::from)
        .doing("create", &at)
}
