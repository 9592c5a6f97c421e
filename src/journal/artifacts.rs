//! The files of a run folder, named and digested.

use std::io::{self, Write};
use std::path::Path;

use super::{Clean, JournalError, RunFolder};
use crate::files::{self, NewFile};
use crate::model::{Artifact, Digest};

impl RunFolder {
    /// Writes a file (path relative to the run folder, with `/`) in one step and syncs it, so that an
    /// event that names it never outlives it. Folders on the way are made; what was there is
    /// replaced.
    pub fn write_artifact(
        &self,
        relative: &str,
        clean: &Clean<'_>,
    ) -> Result<Artifact, JournalError> {
        let bytes = clean.bytes();
        let path = self.checked_path(relative)?;
        let written = NewFile::at(&path).and_then(|mut file| {
            file.write_all(bytes)?;
            file.put()
        });
        self.leave_unsynced(written.map_err(JournalError::io("write", &path))?);
        Ok(Artifact {
            path: relative.to_owned(),
            digest: digest(&blake3::hash(bytes)),
            bytes: bytes.len() as u64,
        })
    }

    /// Names and digests a file that is in the run folder already, for example a stream file. Reads
    /// it piece by piece.
    pub fn describe_artifact(&self, relative: &str) -> Result<Artifact, JournalError> {
        let path = self.checked_path(relative)?;
        let mut file = files::open_below(self.root(), Path::new(relative))
            .map_err(|error| cannot_read(&path, error))?;
        let mut hasher = blake3::Hasher::new();
        let bytes = io::copy(&mut file, &mut hasher).map_err(|error| cannot_read(&path, error))?;
        Ok(Artifact {
            path: relative.to_owned(),
            digest: digest(&hasher.finalize()),
            bytes,
        })
    }

    /// Reads an artifact and checks that it is what the journal says.
    pub fn read_artifact(&self, artifact: &Artifact) -> Result<Vec<u8>, JournalError> {
        let path = self.checked_path(&artifact.path)?;
        let bytes = files::read_below(self.root(), Path::new(&artifact.path), artifact.bytes)
            .map_err(|error| cannot_read(&path, error))?;
        match digest(&blake3::hash(&bytes)) == artifact.digest {
            true => Ok(bytes),
            false => Err(JournalError::ArtifactChanged { path }),
        }
    }
}

fn cannot_read(path: &Path, error: io::Error) -> JournalError {
    match error.kind() {
        io::ErrorKind::NotFound => JournalError::ArtifactMissing {
            path: path.to_owned(),
        },
        io::ErrorKind::FileTooLarge => JournalError::ArtifactChanged {
            path: path.to_owned(),
        },
        _ => JournalError::io("read", path)(error),
    }
}

fn digest(hash: &blake3::Hash) -> Digest {
    Digest::new(hash.to_hex().as_str())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::fs;

    use super::*;
    use crate::journal::Redactor;
    use crate::model::RunId;

    fn clean(bytes: &[u8]) -> Clean<'_> {
        Redactor::default().clean(bytes)
    }

    fn run() -> (tempfile::TempDir, RunFolder) {
        let temp = tempfile::tempdir().unwrap();
        let run = RunFolder::create(temp.path(), RunId::new("r1")).unwrap();
        (temp, run)
    }

    #[test]
    fn gives_back_what_was_written() {
        let (_temp, run) = run();
        let first = run
            .write_artifact("phases/01-a/output.md", &clean(b"one"))
            .unwrap();
        assert_eq!(run.read_artifact(&first).unwrap(), b"one");
        assert_eq!(run.describe_artifact(&first.path).unwrap(), first);
        let second = run
            .write_artifact("phases/01-a/output.md", &clean(b"two"))
            .unwrap();
        assert_eq!(run.read_artifact(&second).unwrap(), b"two");
        let left = fs::read_dir(run.path("phases/01-a")).unwrap().count();
        assert_eq!(left, 1, "no temporary file stays");
    }

    #[test]
    fn notices_what_was_changed_or_removed_by_hand() {
        let (_temp, run) = run();
        let artifact = run.write_artifact("a.md", &clean(b"one")).unwrap();
        for changed in ["two", "longer"] {
            fs::write(run.path("a.md"), changed).unwrap();
            let error = run.read_artifact(&artifact).unwrap_err();
            assert!(matches!(error, JournalError::ArtifactChanged { .. }));
        }
        fs::remove_file(run.path("a.md")).unwrap();
        let error = run.read_artifact(&artifact).unwrap_err();
        assert!(matches!(error, JournalError::ArtifactMissing { .. }));
    }

    #[test]
    fn stays_in_the_run_folder() {
        let (_temp, run) = run();
        for path in ["../x", "/tmp/x", "a/../../x", ""] {
            let error = run.write_artifact(path, &clean(b"")).unwrap_err();
            assert!(matches!(error, JournalError::RefusedPath { .. }), "{path}");
        }
    }
}
