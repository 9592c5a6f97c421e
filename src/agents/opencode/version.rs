//! Which versions of OpenCode are known to work.

use std::fmt;

/// The version everything here was measured with.
pub const TESTED_VERSION: &str = "1.18.33";
const TESTED: (u64, u64) = (1, 18);
/// Before it `run --format json` and the permission rules were different.
const OLDEST: (u64, u64) = (1, 0);

/// What is known of an installed version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Supported {
    /// Of the release line that the tests run against.
    Tested(String),
    /// Another one, or a text that is no version: it may work.
    Untested(String),
    TooOld(String),
}

impl fmt::Display for Supported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tested(version) => write!(f, "OpenCode {version}"),
            Self::Untested(version) => {
                write!(
                    f,
                    "OpenCode {version} is untested (tested: {}.{}.x)",
                    TESTED.0, TESTED.1
                )
            }
            Self::TooOld(version) => {
                write!(
                    f,
                    "OpenCode {version} is too old (tested: {}.{}.x)",
                    TESTED.0, TESTED.1
                )
            }
        }
    }
}

/// Judges the output of `opencode --version`.
pub fn version(output: &str) -> Supported {
    let text = output
        .trim()
        .lines()
        .last()
        .unwrap_or_default()
        .trim()
        .to_owned();
    let mut numbers = text
        .trim_start_matches('v')
        .split('.')
        .map(str::parse::<u64>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) if (major, minor) == TESTED => Supported::Tested(text),
        (Some(Ok(major)), Some(Ok(minor))) if (major, minor) < OLDEST => Supported::TooOld(text),
        _ => Supported::Untested(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_apart() {
        assert_eq!(
            version("1.18.33\n"),
            Supported::Tested("1.18.33".to_owned())
        );
        assert_eq!(version("1.19.0"), Supported::Untested("1.19.0".to_owned()));
        assert_eq!(version("0.9.11"), Supported::TooOld("0.9.11".to_owned()));
        assert_eq!(version("local"), Supported::Untested("local".to_owned()));
    }
}
