//! Places for agents: no more of them at one time than the user wants on this machine, whatever runs they are of.
//!
//! Whoever wants one puts a ticket with the next number into the folder, as a file that it keeps locked. The tickets
//! whose owners are alive have places in the order of their numbers, as far as there are some: nothing else has to be
//! written down, nobody is passed over, and whose process is gone is in nobody's way.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;

use super::shared;
use crate::files;

/// The folder with the tickets, and how many of them have places.
#[derive(Debug, Clone)]
pub struct Places {
    folder: PathBuf,
    most: usize,
}

/// A place, or what will be one. It is given back when this is dropped.
#[derive(Debug)]
pub struct Ticket {
    places: Places,
    number: u64,
    /// Locked as long as it is open.
    _file: File,
}

impl Places {
    /// `most` is at least 1.
    pub fn at(folder: PathBuf, most: u64) -> Self {
        let most = usize::try_from(most.max(1)).unwrap_or(usize::MAX);
        Self { folder, most }
    }

    pub fn folder(&self) -> &PathBuf {
        &self.folder
    }

    pub fn most(&self) -> usize {
        self.most
    }

    /// Takes the next number.
    ///
    /// # Errors
    /// The folder cannot be used.
    pub fn ask(self) -> io::Result<Ticket> {
        let last = self.folder.join("last.json");
        let take = |last: &mut u64| -> io::Result<(u64, File)> {
            let there = self.numbers()?;
            *last = there.iter().copied().fold(*last, u64::max) + 1;
            // Whose process is gone took no leave.
            for number in there.into_iter().filter(|number| !self.is_alive(*number)) {
                let _ = fs::remove_file(self.file(number));
            }
            let file = files::append(&self.file(*last))?;
            file.lock()?;
            Ok((*last, file))
        };
        let (number, file) = shared::change(&last, take)??;
        Ok(Ticket {
            places: self,
            number,
            _file: file,
        })
    }

    fn numbers(&self) -> io::Result<Vec<u64>> {
        let names = fs::read_dir(&self.folder)?.flatten();
        let numbers = names.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        Ok(numbers.collect())
    }

    fn file(&self, number: u64) -> PathBuf {
        self.folder.join(number.to_string())
    }

    fn is_alive(&self, number: u64) -> bool {
        files::open(&self.file(number)).is_ok_and(|file| file.try_lock_shared().is_err())
    }
}

impl Ticket {
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Whether the owner of another one is.
    pub(super) fn is_alive(&self, number: u64) -> bool {
        self.places.is_alive(number)
    }

    /// Whether it has a place now; then it keeps it.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn has_place(&self) -> io::Result<bool> {
        let before = self.places.numbers()?.into_iter();
        let before = before.filter(|number| *number < self.number && self.places.is_alive(*number));
        Ok(before.count() < self.places.most)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.places.file(self.number));
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn places_go_round_in_the_order_of_asking() {
        let temp = tempfile::tempdir().unwrap();
        let places = || Places::at(temp.path().join("places"), 2);
        let ask = || places().ask().unwrap();
        let (first, second, third, fourth) = (ask(), ask(), ask(), ask());
        let have = |tickets: &[&Ticket]| {
            let have = tickets.iter().map(|one| one.has_place().unwrap());
            have.collect::<Vec<bool>>()
        };
        assert_eq!(
            have(&[&first, &second, &third, &fourth]),
            [true, true, false, false]
        );
        drop(first);
        // Who just had one waits behind those who have waited.
        let again = ask();
        assert_eq!(
            have(&[&second, &third, &fourth, &again]),
            [true, true, false, false]
        );
        drop(fourth);
        drop(second);
        assert_eq!(have(&[&third, &again]), [true, true]);
    }

    #[test]
    fn nobody_waits_for_a_process_that_is_gone() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("places");
        let places = || Places::at(folder.clone(), 1);
        drop(places().ask().unwrap());
        // Nobody holds the lock of this one.
        fs::write(folder.join("7"), "").unwrap();
        let ticket = places().ask().unwrap();
        assert!(ticket.has_place().unwrap());
        assert!(!folder.join("7").exists());
        assert!(!places().ask().unwrap().has_place().unwrap());
    }
}
