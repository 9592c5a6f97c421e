//! How closed the place is in which calls live.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How much of a cell the machine allows, the strictest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// Namespaces of its own, an overlay as the workspace.
    Namespaces,
    /// Landlock alone; a copy as the workspace.
    Landlock,
    /// A copy and the warden, no border.
    #[default]
    None,
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Namespaces => "namespaces",
            Self::Landlock => "landlock",
            Self::None => "none",
        })
    }
}
