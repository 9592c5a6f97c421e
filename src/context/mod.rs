//! What a call sees and what it leaves: prompts, the context ledger, output contracts, handoffs.
//!
//! Pure: contents come in as text that the caller loaded, and prompts, ledgers and decoded answers
//! go out. Nothing here reads a file or a clock, chooses a model, or knows of processes. A prompt
//! never tells which model wrote what: that is in the ledger, which no call gets to see.

#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod answer;
mod assemble;
mod contract;
mod error;
mod fences;
mod frame;
pub mod handoff;
mod input_files;
mod ledger;
mod neighbours;
mod part;
mod schema;
mod select;
pub mod tasks;
pub mod templates;
#[cfg(test)]
mod testing;
mod tokens;
mod unfinished;
mod verified;

pub use answer::{Decoded, HandoffLeft, LIMIT, Left, decode_answer};
pub use assemble::{Assembled, Assembly, assemble};
pub use contract::{
    Completeness, DELIVERABLE, HANDOFF, OUT, OutFiles, TASKS, VERDICT, completeness,
};
pub use error::ContextError;
pub use input_files::{content_of, diff_key, input_file};
pub use ledger::Ledger;
pub use neighbours::{Neighbour, Neighbours};
pub use schema::schema;
pub use select::{FinishedPhase, select};
pub use tokens::tokens;
pub use unfinished::Unfinished;
pub use verified::{render_verifications, sentence as verification_sentence};
