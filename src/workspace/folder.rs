//! The one way to the entries of a folder: every loop over files goes through it, so that each of them gives
//! up once its work was cancelled.

use std::fs::{self, DirEntry, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{Doing, WorkspaceError};

/// The entries of a folder, in no order.
///
/// # Errors
/// [`WorkspaceError::Cancelled`], also between two entries; [`WorkspaceError::Io`] if it cannot be read.
pub(super) fn entries(
    folder: &Path,
) -> Result<impl Iterator<Item = Result<DirEntry, WorkspaceError>>, WorkspaceError> {
    let entries = fs::read_dir(folder).doing("read", folder)?;
    Ok(entries.map(move |entry| {
        WorkspaceError::if_cancelled()?;
        entry.doing("read", folder)
    }))
}

/// An agent may have taken the owner's rights away; the workspace is ours, so they are given back. Where that
/// fails, whoever needs them says what is wrong.
pub(super) fn open_up(path: &Path, rights: u32) {
    if let Ok(found) = path.symlink_metadata() {
        let mode = found.permissions().mode();
        if mode & rights != rights {
            let _ = fs::set_permissions(path, Permissions::from_mode(mode | rights));
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::super::{Footprint, read_files, remove_tree};
    use super::*;
    use crate::process::Cancel;

    /// Whoever goes over these files after the work was cancelled stops at the first.
    #[test]
    fn cancelled_work_looks_at_no_further_file() {
        let temp = tempfile::tempdir().unwrap();
        let at = |name: &str| temp.path().join(name);
        fs::create_dir_all(at("from/src")).unwrap();
        for number in 0..3000 {
            fs::write(at(&format!("from/src/{number}.txt")), "text").unwrap();
        }
        let cancel = Cancel::default();
        cancel.cancel();
        let part = cancel.during(|| {
            let gave_up = |result: Result<(), WorkspaceError>| {
                assert!(
                    matches!(result, Err(WorkspaceError::Cancelled)),
                    "{result:?}"
                );
            };
            gave_up(entries(&at("from")).unwrap().next().unwrap().map(drop));
            gave_up(read_files("src/*.txt", &at("from")).map(drop));
            gave_up(remove_tree(&at("from")));
            Footprint::of(&at("from"))
        });
        assert_ne!(part, Footprint::of(&at("from")));
        assert_eq!(fs::read_dir(at("from/src")).unwrap().count(), 3000);
    }
}
