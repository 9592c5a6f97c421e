//! A run's folder in the user's project: `.tipstaff/runs/ID`.

use std::fs::{DirBuilder, Permissions};
use std::io::{self, Write};
use std::mem::take;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::JournalError;
use crate::files::{self, UnsyncedFolders};
use crate::model::RunId;

/// Keeps runs out of the user's commits, and itself; configuration, workflows and prompts beside it
/// can be committed.
const GITIGNORE: &str = "# Written by tipstaff: runs stay on this machine.\n/runs/\n/.gitignore\n";

/// Folders of a run that the journal syncs before it names what is in them.
#[derive(Debug, Clone, Default)]
pub(super) struct Unsynced(Arc<Mutex<UnsyncedFolders>>);

impl Unsynced {
    pub(super) fn sync(&self) {
        // What is written meanwhile is named by a later line.
        let folders = take(&mut *self.held());
        folders.sync();
    }

    fn held(&self) -> MutexGuard<'_, UnsyncedFolders> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A run's folder. Holding one does not mean working on it: see [`super::RunLock`].
#[derive(Debug, Clone)]
pub struct RunFolder {
    root: PathBuf,
    id: RunId,
    pub(super) unsynced: Unsynced,
}

impl RunFolder {
    /// Makes a new run's folder in the project.
    pub fn create(project_root: &Path, id: RunId) -> Result<Self, JournalError> {
        let runs = make_runs_dir(project_root)?;
        keep_out_of_commits(&runs)?;
        let root = runs.join(&id);
        match DirBuilder::new().mode(0o700).create(&root) {
            Ok(()) => Ok(Self::at(root, id)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(JournalError::RunExists { run: id })
            }
            Err(error) => Err(JournalError::io("create", &root)(error)),
        }
    }

    /// The folder of a run that exists.
    pub fn open(project_root: &Path, id: RunId) -> Result<Self, JournalError> {
        let is_there =
            is_name(id.as_str()) && look_at(project_root, &Path::new(RUNS).join(&id))?.is_some();
        let folder = project_root.join(RUNS);
        match is_there {
            true => Ok(Self::at(folder.join(&id), id)),
            false => Err(JournalError::NoRun {
                wanted: id.as_str().to_owned(),
                folder,
            }),
        }
    }

    fn at(root: PathBuf, id: RunId) -> Self {
        Self {
            root,
            id,
            unsynced: Unsynced::default(),
        }
    }

