//! Giving up work that blocks, however deep in it the thread is.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

thread_local! {
    /// What may cancel the work of this thread. Implicit, because every function between the one that
    /// starts the work and the loop that has to ask would otherwise only hand it down.
    static CURRENT: RefCell<Cancel> = RefCell::default();
}

/// The handle by which work is cancelled. Its copies are the same handle.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Tells the work to give up. A helper command under way ends too ([`super::run_helper`]).
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Does the work on this thread, so that this handle cancels it.
    pub fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = CURRENT.replace(self.clone());
        let _restore = Restore(before);
        work()
    }
}

/// Also when the work panics: a thread is used again.
struct Restore(Cancel);

impl Drop for Restore {
    fn drop(&mut self) {
        CURRENT.replace(std::mem::take(&mut self.0));
    }
}

/// Whether the work of this thread is to give up. Ask in every loop over files.
pub fn is_cancelled() -> bool {
    CURRENT.with_borrow(|current| current.0.load(Ordering::Relaxed))
}
