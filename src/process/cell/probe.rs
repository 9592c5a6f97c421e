//! Whether a machine allows a cell, found out by making one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::error::ProcessError;
use super::super::spec::ChildSpec;
use super::super::start::start;
use super::spec::CellSpec;
use crate::model::ExitStatus;

/// How long a command that does nothing may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs a command that does nothing in the cell, with its record in the folder `at`.
///
/// # Errors
/// The cell cannot be made, or nothing can be executed in it.
pub async fn probe(cell: CellSpec, at: &Path, exe: &Path) -> Result<(), ProcessError> {
    let spec = ChildSpec {
        program: "true".into(),
        args: Vec::new(),
        env: BTreeMap::from([("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into())]),
        cwd: PathBuf::from("/"),
        stdin: "/dev/null".into(),
        stdout: "/dev/null".into(),
        stderr: "/dev/null".into(),
        record: at.join("probe.json"),
        marker: "probe".to_owned(),
        grace: Duration::ZERO,
        timeout: Some(PATIENCE),
        max_output_bytes: None,
        cell: Some(cell),
    };
    let exit = start(spec, exe).await?.wait().await?;
    match exit.status {
        ExitStatus::Exited(0) => Ok(()),
        status => Err(ProcessError::Cell {
            source: std::io::Error::other(format!("a command in it ended with {status:?}")),
        }),
    }
}
