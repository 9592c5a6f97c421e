//! The runs that this user began on this machine.
//!
//! A run folder alone proves nothing: a cloned project may bring one along, with a plan that names programs and
//! with files to put back. So a run is known by an entry outside of every project; what is in a run folder
//! without one can be read, and is not acted upon.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::head::Head;
use super::{Content, Journal, JournalError, Redactor, RunFolder};
use crate::files::{self, if_there};
use crate::model::RunId;

/// The folder of the entries: `ID.json` says where a run lies, `ID.head` how far its journal has come.
#[derive(Debug, Clone)]
pub struct RunRegister(PathBuf);

/// Whose run a run folder holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// This user's, at its place.
    Own,
    /// This user's: the project was moved from there.
    Moved(PathBuf),
    /// This user's run lies there; this is a copy.
    Copied(PathBuf),
    Unknown,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    /// The run folder, as bytes: a path need not be text.
    folder: Vec<u8>,
    /// The project's folder on its disk, which is another one when the project was moved and another one took
    /// its place.
    #[serde(default)]
    project: Option<(u64, u64)>,
}

impl Entry {
    fn folder(&self) -> PathBuf {
        PathBuf::from(OsString::from_vec(self.folder.clone()))
    }

    /// Whether the run's folder is gone although the project is where it was.
    fn is_deleted(&self) -> bool {
        let folder = self.folder();
        let there = self.project.is_some() && project_of(&folder) == self.project;
        there && matches!(if_there(folder.symlink_metadata()), Ok(None))
    }
}

/// Device and inode of the project that a run folder (`PROJECT/.tipstaff/runs/ID`) lies in.
fn project_of(folder: &Path) -> Option<(u64, u64)> {
    let project = folder.ancestors().nth(3)?.metadata().ok()?;
    Some((project.dev(), project.ino()))
}

impl RunRegister {
    /// The register in this folder, which only its owner can write to.
    pub fn at(folder: PathBuf) -> Self {
        Self(folder)
    }

    pub fn origin(&self, run: &RunFolder) -> Result<Origin, JournalError> {
        let path = self.entry(run, "json");
        let entry = if_there(read(&path)).map_err(JournalError::io("read", &path))?;
        let Some(known) = entry.map(|entry| entry.folder()) else {
            return Ok(Origin::Unknown);
        };
        Ok(match known.symlink_metadata() {
            Ok(_) if real(run)? == known => Origin::Own,
            Ok(_) => Origin::Copied(known),
            Err(_) => Origin::Moved(known),
        })
    }

    /// Notes where a run lies now.
    pub fn note(&self, run: &RunFolder) -> Result<(), JournalError> {
        let path = self.entry(run, "json");
        let folder = real(run)?;
        let entry = Entry {
            project: project_of(&folder),
            folder: folder.into_os_string().into_vec(),
        };
        serde_json::to_vec(&entry)
            .map_err(io::Error::from)
            .and_then(|json| files::replace(&path, &json))
            .map_err(JournalError::io("write", &path))
    }

    /// Enters a run that begins.
    fn enter(&self, run: &RunFolder) -> Result<Head, JournalError> {
        self.note(run)?;
        Head::create(&self.entry(run, "head"))
    }

    /// The head of a run's journal, and how much of the journal it vouches for.
    fn verify(&self, run: &RunFolder) -> Result<(Head, u64), JournalError> {
        Head::verify(&self.entry(run, "head"), &run.path(RunFolder::JOURNAL))
    }

    /// Where the supervisor of a run listens.
    pub fn socket(&self, run: &RunFolder) -> PathBuf {
        self.entry(run, "sock")
    }

    /// The folders of all runs that are there, by their names.
    pub fn folders(&self) -> Vec<RunFolder> {
        let open = |path: PathBuf| {
            let id = RunId::new(path.file_name()?.to_str()?);
            RunFolder::open(path.ancestors().nth(3)?, id).ok()
        };
        let known = self.entries().filter_map(|entry| read(&entry).ok());
        let mut folders: Vec<RunFolder> = known.filter_map(|entry| open(entry.folder())).collect();
        folders.sort_by(|one, other| one.id().cmp(other.id()));
        folders
    }

    /// How many are not where they were, and were not deleted: their projects were moved, or are on another disk.
    pub fn elsewhere(&self) -> u64 {
        let known = self.entries().filter_map(|entry| read(&entry).ok());
        let gone = known.filter(|entry| !entry.folder().exists() && !entry.is_deleted());
        gone.count() as u64
    }

    fn entries(&self) -> impl Iterator<Item = PathBuf> {
        let entries = std::fs::read_dir(&self.0).into_iter().flatten().flatten();
        let paths = entries.map(|entry| entry.path());
        paths.filter(|path| path.extension().is_some_and(|kind| kind == "json"))
    }

    /// Forgets the runs whose folders were deleted. Silent: it is done on the way.
    pub fn forget_deleted(&self) {
        for path in self.entries() {
            if read(&path).is_ok_and(|entry| entry.is_deleted()) {
                let _ = std::fs::remove_file(path.with_extension("head"));
                let _ = std::fs::remove_file(path.with_extension("sock"));
                let _ = std::fs::remove_file(path);
            }
        }
    }

    /// Forgets a run that never began.
    pub fn forget(&self, run: &RunFolder) {
        for kind in ["json", "head", "sock"] {
            let _ = std::fs::remove_file(self.entry(run, kind));
        }
    }

    fn entry(&self, run: &RunFolder, kind: &str) -> PathBuf {
        self.0.join(format!("{}.{kind}", run.id()))
    }
}

impl RunFolder {
    /// Makes the run's journal, which must not be there yet, and enters the run in the register.
    pub fn create_journal(
        &self,
        register: &RunRegister,
        redactor: Redactor,
    ) -> Result<Journal, JournalError> {
        let journal = Journal::create(&self.path(Self::JOURNAL), redactor)?;
        Ok(journal.of_run(self.unsynced.clone(), register.enter(self)?))
    }

    /// Opens the run's journal to go on with it, and reads what it holds.
    pub fn open_journal(
        &self,
        register: &RunRegister,
        redactor: Redactor,
    ) -> Result<(Journal, Content), JournalError> {
        let (head, vouched) = register.verify(self)?;
        let (journal, content) = Journal::open(&self.path(Self::JOURNAL), Some(vouched), redactor)?;
        Ok((journal.of_run(self.unsynced.clone(), head), content))
    }
}

fn read(path: &Path) -> io::Result<Entry> {
    Ok(serde_json::from_slice(&files::read(path, files::RECORD)?)?)
}

fn real(run: &RunFolder) -> Result<PathBuf, JournalError> {
    let root: &Path = run.root();
    root.canonicalize().map_err(JournalError::io("open", root))
}
