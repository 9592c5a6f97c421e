use std::fmt;

use serde::{Deserialize, Serialize};

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitStatus {
    Exited(i32),
    Signaled(i32),
    /// Nobody saw it end: its warden was killed, or it could not be killed itself.
    Unknown,
}

impl fmt::Display for ExitStatus {
    /// Follows a subject: `exited with 3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "exited with {code}"),
            Self::Signaled(signal) => write!(f, "died of signal {signal}"),
            Self::Unknown => f.write_str("was killed together with its warden"),
        }
    }
}
