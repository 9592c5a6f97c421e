//! The user's own folder for what must not lie in a project: a project could bring it along.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

use super::TrustError;
use crate::files;

/// `$XDG_STATE_HOME/tipstaff`, without it `~/.local/state/tipstaff`; made if it is not there. Only its owner
/// can look into it.
///
/// # Errors
/// There is no home, or what is there belongs to somebody else or is a link.
pub fn state_folder(environment: &BTreeMap<OsString, OsString>) -> Result<PathBuf, TrustError> {
    let state = files::xdg_folder(environment, "XDG_STATE_HOME", ".local/state");
    let at = state.ok_or(TrustError::NoStateFolder)?.join("tipstaff");
    private_folder(&at)?;
    Ok(at)
}

/// Writes a file that only its owner can read, in a folder of which the same is true.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), TrustError> {
    private_folder(path.parent().unwrap_or(Path::new(".")))?;
    files::replace(path, bytes).map_err(TrustError::io("write", path))
}

/// Makes a folder, or sees to it that the one that is there is ours alone.
fn private_folder(at: &Path) -> Result<(), TrustError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(at)
        .map_err(TrustError::io("create", at))?;
    let found = at
        .symlink_metadata()
        .map_err(TrustError::io("look at", at))?;
    let refused = |what: String| TrustError::NotOurs {
        path: at.to_owned(),
        what,
    };
    if !found.is_dir() {
        return Err(refused("is a link, not a folder".to_owned()));
    }
    if found.uid() != geteuid().as_raw() {
        return Err(refused(format!(
            "belongs to the user with the id {}",
            found.uid()
        )));
    }
    if found.mode() & 0o077 != 0 {
        let only_ours = Permissions::from_mode(0o700);
        fs::set_permissions(at, only_ours).map_err(TrustError::io("close", at))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::os::unix::fs::symlink;

    use super::*;

    fn environment(pairs: &[(&str, &Path)]) -> BTreeMap<OsString, OsString> {
        let pairs = pairs.iter();
        pairs
            .map(|(name, path)| ((*name).into(), path.as_os_str().to_owned()))
            .collect()
    }

    #[test]
    fn folder_and_files_are_ours_alone() {
        let temp = tempfile::tempdir().unwrap();
        let home = temp.path();
        let at = state_folder(&environment(&[("HOME", home)])).unwrap();
        assert_eq!(at, home.join(".local/state/tipstaff"));
        fs::set_permissions(&at, Permissions::from_mode(0o755)).unwrap();
        let file = at.join("runs/one");
        write_private(&file, b"1").unwrap();
        write_private(&file, b"2").unwrap();
        assert_eq!(state_folder(&environment(&[("HOME", home)])).unwrap(), at);
        let mode = |path: &Path| path.metadata().unwrap().mode() & 0o777;
        assert_eq!(
            (mode(&at), mode(&at.join("runs")), mode(&file)),
            (0o700, 0o700, 0o600)
        );
        assert_eq!(fs::read_dir(at.join("runs")).unwrap().count(), 1);
        let xdg = home.join("state");
        let both = environment(&[("HOME", home), ("XDG_STATE_HOME", &xdg)]);
        assert_eq!(state_folder(&both).unwrap(), xdg.join("tipstaff"));
    }

    #[test]
    fn link_and_missing_home_are_refused() {
        let temp = tempfile::tempdir().unwrap();
        symlink("/", temp.path().join("tipstaff")).unwrap();
        let error = state_folder(&environment(&[("XDG_STATE_HOME", temp.path())])).unwrap_err();
        assert!(error.to_string().ends_with("is a link, not a folder"));
        let nowhere = environment(&[("HOME", Path::new("relative"))]);
        assert!(matches!(
            state_folder(&nowhere),
            Err(TrustError::NoStateFolder)
        ));
    }
}
