//! What all runs of this user have spent today.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::shared;
use crate::model::MicroUsd;

/// The file with the sum of one day.
#[derive(Debug, Clone)]
pub struct Day(PathBuf);

#[derive(Debug, Default, Serialize, Deserialize)]
struct Sum {
    date: String,
    spent: MicroUsd,
}

impl Day {
    pub fn at(file: PathBuf) -> Self {
        Self(file)
    }

    /// Takes in what a run has spent, and tells the sum of the day. What cannot be written down counts for
    /// nobody else.
    pub fn add(&self, today: &str, more: MicroUsd) -> MicroUsd {
        let count = |sum: &mut Sum| {
            if sum.date != today {
                *sum = Sum {
                    date: today.to_owned(),
                    spent: MicroUsd(0),
                };
            }
            sum.spent.0 = sum.spent.0.saturating_add(more.0);
            sum.spent
        };
        let known: Sum = shared::read(&self.0);
        match more.0 {
            0 if known.date == today => known.spent,
            0 => MicroUsd(0),
            _ => shared::change(&self.0, count).unwrap_or(more),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn runs_of_a_day_count_together_and_the_next_day_begins_anew() {
        let temp = tempfile::tempdir().unwrap();
        let day = || Day::at(temp.path().join("day.json"));
        assert_eq!(day().add("monday", MicroUsd(3)), MicroUsd(3));
        assert_eq!(day().add("monday", MicroUsd(4)), MicroUsd(7));
        assert_eq!(day().add("monday", MicroUsd(0)), MicroUsd(7));
        assert_eq!(day().add("tuesday", MicroUsd(0)), MicroUsd(0));
        assert_eq!(day().add("tuesday", MicroUsd(1)), MicroUsd(1));
    }
}
