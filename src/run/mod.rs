//! What happens in a run, and what is: the events and [`RunState`], their one fold.
//!
//! The engine decides on the state, and everything that is shown of a run is read from it: progress, `show`,
//! the summary, JSON. Only [`RunState::apply`] changes it. It is total: events that make no sense after
//! those before them change nothing, because a display must never be what stops a run.

#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod call;
mod calls;
mod candidates;
mod contribution;
mod control;
mod cross_tests;
mod event;
mod phase;
mod query;
mod resume;
mod state;
mod take_over;
mod used;

pub use call::{Attempt, AttemptEnd, CallState, CallStatus, Spent};
pub use candidates::{Candidate, Out};
pub use contribution::Contribution;
pub use control::{Control, Via};
pub use cross_tests::{CrossTests, Crossed};
pub use event::{CallEvent, Event, PhaseEvent, Placed, Record, RunEvent};
pub use phase::{Findings, Moment, PendingVerification, PhaseState, Round, Stage, TaskEnd, Winner};
pub use state::{Delivery, Loop, ParkedAccount, RunState, Verified};
pub use take_over::{NewRun, NotTakenOver, take_over};
pub use used::Use;
