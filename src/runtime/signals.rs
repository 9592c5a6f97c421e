//! The user's signals, as messages.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::RuntimeError;

/// Listens for the signals by which a user or a system ends a program.
#[derive(Debug)]
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    /// Starts to listen; from here on these signals no longer end the process.
    pub fn listen() -> Result<Self, RuntimeError> {
        let listen = |kind| signal(kind).map_err(RuntimeError::Signals);
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hangup: listen(SignalKind::hangup())?,
        })
    }

    /// The next signal's name. Safe to cancel.
    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.hangup.recv() => "SIGHUP",
        }
    }
}
