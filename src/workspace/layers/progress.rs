//! What the user is shown while a base is made.

use std::sync::atomic::{AtomicUsize, Ordering};

/// How far the making of a base has come.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicUsize,
    all: AtomicUsize,
}

impl Progress {
    pub(super) fn begin(&self, all: usize) {
        self.done.store(0, Ordering::Relaxed);
        self.all.store(all, Ordering::Relaxed);
    }

    pub(super) fn one_more(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// Files done, and files in all; 0 of 0 as long as none is made.
    pub fn files(&self) -> (usize, usize) {
        let read = |number: &AtomicUsize| number.load(Ordering::Relaxed);
        (read(&self.done), read(&self.all))
    }
}
