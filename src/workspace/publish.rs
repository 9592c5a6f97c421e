//! Puts a document into the user's project: whole or not at all, and nothing is lost.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use super::WorkspaceError;
use super::paths::{is_reserved, resolve_inside};

/// What publishing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// The file was not there before.
    Created,
    /// The file held exactly these bytes already and was not touched.
    Unchanged,
    /// The file held something else, which is now kept at the place named for it.
    Replaced,
}

impl Published {
    /// Whether something stood there that is now kept aside.
    pub fn previous_kept(self) -> bool {
        match self {
            Self::Replaced => true,
            Self::Created | Self::Unchanged => false,
        }
    }
}

/// Writes `bytes` to `path` (relative to the project) in one step; folders on the way are made. A
/// file that stands there with other content is first copied to `keep_previous_at`; its mode stays.
/// A symlink that stays inside the project is written through.
///
/// # Errors
/// [`WorkspaceError::RefusedPath`] if the path leaves the project, also through a symlink, belongs to
/// git or tipstaff, or is a folder; [`WorkspaceError::Io`] if the project cannot be written.
pub fn publish(
    project_root: &Path,
    path: &str,
    bytes: &[u8],
    keep_previous_at: &Path,
) -> Result<Published, WorkspaceError> {
    let target = project_root.join(checked(project_root, path)?);
    let before = match fs::read(&target) {
        Ok(before) if before == bytes => return Ok(Published::Unchanged),
        Ok(before) => Some(before),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
            return Err(refused(path, "it is a folder"));
        }
        Err(error) => return Err(WorkspaceError::io("read", &target)(error)),
    };
    let mode = match &before {
        Some(before) => {
            let mode = fs::metadata(&target)
                .map_err(WorkspaceError::io("read", &target))?
                .permissions();
            write_atomically(keep_previous_at, before, None)?;
            Some(mode)
        }
        None => None,
    };
    write_atomically(&target, bytes, mode)?;
    Ok(match before {
        Some(_) => Published::Replaced,
        None => Published::Created,
    })
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
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::os::unix::fs::{MetadataExt, symlink};

    use super::*;

    struct Project {
        _temp: tempfile::TempDir,
        root: PathBuf,
        kept: PathBuf,
    }

    impl Project {
        fn new() -> Self {
            let temp = tempfile::tempdir().unwrap();
            let root = temp.path().join("project");
            fs::create_dir(&root).unwrap();
            Self {
                root,
                kept: temp.path().join("run/previous.md"),
                _temp: temp,
            }
        }

        fn publish(&self, path: &str, text: &str) -> Result<Published, WorkspaceError> {
            publish(&self.root, path, text.as_bytes(), &self.kept)
        }
    }

    #[test]
    fn makes_parents_and_leaves_nothing_else() {
        let project = Project::new();
        assert_eq!(
            project.publish("docs/plans/a b.md", "x").unwrap(),
            Published::Created
        );
        let folder = project.root.join("docs/plans");
        assert_eq!(fs::read(folder.join("a b.md")).unwrap(), b"x");
        assert_eq!(fs::read_dir(folder).unwrap().count(), 1);
        assert!(!project.kept.exists());
    }

    #[test]
    fn keeps_what_stood_there_and_its_mode() {
        let project = Project::new();
        let path = project.root.join("p.md");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        assert!(project.publish("p.md", "new").unwrap().previous_kept());
        assert_eq!(fs::read(&project.kept).unwrap(), b"old");
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o640);
    }

    #[test]
    fn does_not_touch_a_file_with_the_same_content() {
        let project = Project::new();
        project.publish("p.md", "same").unwrap();
        let before = project.root.join("p.md").metadata().unwrap().ino();
        assert_eq!(
            project.publish("p.md", "same").unwrap(),
            Published::Unchanged
        );
        assert_eq!(project.root.join("p.md").metadata().unwrap().ino(), before);
        assert!(!project.kept.exists());
    }

    #[test]
    fn writes_through_links_that_stay_inside() {
        let project = Project::new();
        fs::create_dir(project.root.join("real")).unwrap();
        symlink("real", project.root.join("docs")).unwrap();
        project.publish("docs/p.md", "x").unwrap();
        assert!(project.root.join("real/p.md").exists());
        assert!(project.root.join("docs").is_symlink());
    }

    #[test]
    fn refuses_paths_outside_and_reserved_ones() {
        let project = Project::new();
        let outside = project.root.parent().unwrap().to_owned();
        symlink(&outside, project.root.join("out")).unwrap();
        symlink("../elsewhere.md", project.root.join("leaf.md")).unwrap();
        symlink(".git", project.root.join("sly")).unwrap();
        fs::create_dir(project.root.join("folder")).unwrap();
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
            let error = project.publish(path, "x").unwrap_err();
            assert!(
                matches!(error, WorkspaceError::RefusedPath { .. }),
                "{path}: {error}"
            );
        }
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
    }
}
