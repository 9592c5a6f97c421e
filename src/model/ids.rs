//! Names and identifiers: a newtype each, so that a phase never passes for a model.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
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

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
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
    /// work, so a finished one is never run again, wherever it is in the plan.
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
    /// Whose limits requests count for, as it is shown: `claude`, `opencode/anthropic`.
    AccountName
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

/// The id of a git tree in a run's store: 40 or 64 hexadecimal digits. The default is no tree at all, which
/// is what a run has that has not begun.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct TreeId(String);

impl TreeId {
    /// `None` unless the text looks like one.
    pub fn parse(text: &str) -> Option<Self> {
        let is_id =
            matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_id.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A tree for tests, told from others by its name.
    #[cfg(test)]
    pub fn sample(name: &str) -> Self {
        Self(blake3::hash(name.as_bytes()).to_hex().to_string())
    }
}

impl TryFrom<String> for TreeId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` is no git tree"))
    }
}

impl fmt::Display for TreeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_read_from_hexadecimal_digits_alone() {
        let id = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
        let read = |text: &str| serde_json::from_value::<TreeId>(text.into());
        assert_eq!(read(id).expect("an id").as_str(), id);
        assert_eq!(
            serde_json::json!(TreeId::sample("a"))
                .as_str()
                .map(str::len),
            Some(64)
        );
        for text in [
            "",
            "HEAD",
            "--output=/etc/passwd",
            "../../../../../../../../../etc/passwd00000",
        ] {
            let error = read(text).expect_err("no id").to_string();
            assert_eq!(error, format!("`{text}` is no git tree"));
        }
    }
}
