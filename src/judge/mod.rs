//! Blinding proposals, and reading the verdicts of judges and auditors.
//!
//! Pure: no IO, no clock, no randomness beside the seed that the caller gives. Nothing here ever
//! changes a proposal: leaks of its author are reported and left standing.

#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

pub mod audit;
mod author_leaks;
mod blind;
mod decode;
mod json;
mod rubric;
mod tally;

pub use author_leaks::{Author, author_leaks};
pub use blind::blind;
pub use decode::{decode, read};
pub use json::{JsonObject, read_object, typed};
pub use tally::{Outcome, Vote, is_close, knockout, pairwise, panel};
