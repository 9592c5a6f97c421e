//! What all runs of this user have spent today, and what their calls under way are expected to spend of it.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::places::{Places, Ticket};
use super::shared;
use crate::model::MicroUsd;

/// Runs in several time zones, and a clock that is set, come back to a day.
const KEPT: usize = 4;

/// What calls under way are still expected to spend.
pub type Held = BTreeMap<String, MicroUsd>;

#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
struct Days {
    spent: BTreeMap<String, MicroUsd>,
    /// By the tickets of the runs: whose process is gone holds nothing.
    held: BTreeMap<u64, Held>,
}

/// The file with both. What a run holds is given back when this is dropped.
#[derive(Debug)]
pub struct Day {
    file: PathBuf,
    holder: Option<Ticket>,
}

impl Day {
    /// A run that an agent started holds nothing: it would wait for that agent for ever.
    ///
    /// # Errors
    /// The folder beside the file cannot be used.
    pub fn at(file: PathBuf, holds: bool) -> io::Result<Self> {
        let folder = file.with_extension("runs");
        let runs = Places::at(folder.clone(), u64::MAX);
        let holder = holds.then(|| runs.ask()).transpose();
        let holder = holder.map_err(|error| at_path(&folder, &error))?;
        Ok(Self { file, holder })
    }

    /// Takes in what a run has spent, and what its calls under way still will, as far as they hold it. Tells the sum of the
    /// day.
    pub fn add(&self, today: &str, more: MicroUsd, left: &Held) -> io::Result<MicroUsd> {
        self.change(|days, holder| {
            let spent = days.spent.entry(today.to_owned()).or_default();
            *spent = *spent + more;
            let spent = *spent;
            while days.spent.len() > KEPT {
                let oldest = days.spent.keys().find(|day| *day != today).cloned();
                oldest.map(|day| days.spent.remove(&day));
            }
            let own = holder.and_then(|holder| days.held.get_mut(&holder));
            own.into_iter().for_each(|own| {
                own.retain(|call, held| {
                    let left = left.get(call);
                    *held = (*held).min(left.copied().unwrap_or_default());
                    left.is_some()
                });
            });
            spent
        })
    }

    /// Holds so much for a call. Where there is no room for it beside other calls, of whatever run, it is to wait.
    pub fn hold(
        &self,
        (today, most): (&str, MicroUsd),
        call: &str,
        cost: MicroUsd,
    ) -> io::Result<bool> {
        self.change(|days, holder| {
            let Some(holder) = holder else {
                return true;
            };
            let spent = days.spent.get(today).copied().unwrap_or_default();
            let others = || days.held.values().flatten();
            let all = others().fold(spent + cost, |sum, (_, held)| sum + *held);
            // Nothing can end before it has begun.
            let fits = spent < most && (all <= most || others().next().is_none());
            if fits {
                let own = days.held.entry(holder).or_default();
                own.insert(call.to_owned(), cost);
            }
            fits
        })
    }

    /// What was spent is not taken for nothing because it cannot be read.
    fn change<R>(&self, how: impl Fn(&mut Days, Option<u64>) -> R) -> io::Result<R> {
        let change = |days: &mut Days| {
            if let Some(holder) = &self.holder {
                days.held.retain(|number, _| holder.is_alive(*number));
            }
            how(days, self.holder.as_ref().map(Ticket::number))
        };
        // Whoever looks several times a second is in nobody's way, and waits for no disk.
        let known = shared::load(&self.file);
        let changed = known.and_then(|known: Days| {
            let mut days = known.clone();
            match change(&mut days) {
                seen if days == known => Ok(seen),
                _ => shared::change(&self.file, change),
            }
        });
        changed.map_err(|error| at_path(&self.file, &error))
    }
}

fn at_path(path: &Path, error: &io::Error) -> io::Error {
    let why = format!("{} cannot be used: {error}", path.display());
    io::Error::new(error.kind(), why)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn day(folder: &Path) -> Day {
        Day::at(folder.join("day.json"), true).unwrap()
    }

    #[test]
    fn runs_of_a_day_count_together_and_the_next_day_begins_anew() {
        let temp = tempfile::tempdir().unwrap();
        let add = |date: &str, more| {
            let sum = day(temp.path()).add(date, MicroUsd(more), &Held::new());
            sum.unwrap().0
        };
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

    #[test]
    fn what_was_spent_is_not_nothing_where_it_cannot_be_read() {
        for text in ["{", "[]", r#"{"spent":{"today":"much"},"held":{}}"#, ""] {
            let temp = tempfile::tempdir().unwrap();
            let (day, file) = (day(temp.path()), temp.path().join("day.json"));
            match text {
                "" => std::fs::create_dir(&file).unwrap(),
                text => std::fs::write(&file, text).unwrap(),
            }
            let held = day.hold(("today", MicroUsd(1)), "a", MicroUsd(1));
            let added = day.add("today", MicroUsd(1), &Held::new());
            for error in [held.map(drop), added.map(drop)].map(Result::unwrap_err) {
                let said = error.to_string();
                assert!(said.contains(&file.display().to_string()), "{said}");
            }
            assert!(text.is_empty() || std::fs::read_to_string(&file).unwrap() == text);
        }
    }

    #[test]
    fn what_calls_hold_is_held_until_it_is_spent_or_their_run_is_gone() {
        let temp = tempfile::tempdir().unwrap();
        let (one, other) = (day(temp.path()), day(temp.path()));
        let hold = |day: &Day, call: &str, cost| {
            day.hold(("today", MicroUsd(10)), call, MicroUsd(cost))
                .unwrap()
        };
        assert!(hold(&one, "a", 4) && hold(&other, "a", 6));
        assert!(!hold(&one, "b", 1), "all of it is held");
        // Half of it was spent, and half is still to come.
        let left = Held::from([("a".to_owned(), MicroUsd(2))]);
        assert_eq!(one.add("today", MicroUsd(2), &left).unwrap(), MicroUsd(2));
        assert!(!hold(&one, "b", 1));
        drop(other);
        assert!(hold(&one, "b", 6));
        assert!(!hold(&one, "c", 1));
        // It used less than was expected; what is alone may pass the limit.
        one.add("today", MicroUsd(3), &Held::new()).unwrap();
        assert!(hold(&one, "c", 50) && !hold(&one, "d", 0));
        one.add("today", MicroUsd(5), &Held::new()).unwrap();
        assert!(!hold(&one, "e", 0), "the day is over");
        assert!(
            Day::at(temp.path().join("day.json"), false).is_ok_and(|inner| hold(&inner, "f", 9))
        );
    }
}
