//! Blinding proposals, reading the verdicts of judges and auditors, and showing them.
//!
//! Pure: no IO, no clock, no randomness beside the seed that the caller gives. Nothing here ever
//! changes a proposal: traces of its author are reported and left standing.

#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

pub mod audit;
mod blind;
mod decode;
mod json;
mod tally;
mod traces;

pub use blind::blind;
pub use decode::{DecodedJudgement, decode, read};
pub use json::{JsonObject, read_object, typed};
pub use tally::{Standing, render, tally};
pub use traces::{Author, Trace, traces};
