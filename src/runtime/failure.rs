//! Failures of attempts that are not the agent's.

use std::path::Path;

use crate::model::{Failure, FailureKind};

/// The failure of an attempt that tipstaff ended itself.
pub fn cancelled() -> Failure {
    Failure::new(FailureKind::Cancelled, "ended by tipstaff")
}

/// The failure of an attempt whose account was parked after it had been ordered.
pub fn parked() -> Failure {
    let why = "not started: its account was parked while it waited for its turn";
    Failure::new(FailureKind::Quota, why)
}

/// The failure of the machine below: disk, folders, threads.
pub fn machine(error: impl std::error::Error) -> Failure {
    Failure::new(FailureKind::Machine, chain(&error))
}

/// An error with its causes, in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

/// A file or folder of an attempt cannot be written.
pub fn at_path(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(
        FailureKind::Machine,
        format!("failed to write {}: {error}", path.display()),
    )
}
