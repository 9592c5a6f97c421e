//! Files of a run folder, named and digested.

use serde::{Deserialize, Serialize};

use super::Digest;

/// A file in the run folder. The journal holds artifacts, never their content.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Artifact {
    /// Path relative to the run folder, with `/`.
    pub path: String,
    pub digest: Digest,
    /// Size in bytes.
    pub bytes: u64,
}
