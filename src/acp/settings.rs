//! How a client is told what its agent has to be: by one argument.

use std::ffi::OsString;

use serde::{Deserialize, Serialize};

use crate::model::Profile;

/// The hidden subcommand by which this binary becomes the client of an agent.
pub const ARG: &str = "__acp";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    pub profile: Profile,
    /// As the agent calls it; empty for the one it takes by itself.
    pub model: String,
    /// Its level of thinking; may be empty.
    pub variant: String,
    /// Where it works; absolute.
    pub workspace: String,
}

impl Settings {
    /// The arguments before the agent's program and what that is given.
    pub fn to_args(&self) -> Vec<OsString> {
        let json = serde_json::to_string(self).expect("settings are plain data");
        vec![ARG.into(), json.into()]
    }

    /// Of the argument after [`ARG`].
    pub fn from_arg(arg: &OsString) -> Option<Self> {
        serde_json::from_str(arg.to_str()?).ok()
    }
}
