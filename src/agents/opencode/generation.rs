//! OpenCode 1 and OpenCode 2 are two programs of one name: flags, configuration, tools and errors differ.

use crate::agents::Carried;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Generation {
    One,
    /// Written from its documentation and source: nobody could run it here. `scripts/probe-opencode2` tries what
    /// could not be read.
    Two,
}

impl Generation {
    /// Of the installed OpenCode, as its version says; the tested one if nobody has asked.
    pub fn of(carried: &Carried) -> Self {
        match carried.opencode_version.as_deref() {
            Some(version) if version.starts_with("2.") => Self::Two,
            _ => Self::One,
        }
    }
}
