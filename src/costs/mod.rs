//! What runs cost: exactly, once they have ([`Costs`]), and as far as it can be told before ([`Projection`]).
//!
//! Pure. All money is in journals, an amount an attempt; nothing here rounds or guesses what was spent. Money whose price
//! nobody knows is unknown and never 0. What a run took over from another one was paid there and counts there.

#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod assumed;
mod history;
mod paid;
mod projection;
mod sum;
#[cfg(test)]
mod tests;

pub use history::History;
pub use paid::Costs;
pub use projection::{Estimate, Projection, Span};
pub use sum::{By, Sum, of_rehearsal};
