//! The only loop: carries out the engine's effects and feeds back what happened.
//!
//! # Theory of operation
//!
//! One thread, one `tokio` runtime, one [`drive()`] loop a run. Everything that happens reaches the
//! loop as an engine input by one channel: attempts report their start, progress and end; signals,
//! timers and closed phases come the same way. The loop hands the input to the engine, appends the
//! events to the journal, shows them to the display, and only then carries out the effects.
//!
//! An attempt is a task of its own. It talks to the loop by messages only: inputs go out, `Control`
//! comes in. It owns its process, its scratch folder and its part of the run folder, so attempts
//! never wait for each other except at the start gate, which lets only as many agents start up at
//! one time as there are cores.
//!
//! Nothing here decides what runs next; nothing here prints.

mod accounts;
mod attempt;
mod blocking;
mod call_log;
mod carry_out;
mod cell;
mod clock;
mod close;
mod collect;
mod command;
mod commits;
mod control;
mod deliver;
mod drive;
mod edited;
mod error;
mod failure;
mod gate;
mod installed;
mod lent;
mod monitor;
mod neighbours;
mod out_folder;
mod place;
mod prepare;
mod private;
mod quiet;
mod recover;
mod remote;
mod run_context;
mod scratch;
mod seeds;
mod setup;
mod signals;
mod streams;
mod tasks;
mod tokens;
mod toolchains;
mod unfinished;
mod verify;
mod workspaces;

pub use accounts::RunAccounts;
pub use call_log::CallLog;
pub use cell::{Cells, Inside};
pub use clock::now;
pub use control::{ControlSocket, Controller, Request};
pub use deliver::{DeliverError, Delivering};
pub use drive::{Observer, drive};
pub use error::RuntimeError;
pub use lent::recover_lent;
pub use recover::recover;
pub use remote::{
    JobFolder, Keys, Look, NODE_ARG, Order, Report, cancel_jobs, carry_out, elsewhere, look,
    not_whole, refuse,
};
pub use run_context::{RunContext, RunContextParts};
pub use scratch::{attempt_folder, folder_under_way};
pub use seeds::lay_out;
pub use setup::{Users, set_up};
pub use signals::Signals;
