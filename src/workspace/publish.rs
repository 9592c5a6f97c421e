//! Where documents may go in the user's project, and how a file is written whole.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use super::WorkspaceError;
use super::paths::{is_reserved, resolve_inside};
use crate::files;

/// Where a document of this path belongs, relative to the project: symlinks that stay inside it are followed.
///
/// # Errors
/// [`WorkspaceError::RefusedPath`] if the path leaves the project, also through a symlink, belongs to
/// git or tipstaff, or is a folder.
pub fn place(project_root: &Path, path: &str) -> Result<PathBuf, WorkspaceError> {
    let real = checked(project_root, path)?;
    match project_root.join(&real).symlink_metadata() {
        Ok(found) if found.is_dir() => Err(refused(path, "it is a folder")),
        Ok(found) if !found.is_file() => Err(refused(path, "what is there is no regular file")),
        Ok(_) | Err(_) => Ok(real),
    }
}

/// Where the path really leads, relative to the project.
fn checked(project_root: &Path, path: &str) -> Result<PathBuf, WorkspaceError> {
    let given = Path::new(path);
    let is_plain = given
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !is_plain {
        return Err(refused(path, "it leaves the project"));
    }
    if path.ends_with('/') || given.file_name().is_none() {
        return Err(refused(path, "it is a folder"));
    }
    let real = resolve_inside(project_root, given)
        .ok_or_else(|| refused(path, "it leaves the project through a symlink"))?;
    if is_reserved(given) || is_reserved(&real) {
        return Err(refused(path, "it belongs to git or to tipstaff"));
    }
    if real.as_os_str().is_empty() {
        return Err(refused(path, "it is a folder"));
    }
    Ok(real)
}

fn refused(path: &str, reason: &'static str) -> WorkspaceError {
    WorkspaceError::RefusedPath {
        path: path.to_owned(),
        reason,
    }
}

/// Writes beside the target and renames, so that nobody sees half a file.
pub(super) fn write_atomically(
    target: &Path,
    bytes: &[u8],
    mode: Option<Permissions>,
) -> Result<(), WorkspaceError> {
    let folder = target.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(WorkspaceError::io("create", folder))?;
    let failed = |source| WorkspaceError::io("write", target)(source);
    // The process's umask takes from this what a new file is not to have.
    let mut file = tempfile::Builder::new()
        .prefix(".tipstaff-")
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder)
        .map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    if let Some(mode) = mode {
        file.as_file().set_permissions(mode).map_err(failed)?;
    }
    file.as_file().sync_all().map_err(failed)?;
    file.persist(target).map_err(|error| failed(error.error))?;
    // Some file systems cannot sync folders; the file is complete either way.
    let _ = files::sync_folder(folder);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::os::unix::fs::symlink;

    use super::*;

    fn project() -> (tempfile::TempDir, PathBuf) {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().join("project");
        fs::create_dir(&root).unwrap();
        (temp, root)
    }

    #[test]
    fn follows_links_that_stay_inside() {
        let (_temp, root) = project();
        fs::create_dir(root.join("real")).unwrap();
        symlink("real", root.join("docs")).unwrap();
        assert_eq!(place(&root, "docs/p.md").unwrap(), Path::new("real/p.md"));
    }

    #[test]
    fn refuses_paths_outside_and_reserved_ones() {
        let (temp, root) = project();
        symlink(temp.path(), root.join("out")).unwrap();
        symlink("../elsewhere.md", root.join("leaf.md")).unwrap();
        symlink(".git", root.join("sly")).unwrap();
        fs::create_dir(root.join("folder")).unwrap();
        let refused = [
            "../p.md",
            "a/../../p.md",
            "/tmp/p.md",
            "",
            ".",
            "folder",
            "new/",
            "out/p.md",
            "leaf.md",
            ".git/config",
            ".Git/hooks/pre-commit",
            ".tipstaff/config.yaml",
            "sly/config",
        ];
        for path in refused {
            let error = place(&root, path).unwrap_err();
            assert!(
                matches!(error, WorkspaceError::RefusedPath { .. }),
                "{path}: {error}"
            );
        }
    }
}
