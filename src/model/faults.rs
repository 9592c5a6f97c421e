//! What is wrong with something, told to a model, a person and the journal alike.

use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

use super::shortened;

/// So many faults are told; of more, their number.
const MOST: usize = 20;
/// Longest fault in bytes. What a model wrote may be quoted in it.
const LONGEST: usize = 400;

/// One fault a line, in the order in which they were found. Whatever it is made of, it is short: mending
/// twenty faults takes a new look at the rest anyway, and a prompt full of them helps nobody.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(from = "Vec<String>")]
pub struct Faults(Vec<String>);

impl FromIterator<String> for Faults {
    fn from_iter<I: IntoIterator<Item = String>>(found: I) -> Self {
        let mut found = found.into_iter();
        let mut lines: Vec<String> = found.by_ref().take(MOST + 1).collect();
        // A list that was cut before has one line more and stays as it is.
        let more = found.count();
        if more > 0 {
            lines.truncate(MOST);
            lines.push(format!("… and {} more", more + 1));
        }
        for line in &mut lines {
            *line = shortened(line, LONGEST).into_owned();
        }
        Self(lines)
    }
}

impl From<Vec<String>> for Faults {
    fn from(found: Vec<String>) -> Self {
        found.into_iter().collect()
    }
}

impl From<String> for Faults {
    fn from(fault: String) -> Self {
        std::iter::once(fault).collect()
    }
}

impl Extend<String> for Faults {
    fn extend<I: IntoIterator<Item = String>>(&mut self, more: I) {
        *self = std::mem::take(&mut self.0)
            .into_iter()
            .chain(more)
            .collect();
    }
}

impl Deref for Faults {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.0
    }
}

/// In one line.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop, proptest};

    use super::*;

    #[test]
    fn many_faults_are_twenty_and_a_count() {
        let faults: Faults = (0..2000).map(|n| format!("fault {n}")).collect();
        assert_eq!(faults.len(), 21);
        assert_eq!(faults[19], "fault 19");
        assert_eq!(faults[20], "… and 1980 more");
        let long = Faults::from("é".repeat(1 << 20));
        assert!(long[0].len() <= LONGEST);
    }

    proptest! {
        #[test]
        fn no_list_is_long_and_reading_it_back_changes_nothing(
            found in prop::collection::vec(".{0,600}", 0..60),
        ) {
            let faults = Faults::from(found);
            assert!(faults.len() <= MOST + 1);
            assert!(faults.iter().all(|fault| fault.len() <= LONGEST));
            let json = serde_json::to_string(&faults).expect("faults are JSON");
            assert_eq!(serde_json::from_str::<Faults>(&json).expect("faults"), faults);
        }
    }
}
