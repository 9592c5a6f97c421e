//! The file of the user's own sign-in with an agent's program, which that program refreshes and writes back.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInFile {
    /// The user's own: absolute.
    pub path: PathBuf,
    /// Where the agent looks for it, below the private folder of an attempt.
    pub below: PathBuf,
    /// Where in its JSON the time is at which the token has to be refreshed, as a JSON pointer to milliseconds of
    /// the epoch.
    pub expiry: String,
}

impl SignInFile {
    /// When a content of it has to be refreshed, in milliseconds of the epoch; `None` if it does not say so, or is
    /// not whole.
    pub fn expires(&self, content: &[u8]) -> Option<i64> {
        let content: Value = serde_json::from_slice(content).ok()?;
        content.pointer(&self.expiry)?.as_i64()
    }
}