    pub(super) fn leave_unsynced(&self, folders: UnsyncedFolders) {
        self.unsynced.held().extend(folders);
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn id(&self) -> &RunId {
        &self.id
    }

    /// Where a path relative to the run folder lies.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// The same for paths that may have been written by others.
    ///
    /// # Errors
    /// [`JournalError::RefusedPath`] if it leaves the folder.
    pub(super) fn checked_path(&self, relative: &str) -> Result<PathBuf, JournalError> {
        let path = Path::new(relative);
        let stays_inside = !relative.is_empty()
            && path
                .components()
                .all(|part| matches!(part, Component::Normal(_)));
        match stays_inside {
            true => Ok(self.root.join(path)),
            false => Err(JournalError::RefusedPath {
                path: relative.to_owned(),
            }),
        }
    }
}

/// Where the runs of a project lie in it.
pub(super) const RUNS: &str = ".tipstaff/runs";

/// The folder of all runs of a project, if there is one.
pub(super) fn runs_dir(project_root: &Path) -> Result<Option<PathBuf>, JournalError> {
    look_at(project_root, Path::new(RUNS))
}

/// Whatever wrote there through a link would write outside of the project.
fn look_at(project_root: &Path, path: &Path) -> Result<Option<PathBuf>, JournalError> {
    for part in [Path::new(".tipstaff"), Path::new(RUNS), path] {
        match files::own_folder(project_root, part, None) {
            Ok(_) => {}
            Err(error) => match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => return Ok(None),
                _ => return Err(not_ours("read", &project_root.join(part))(error)),
            },
        }
    }
    Ok(Some(project_root.join(path)))
}

/// `.tipstaff` is for whom the project is; the runs are for their owner alone, whatever the umask.
fn make_runs_dir(project_root: &Path) -> Result<PathBuf, JournalError> {
    let make = |path: &str, mode| {
        files::own_folder(project_root, Path::new(path), Some(mode))
            .map_err(not_ours("create", &project_root.join(path)))
    };
    make(".tipstaff", 0o777)?;
    let runs = project_root.join(RUNS);
    make(RUNS, 0o700)?
        .set_permissions(Permissions::from_mode(0o700))
        .map_err(JournalError::io("create", &runs))?;
    for above in runs.ancestors().skip(1).take(2) {
        let _ = files::sync_folder(above);
    }
    Ok(runs)
}

fn not_ours(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> JournalError + use<> {
    let path = path.to_owned();
    move |error| match error.kind() {
        io::ErrorKind::InvalidInput => JournalError::NotOurs {
            path,
            reason: error.to_string(),
        },
        _ => JournalError::io(action, &path)(error),
    }
}

fn is_name(text: &str) -> bool {
    let mut parts = Path::new(text).components();
    matches!(parts.next(), Some(Component::Normal(_))) && parts.next().is_none()
}

/// Where the user keeps an ignore file of their own in `.tipstaff`, it stays as it is, and the runs
/// get one to themselves unless the user's speaks of them.
fn keep_out_of_commits(runs: &Path) -> Result<(), JournalError> {
    let folder = runs.parent().unwrap_or(runs);
    let ours = folder.join(".gitignore");
    let (path, text) = match files::read_below(folder, Path::new(".gitignore"), files::RECORD) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => (ours, GITIGNORE),
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            return Err(not_ours("read", &ours)(error));
        }
        Ok(text) if String::from_utf8_lossy(&text).contains("runs") => return Ok(()),
        Ok(_) | Err(_) => (runs.join(".gitignore"), "*\n"),
    };
    if path.symlink_metadata().is_ok() {
        return Ok(());
    }
    files::create(&path, 0o666)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(JournalError::io("write", &path))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::fs;

    use super::*;

    #[test]
    fn keeps_runs_out_of_commits_and_the_rest_in() {
        let temp = tempfile::tempdir().unwrap();
        duct::cmd!("git", "init", "-q")
            .dir(temp.path())
            .run()
            .unwrap();
        let run = RunFolder::create(temp.path(), RunId::new("r1")).unwrap();
        fs::write(run.path(RunFolder::PLAN), "{}").unwrap();
        fs::write(temp.path().join(".tipstaff/config.yaml"), "").unwrap();
        let seen = duct::cmd!("git", "status", "--porcelain", "-uall")
            .dir(temp.path())
            .read()
            .unwrap();
        assert_eq!(seen, "?? .tipstaff/config.yaml");
    }

    #[test]
    fn leaves_the_users_own_ignore_file_alone() {
        let temp = tempfile::tempdir().unwrap();
        fs::create_dir(temp.path().join(".tipstaff")).unwrap();
        let own = temp.path().join(".tipstaff/.gitignore");
        fs::write(&own, "notes\n").unwrap();
        RunFolder::create(temp.path(), RunId::new("r1")).unwrap();
        assert_eq!(fs::read_to_string(own).unwrap(), "notes\n");
        let runs = temp.path().join(".tipstaff/runs/.gitignore");
        assert_eq!(fs::read_to_string(runs).unwrap(), "*\n");
    }

    #[test]
    fn opens_only_what_exists_inside() {
        let temp = tempfile::tempdir().unwrap();
        RunFolder::create(temp.path(), RunId::new("r1")).unwrap();
        assert!(RunFolder::open(temp.path(), RunId::new("r1")).is_ok());
        for wanted in ["r2", "..", "", "../runs/r1"] {
            let error = RunFolder::open(temp.path(), RunId::new(wanted)).unwrap_err();
            assert!(matches!(error, JournalError::NoRun { .. }), "{wanted}");
        }
        let again = RunFolder::create(temp.path(), RunId::new("r1")).unwrap_err();
        assert!(matches!(again, JournalError::RunExists { .. }));
    }
}
