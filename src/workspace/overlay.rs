//! What layers show when the kernel's overlay is mounted from them, with `userxattr`.

use std::ffi::CStr;
use std::fs::{self, Metadata};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::lgetxattr;

/// What layers, the topmost first, show at a path, and where it lies. Symlinks are not followed.
pub(super) fn find(layers: &[PathBuf], path: &Path) -> Option<(PathBuf, Metadata)> {
    'layers: for layer in layers {
        let mut at = layer.clone();
        let mut found = at.symlink_metadata().ok()?;
        for part in path.components() {
            if !found.is_dir() {
                return None;
            }
            at.push(part);
            let Ok(next) = at.symlink_metadata() else {
                continue 'layers;
            };
            found = next;
        }
        return (!found.file_type().is_char_device()).then_some((at, found));
    }
    None
}

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
