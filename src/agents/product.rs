//! What tipstaff knows of an agent's program, and which of its versions work.

use std::fmt;

/// Most characters that are kept of a text that is no version.
const SHOWN: usize = 40;

/// A program that tipstaff has an adapter for.
#[derive(Debug, PartialEq, Eq)]
pub struct Product {
    /// What people call it.
    pub name: &'static str,
    /// The version that everything was measured with.
    pub tested: &'static str,
    /// Major and minor number of the oldest one that can work.
    pub oldest: (u64, u64),
    /// The newest major number that there is an adapter for, where another one is another program.
    pub newest: Option<u64>,
    /// What is to be known of a major number other than the tested one.
    pub of_another_major: &'static str,
    /// The command that installs it.
    pub install: &'static str,
    /// The command that signs in to its models.
    pub sign_in: &'static str,
    /// The provider whose models it runs and names without it (`anthropic`); `None` if it takes those of many.
    pub provider: Option<&'static str>,
    /// What to say of a model that it does not know.
    pub models: &'static str,
}

/// What is known of an installed version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Supported {
    /// Of the release line that the tests run against.
    Tested,
    /// Another one, or a text that is no version: it may work.
    Untested,
    TooOld,
    TooNew,
}

/// An installed program and what is known of its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    pub product: &'static Product,
    pub version: String,
    pub supported: Supported,
}

impl Product {
    /// Judges what `--version` prints: of the lines that hold a number with dots, the one of the fewest words tells
    /// it. Longer ones greet, or praise an update.
    pub fn judge(&'static self, output: &str) -> Installed {
        let numbered = |line: &str| {
            line.split_whitespace().find_map(|word| {
                let word = word
                    .trim_start_matches('v')
                    .trim_end_matches([',', ';', ':', ')']);
                numbers(word).map(|numbers| (word.to_owned(), numbers))
            })
        };
        let lines = output.lines().filter(|line| numbered(line).is_some());
        let line = lines.min_by_key(|line| line.split_whitespace().count());
        let found = line.and_then(numbered);
        let last = || output.trim().lines().last().unwrap_or_default().trim();
        let (version, supported) = match found {
            Some((version, at)) if Some(at) == numbers(self.tested) => (version, Supported::Tested),
            Some((version, at)) if at < self.oldest => (version, Supported::TooOld),
            Some((version, at)) if self.newest.is_some_and(|newest| at.0 > newest) => {
                (version, Supported::TooNew)
            }
            Some((version, _)) => (version, Supported::Untested),
            None => (last().chars().take(SHOWN).collect(), Supported::Untested),
        };
        Installed {
            product: self,
            version,
            supported,
        }
    }

    /// The release line that the tests run against.
    fn line(&self) -> String {
        numbers(self.tested).map_or_else(String::new, |(major, minor)| format!("{major}.{minor}.x"))
    }
}

/// Major and minor number.
fn numbers(version: &str) -> Option<(u64, u64)> {
    let mut numbers = version.split('.').map(str::parse::<u64>);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

impl fmt::Display for Installed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.product.name, self.version)?;
        match self.supported {
            Supported::Tested => Ok(()),
            Supported::Untested => {
                write!(f, " is untested (tested: {})", self.product.line())?;
                let major = |version| numbers(version).map(|(major, _)| major);
                match major(&self.version) == major(self.product.tested) {
                    true => Ok(()),
                    false => f.write_str(self.product.of_another_major),
                }
            }
            Supported::TooOld => write!(f, " is too old (tested: {})", self.product.line()),
            Supported::TooNew => write!(
                f,
                " is too new: there is no adapter for it (tested: {})",
                self.product.line()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::opencode::PRODUCT;

    #[test]
    fn versions_are_told_apart() {
        let of = |output: &str| {
            let installed = PRODUCT.judge(output);
            (installed.version, installed.supported)
        };
        let told = |version: &str, supported| (version.to_owned(), supported);
        assert_eq!(of("1.18.33\n"), told("1.18.33", Supported::Tested));
        assert_eq!(
            of("a banner\nopencode v1.18.2"),
            told("1.18.2", Supported::Tested)
        );
        assert_eq!(
            of("1.19.0 (Open Code)"),
            told("1.19.0", Supported::Untested)
        );
        assert_eq!(of("0.9.11"), told("0.9.11", Supported::TooOld));
        for output in [
            "opencode 1.18.2\nUpdate available: 1.19.0, run npm install",
            "A new release 1.19.0 is out\n1.18.2",
            "Welcome to my wrapper 3.1\n\nv1.18.2",
        ] {
            assert_eq!(of(output), told("1.18.2", Supported::Tested), "{output}");
        }
        assert_eq!(of(&"x".repeat(9999)).0.len(), SHOWN);
        assert_eq!(of("local"), told("local", Supported::Untested));
        assert_eq!(of("opencode v2.3.2"), told("2.3.2", Supported::Untested));
        assert_eq!(of("3.0.1"), told("3.0.1", Supported::TooNew));
        let said = PRODUCT.judge("opencode v2.3.2").to_string();
        assert!(
            said.contains("untested") && said.contains("probe-opencode2"),
            "{said}"
        );
    }
}
