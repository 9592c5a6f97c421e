//! Giving up work that blocks, however deep in it the thread is.

use std::cell::RefCell;
use std::io::{self, Read};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

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

/// Does two pieces of this thread's work at the same time. What cancels it cancels both.
pub fn both<A, B: Send>(one: impl FnOnce() -> A, other: impl FnOnce() -> B + Send) -> (A, B) {
    let cancel = CURRENT.with_borrow(Cancel::clone);
    thread::scope(|scope| {
        let other = scope.spawn(move || cancel.during(other));
        let one = one();
        (
            one,
            other.join().unwrap_or_else(|panic| resume_unwind(panic)),
        )
    })
}

/// A reader of what may be long: it fails once the work of this thread is to give up.
#[derive(Debug)]
pub struct WhileWanted<R>(pub R);

impl<R: Read> Read for WhileWanted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match is_cancelled() {
            // Not `Interrupted`, after which readers try again.
            true => Err(io::Error::other("cancelled")),
            false => self.0.read(buffer),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_ends_when_the_work_is_cancelled() {
        let cancel = Cancel::default();
        let read = || io::read_to_string(WhileWanted(&b"text"[..]));
        assert!(cancel.during(read).is_ok_and(|text| text == "text"));
        cancel.cancel();
        assert!(cancel.during(read).is_err());
        assert!(read().is_ok());
    }
}
