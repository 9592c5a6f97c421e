//! What a child is started with, and how that travels to its warden.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The environment variable that marks every process of a child.
pub const MARK: &str = "TIPSTAFF_CALL_MARK";

/// Everything a child is started with; nothing is inherited.
///
/// Relative paths count from the supervisor's own folder. Bytes that are not UTF-8 survive everywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildSpec {
    /// The program: a path, or a bare name that is looked up in the `PATH` of `env`.
    pub program: PathBuf,
    /// Its arguments, without the program's name.
    pub args: Vec<OsString>,
    /// Its whole environment; [`MARK`] is added.
    pub env: BTreeMap<OsString, OsString>,
    /// The folder it starts in. `PWD` is not set by this; put it into `env` if the program reads it.
    pub cwd: PathBuf,
    /// The file that is its standard input; its end is the end of input.
    pub stdin: PathBuf,
    /// The file that its standard output is appended to; created if missing, its folder is not.
    pub stdout: PathBuf,
    pub stderr: PathBuf,
    /// Where the warden writes how it ended: JSON, put there in one step.
    pub record: PathBuf,
    /// The value of [`MARK`], unique for run, call and attempt: `20261122-plan-3f/plan.propose-1/1`.
    pub marker: String,
    /// How long it has between a polite stop and being killed.
    pub grace: Duration,
    /// How long it may run; then it is asked to end, and killed after the grace time.
    pub timeout: Option<Duration>,
    /// How many bytes standard output and error may grow to together; then it is killed.
    pub max_output_bytes: Option<u64>,
}

/// A [`ChildSpec`] as bytes: JSON has no other way to hold paths that are not UTF-8.
#[derive(Serialize, Deserialize)]
struct Wire {
    program: Vec<u8>,
    args: Vec<Vec<u8>>,
    env: Vec<(Vec<u8>, Vec<u8>)>,
    cwd: Vec<u8>,
    stdin: Vec<u8>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    record: Vec<u8>,
    marker: String,
    grace_ms: u64,
    timeout_ms: Option<u64>,
    max_output_bytes: Option<u64>,
}

impl ChildSpec {
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

    /// As JSON, for the warden.
    pub(super) fn encode(&self) -> serde_json::Result<Vec<u8>> {
        let bytes = |path: &Path| path.as_os_str().as_bytes().to_vec();
        serde_json::to_vec(&Wire {
            program: bytes(&self.program),
            args: self
                .args
                .iter()
                .map(|arg| arg.as_bytes().to_vec())
                .collect(),
            env: self
                .env
                .iter()
                .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
                .collect(),
            cwd: bytes(&self.cwd),
            stdin: bytes(&self.stdin),
            stdout: bytes(&self.stdout),
            stderr: bytes(&self.stderr),
            record: bytes(&self.record),
            marker: self.marker.clone(),
            grace_ms: millis(self.grace),
            timeout_ms: self.timeout.map(millis),
            max_output_bytes: self.max_output_bytes,
        })
    }

    /// From what [`ChildSpec::encode`] made.
    pub(super) fn decode(json: &[u8]) -> serde_json::Result<Self> {
        let wire: Wire = serde_json::from_slice(json)?;
        let path = |bytes: Vec<u8>| PathBuf::from(OsString::from_vec(bytes));
        Ok(Self {
            program: path(wire.program),
            args: wire.args.into_iter().map(OsString::from_vec).collect(),
            env: wire
                .env
                .into_iter()
                .map(|(name, value)| (OsString::from_vec(name), OsString::from_vec(value)))
                .collect(),
            cwd: path(wire.cwd),
            stdin: path(wire.stdin),
            stdout: path(wire.stdout),
            stderr: path(wire.stderr),
            record: path(wire.record),
            marker: wire.marker,
            grace: Duration::from_millis(wire.grace_ms),
            timeout: wire.timeout_ms.map(Duration::from_millis),
            max_output_bytes: wire.max_output_bytes,
        })
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

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
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_survive_the_way_to_the_warden() {
        assert_eq!(
            ChildSpec::decode(&spec().encode().unwrap()).unwrap(),
            spec()
        );
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
