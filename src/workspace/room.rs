//! How much room a folder takes.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::{WorkspaceError, folder};
use crate::files::if_there;
use crate::model::Bytes;

/// What its removal frees: files that have another name elsewhere stay on the disk. Links are not followed, and what
/// cannot be read is left out.
///
/// # Errors
/// [`WorkspaceError::Cancelled`].
pub fn room_of(root: &Path) -> Result<Bytes, WorkspaceError> {
    let mut bytes = 0;
    let mut left = vec![root.to_owned()];
    while let Some(at) = left.pop() {
        let Ok(Some(found)) = if_there(at.symlink_metadata()) else {
            continue;
        };
        if found.is_dir() {
            for entry in folder::entries(&at).into_iter().flatten() {
                left.push(entry?.path());
            }
        }
        if found.is_dir() || found.nlink() == 1 {
            // In the system's own unit, whatever the file system's.
            bytes += found.blocks() * 512;
        }
    }
    Ok(Bytes(bytes))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn counts_what_a_removal_frees() {
        let temp = tempfile::tempdir().unwrap();
        let inner = temp.path().join("run/store");
        std::fs::create_dir_all(&inner).unwrap();
        let empty = room_of(&temp.path().join("run")).unwrap().0;
        std::fs::write(temp.path().join("pack"), vec![7; 1 << 20]).unwrap();
        std::fs::hard_link(temp.path().join("pack"), inner.join("pack")).unwrap();
        std::fs::write(inner.join("own"), vec![7; 1 << 18]).unwrap();
        std::os::unix::fs::symlink("/", inner.join("link")).unwrap();
        let room = room_of(&temp.path().join("run")).unwrap().0 - empty;
        assert!(((1 << 18)..(1 << 18) + (1 << 15)).contains(&room), "{room}");
        assert_eq!(room_of(&temp.path().join("nowhere")).unwrap(), Bytes(0));
    }
}
