//! How the kernel's overlay (mounted with `userxattr`) says in an upper folder what is gone.

use std::ffi::CStr;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use rustix::fs::lgetxattr;

/// Whether something of the layers below is made to disappear here.
pub(super) fn is_whiteout(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| {
        (found.file_type().is_char_device() && found.rdev() == 0)
            || (found.is_file() && found.len() == 0 && has(path, c"user.overlay.whiteout"))
    })
}

/// Whether a folder shows nothing of the layers below.
pub(super) fn is_opaque(folder: &Path) -> bool {
    has(folder, c"user.overlay.opaque")
}

fn has(path: &Path, name: &CStr) -> bool {
    lgetxattr(path, name, &mut [0; 8]).is_ok()
}
