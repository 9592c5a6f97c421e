//! The run folder, the append-only event log, the lock, redaction.
//!
//! Theory of operation: a run is a folder. One process at a time works on it, the one that holds its
//! [`RunLock`]. What happened is a line in its [`Journal`], written and synced before anyone else
//! hears of it; everything longer is a file beside it, of which the journal holds path and digest.
//! Which runs are this user's, and what their journals held, is known outside of the project
//! ([`RunRegister`]); nothing else is gone on with.
//! Readers ([`Journal::read`], [`list`]) need no lock: lines are only ever added.
//!
//! This module knows files and records. It never decides what happens next, reads no clock and no
//! environment (times and variables are passed in), and prints nothing.

mod answer;
mod artifacts;
mod error;
mod follow;
mod forms;
mod head;
mod layout;
mod lock;
mod log;
mod redactor;
mod register;
mod retire;
mod run_folder;
mod run_id;
mod scan;
mod strangers;
mod stream;
mod summary;

pub use error::JournalError;
pub use follow::Follow;
pub use lock::RunLock;
pub use log::Journal;
pub use redactor::{Clean, Redactor};
pub use register::{Origin, RunRegister};
pub use retire::removed_before;
pub use run_folder::RunFolder;
pub use run_id::{is_of, new_run_id};
pub use scan::Content;
pub use strangers::{Foreign, Holder};
pub use summary::{find, folders, latest, list};

#[cfg(test)]
mod journal_tests;
