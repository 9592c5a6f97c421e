//! Where documents may go in the user's project.

use std::path::{Component, Path, PathBuf};

use super::WorkspaceError;
use super::paths::{is_reserved, resolve_inside};

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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::fs;
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
