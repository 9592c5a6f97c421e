//! What a child is started with, and how that travels to its warden.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::cell::CellSpec;
use crate::model::Rung;

/// The environment variable that marks every process of a child.
pub const MARK: &str = "TIPSTAFF_CALL_MARK";

/// Everything a child is started with; nothing is inherited.
///
/// Relative paths count from the supervisor's own folder. Bytes that are not UTF-8 survive everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildSpec {
    /// The program: a path, or a bare name that is looked up in the `PATH` of `env`.
    #[serde(with = "raw")]
    pub program: PathBuf,
    /// Its arguments, without the program's name.
    pub args: Vec<OsString>,
    /// Its whole environment; [`MARK`] is added.
    #[serde(with = "pairs")]
    pub env: BTreeMap<OsString, OsString>,
    /// The folder it starts in. `PWD` is not set by this; put it into `env` if the program reads it.
    #[serde(with = "raw")]
    pub cwd: PathBuf,
    /// The file that is its standard input; its end is the end of input.
    #[serde(with = "raw")]
    pub stdin: PathBuf,
    /// The file that its standard output is appended to; created if missing, its folder is not.
    #[serde(with = "raw")]
    pub stdout: PathBuf,
    #[serde(with = "raw")]
    pub stderr: PathBuf,
    /// Where the warden writes how it ended: JSON, put there in one step.
    #[serde(with = "raw")]
    pub record: PathBuf,
    /// The value of [`MARK`], unique for run, call and attempt: `20261122-plan-3f/plan.propose-1/1`.
    pub marker: String,
    /// How long it has between a polite stop and being killed.
    pub grace: Duration,
    /// How long it may run; then it is asked to end, and killed after the grace time.
    pub timeout: Option<Duration>,
    /// How many bytes standard output and error may grow to together; then it is killed.
    pub max_output_bytes: Option<u64>,
    /// Where it lives. Its program, folder and environment are then named as they are in there; its streams and
    /// the record as they are on the machine.
    pub cell: Option<CellSpec>,
}

/// JSON has no other way to hold paths that are not UTF-8.
pub(super) mod raw {
    use super::{Deserialize, Deserializer, OsString, Path, PathBuf, Serialize, Serializer};

    pub fn serialize<S: Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
        path.as_os_str().serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<PathBuf, D::Error> {
        OsString::deserialize(from).map(PathBuf::from)
    }
}

/// Several of them.
pub(super) mod raws {
    use super::{Deserialize, Deserializer, OsString, PathBuf, Serializer};

    pub fn serialize<S: Serializer>(paths: &[PathBuf], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(paths.iter().map(|path| path.as_os_str()))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<PathBuf>, D::Error> {
        let paths: Vec<OsString> = Vec::deserialize(from)?;
        Ok(paths.into_iter().map(PathBuf::from).collect())
    }
}

/// Nor has it names that are no texts.
mod pairs {
    use super::{BTreeMap, Deserialize, Deserializer, OsString, Serializer};

    type Pairs = BTreeMap<OsString, OsString>;

    pub fn serialize<S: Serializer>(pairs: &Pairs, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(pairs)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Pairs, D::Error> {
        Vec::deserialize(from).map(|pairs: Vec<_>| pairs.into_iter().collect())
    }
}

impl ChildSpec {
    /// Whether it has a root, and so paths, of its own.
    pub(super) fn is_apart(&self) -> bool {
        let cell = self.cell.as_ref();
        cell.is_some_and(|cell| cell.rung == Rung::Namespaces)
    }

    /// The same with absolute paths, so that it means the same in any process. Without looking at the
    /// disk: a bare program name stays one.
    ///
    /// Fails if a path is empty or the current folder cannot be told.
    pub(super) fn absolute(&self) -> io::Result<Self> {
        let bare = self.program.components().count() == 1 && self.program.is_relative();
        let program = if bare {
            self.program.clone()
        } else {
            std::path::absolute(&self.program)?
        };
        Ok(Self {
            program,
            cwd: std::path::absolute(&self.cwd)?,
            stdin: std::path::absolute(&self.stdin)?,
            stdout: std::path::absolute(&self.stdout)?,
            stderr: std::path::absolute(&self.stderr)?,
            record: std::path::absolute(&self.record)?,
            ..self.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::os::unix::ffi::OsStringExt;

    use super::*;

    fn spec() -> ChildSpec {
        let odd = OsString::from_vec(vec![b'/', 0xff, b' ', b'"', b'\n']);
        ChildSpec {
            program: PathBuf::from("agent"),
            args: vec![odd.clone(), OsString::from("--x")],
            env: BTreeMap::from([(OsString::from("A"), odd.clone())]),
            cwd: PathBuf::from(odd),
            stdin: PathBuf::from("in"),
            stdout: PathBuf::from("/out"),
            stderr: PathBuf::from("/err"),
            record: PathBuf::from("/record"),
            marker: String::from("run/call/1"),
            grace: Duration::from_millis(1500),
            timeout: Some(Duration::from_secs(60)),
            max_output_bytes: Some(7),
            cell: None,
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_survive_the_way_to_the_warden() {
        let json = serde_json::to_vec(&spec()).unwrap();
        let read: ChildSpec = serde_json::from_slice(&json).unwrap();
        assert_eq!(read, spec());
    }

    #[test]
    fn absolute_leaves_a_bare_name_to_the_path_variable() {
        let absolute = spec().absolute().unwrap();
        assert_eq!(absolute.program, PathBuf::from("agent"));
        assert_eq!(absolute.stdin, std::env::current_dir().unwrap().join("in"));

        let relative = ChildSpec {
            program: PathBuf::from("./agent"),
            ..spec()
        };
        assert!(relative.absolute().unwrap().program.is_absolute());
    }
}
