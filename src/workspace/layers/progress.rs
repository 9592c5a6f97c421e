//! What the user is shown while very many files are read or written.

use std::sync::atomic::{AtomicUsize, Ordering};

/// How far a snapshot or the making of a base has come.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicUsize,
    all: AtomicUsize,
}

impl Progress {
    /// What the user is told while `what` is done.
    pub fn of(&self, what: &str) -> String {
        match self.files() {
            (_, 0) => what.to_owned(),
            (done, all) => format!("{what}: {done} of {all} files"),
        }
    }

    pub(in crate::workspace) fn begin(&self, all: usize) {
        self.done.store(0, Ordering::Relaxed);
        self.all.store(all, Ordering::Relaxed);
    }

    pub(in crate::workspace) fn one_more(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// Files done, and files in all; 0 of 0 before the first.
    fn files(&self) -> (usize, usize) {
        let read = |number: &AtomicUsize| number.load(Ordering::Relaxed);
        (read(&self.done), read(&self.all))
    }
}
