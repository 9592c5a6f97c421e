//! Work of the edge that may take long, and that a signal ends at once: the snapshot, checkouts, recovery.

use std::panic::resume_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::failure::{Exit, Failure};
use super::print;
use crate::process::Cancel;
use crate::runtime::Signals;

/// So long a user waits without a word, …
const SLOW: Duration = Duration::from_millis(300);
/// … and for the next one.
const AGAIN: Duration = Duration::from_secs(2);

/// The user's signals and the runtime that hears them. From its making on, signals no longer end the
/// process by themselves.
pub struct Interruptible {
    pub runtime: Runtime,
    pub signals: Signals,
}

impl Interruptible {
    /// The hint of a run that was interrupted before it began.
    pub const NOTHING_RAN: &'static str = "nothing was run, and nothing is left of it";

    pub fn new() -> Result<Self, Failure> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let signals = runtime.block_on(async { Signals::listen() })?;
        Ok(Self { runtime, signals })
    }

    /// Does the work on a thread of its own. After a signal it is told to give up, and what it came to
    /// does not count. If it takes long, the user is told what it is.
    pub fn blocking<T: Send>(
        &mut self,
        (what, hint): (&str, &str),
        work: impl FnOnce() -> Result<T, Failure> + Send,
    ) -> Result<T, Failure> {
        self.watched((&|| what.to_owned(), hint), work)
    }

    /// The same with a text that changes as the work goes on.
    pub fn watched<T: Send>(
        &mut self,
        (what, hint): (&dyn Fn() -> String, &str),
        work: impl FnOnce() -> Result<T, Failure> + Send,
    ) -> Result<T, Failure> {
        match self.until_signal(what, work) {
            (Some(signal), _) => Err(interrupted(signal, hint)),
            (None, done) => done,
        }
    }

    /// The same for work that may not be left half done: if it came through nevertheless, that counts.
    pub fn blocking_to_its_end<T: Send>(
        &mut self,
        hint: &str,
        work: impl FnOnce() -> Result<T, Failure> + Send,
    ) -> Result<T, Failure> {
        match self.until_signal(&String::new, work) {
            (Some(signal), Err(_)) => Err(interrupted(signal, hint)),
            (_, done) => done,
        }
    }

    /// Prints, which may wait for a reader and cannot be told to give up: after a signal it is left alone.
    pub fn print(&mut self, hint: &str, bytes: Vec<u8>) -> Result<(), Failure> {
        let (tell, told) = oneshot::channel();
        thread::spawn(move || tell.send(print::bytes(&bytes)));
        self.runtime.block_on(async {
            tokio::select! {
                printed = told => printed?,
                signal = self.signals.next() => Err(interrupted(signal, hint)),
            }
        })
    }

    /// The same for work that nothing depends on. If it takes long, the user is told what it is.
    pub fn clean_up(&mut self, what: &str, work: impl FnOnce() -> Result<(), Failure> + Send) {
        let _ = self.until_signal(&|| what.to_owned(), work);
    }

    fn until_signal<T: Send>(
        &mut self,
        if_slow: &dyn Fn() -> String,
        work: impl FnOnce() -> Result<T, Failure> + Send,
    ) -> (Option<&'static str>, Result<T, Failure>) {
        let cancel = Cancel::default();
        let handle = cancel.clone();
        let (tell, told) = oneshot::channel::<()>();
        let (signal, done) = thread::scope(|scope| {
            let worker = scope.spawn(move || {
                // Dropped when the work is done, also by a panic.
                let _tell = tell;
                handle.during(work)
            });
            let signal = self.runtime.block_on(async {
                let slow = async {
                    sleep(SLOW).await;
                    let mut said = String::new();
                    loop {
                        let text = if_slow();
                        if text != said {
                            print::note(&text);
                            said = text;
                        }
                        sleep(AGAIN).await;
                    }
                };
                tokio::select! {
                    _ = told => None,
                    signal = self.signals.next() => Some(signal),
                    () = slow => None,
                }
            });
            if let Some(signal) = signal {
                // At once: giving up may mean to remove many files.
                print::note(&format!("interrupted by {signal}: stopping"));
                cancel.cancel();
            }
            (signal, worker.join())
        });
        (signal, done.unwrap_or_else(|panic| resume_unwind(panic)))
    }
}

/// Does what a signal simply ends, by ending the process. If it takes long, the user is told what it is.
pub fn telling<T>(what: &str, work: impl FnOnce() -> T) -> T {
    thread::scope(|scope| {
        let (done, is_done) = channel::<()>();
        scope.spawn(move || {
            if is_done.recv_timeout(SLOW) == Err(RecvTimeoutError::Timeout) {
                print::note(what);
            }
        });
        let came_to = work();
        drop(done);
        came_to
    })
}

pub fn interrupted(signal: &str, hint: &str) -> Failure {
    Failure::said(Exit::of_signal(signal), "interrupted", Some(hint))
}
