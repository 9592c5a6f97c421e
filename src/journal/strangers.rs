//! Who and what else may be met in a run folder.

use std::fmt;

/// Who works on a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The process id and the machine's name (the project may lie on a shared disk), if the holder
    /// could write them.
    pub process: Option<(u32, String)>,
}

impl fmt::Display for Holder {
    /// `process 123 on host`, or `another process`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.process {
            Some((pid, host)) => write!(f, "process {pid} on {host}"),
            None => f.write_str("another process"),
        }
    }
}

/// The first of the lines that somebody else put behind a journal's records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    pub(super) line: u64,
    pub(super) reason: String,
}

impl Foreign {
    /// A line that could be a record, and is none that tipstaff finished writing.
    pub(super) fn unknown(line: u64) -> Self {
        let reason = "tipstaff did not finish it, or did not write it".to_owned();
        Self { line, reason }
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, reason } = self;
        write!(f, "line {line} of the journal is not the run's ({reason})")
    }
}
