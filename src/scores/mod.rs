//! Who is worth what it costs: a [`Board`] made of the plans and states of runs.
//!
//! Pure, and of facts alone: what was proposed, chosen, verified, sent back, undone and rated. A rehearsal counts
//! nowhere. A share of too few says nothing, and two shares differ only where their intervals do not overlap.
//! Nothing here changes who is asked.

#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod board;
mod judges;
mod observe;
mod share;
mod suggest;
#[cfg(test)]
mod tests;

pub use board::{Board, Lineup, Model, Row};
#[cfg(test)]
pub use board::{Judge, Nth};
pub use share::{FLOOR, Share};
pub use suggest::{Suggestion, suggestions};
