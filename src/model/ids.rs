//! Names and identifiers: a newtype each, so that a phase never passes for a model.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is; the modules that read user input check it first.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl AsRef<std::path::Path> for $name {
            fn as_ref(&self) -> &std::path::Path {
                self.0.as_ref()
            }
        }
    };
}

text_id! {
    /// One execution of a workflow, for example `20261122-154501-plan-3f`. Also its folder's name.
    RunId
}
text_id! {
    /// A phase's name as the workflow gives it; unique within a workflow.
    PhaseName
}
text_id! {
    /// A call's readable name within its run, for example `plan.propose-2`. Unique; also a folder name.
    CallId
}
text_id! {
    /// The digest of everything that makes a call what it is. Two calls with one key are the same
    /// work, so a finished one is never run again, wherever it stands in the plan.
    CallKey
}
text_id! {
    /// A configured model's name (`claude-opus`), or a literal `agent:provider/model[@variant]`.
    ModelName
}
text_id! {
    /// A configured agent's name (`opencode`).
    AgentName
}
text_id! {
    /// A proposal's blinded name: `A`, `B`, …
    Label
}
text_id! {
    /// A task's id within its list: `T1`.
    TaskId
}
text_id! {
    /// BLAKE3 of a file's bytes, 64 lower-case hexadecimal digits.
    Digest
}

impl CallId {
    /// Which time its phase ran, from 1. A failed audit sends a run back to a phase, whose calls then
    /// end in `@2`, `@3` and so on.
    pub fn round(&self) -> u32 {
        let round = self
            .0
            .rsplit_once('@')
            .and_then(|(_, round)| round.parse().ok());
        round.unwrap_or(1)
    }
}

impl Label {
    /// The label at a position: 0 is `A`, 25 is `Z`, 26 is `A1`, and so on.
    pub fn at(index: usize) -> Self {
        let letter = char::from(b'A' + u8::try_from(index % 26).unwrap_or(0));
        match index / 26 {
            0 => Self(letter.to_string()),
            lap => Self(format!("{letter}{lap}")),
        }
    }
}
