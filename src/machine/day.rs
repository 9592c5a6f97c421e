//! What all runs of this user have spent today.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use super::shared;
use crate::model::MicroUsd;

/// Runs in several time zones, and a clock that is set, come back to a day.
const KEPT: usize = 4;

type Days = BTreeMap<String, MicroUsd>;

/// The file with the sums of the last days.
#[derive(Debug, Clone)]
pub struct Day(PathBuf);

impl Day {
    pub fn at(file: PathBuf) -> Self {
        Self(file)
    }

    /// Takes in what a run has spent, and tells the sum of the day.
    pub fn add(&self, today: &str, more: MicroUsd) -> io::Result<MicroUsd> {
        let count = |days: &mut Days| {
            let spent = days.entry(today.to_owned()).or_default();
            *spent = *spent + more;
            let spent = *spent;
            while days.len() > KEPT {
                let oldest = days.keys().find(|day| *day != today).cloned();
                oldest.map(|day| days.remove(&day));
            }
            spent
        };
        match more.0 {
            0 => Ok(shared::read::<Days>(&self.0)
                .get(today)
                .copied()
                .unwrap_or_default()),
            _ => shared::change(&self.0, count),
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
        let add = |date: &str, more| day().add(date, MicroUsd(more)).unwrap().0;
        assert_eq!([3, 4, 0].map(|more| add("2026-11-28", more)), [3, 7, 7]);
        assert_eq!([0, 1].map(|more| add("2026-11-29", more)), [0, 1]);
        // A run elsewhere on earth, or a clock that was wrong.
        assert_eq!(add("2026-11-28", 1), 8);
        assert_eq!(add("2026-11-29", 1), 2);
        for year in 2030..2040 {
            add(&format!("{year}-01-01"), 1);
            assert_eq!(add("2026-11-29", 0), if year < 2033 { 2 } else { 0 });
        }
        add("2026-11-29", 5);
        assert_eq!(add("2026-11-29", 1), 6);
    }
}
