//! Decides what happens next, from the plan and the events so far. No IO, no clock, no chance.
//!
//! # Theory of operation
//!
//! The [`RunState`] is the fold of the journal's events. Three pure functions read it:
//!
//! - `decide` gives the events that follow from it (a call is created, an attempt is started, the
//!   proposals are sealed …); it is asked again until nothing follows any more;
//! - `orders` gives what is under way according to it and must therefore be carried out: processes
//!   to run or to end, phases to close. The engine hands out each order once;
//! - `wake` gives the time at which to ask again without a new input.
//!
//! A run that is taken up again is nothing special: its journal is folded, attempts without an end
//! are declared lost, and the three functions go on from there. A finished call is never repeated,
//! because nothing in the state asks for it.
//!
//! [`RunState`]: crate::run::RunState

#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod accepted;
mod after_sealing;
pub mod by_hand;
mod closing;
mod control;
mod cross_tests;
mod decide;
mod editing;
mod ending;
mod ensemble;
mod entry;
mod evidence;
mod handle;
mod judging;
mod limits;
mod orders;
mod parallel;
mod parts;
mod phase_context;
mod policy;
mod refining;
mod routed;
mod shown;
mod single;
mod structured;

pub use accepted::{accepted, secrets};
pub use control::{noted, steered};
pub use ending::failed_loops;
pub use handle::{Begin, Engine, Input, Recovered};
pub use limits::{Stop, expected_cost};
pub use orders::Effect;

#[cfg(test)]
pub mod simulation;
