//! Which changes act later by themselves, and which names mean the same file elsewhere.
//!
//! A change is looked at by its path alone, or by what was found in it; nothing here reads a file. Names are
//! compared as the most lenient file system would compare them ([`is_name`]): what is harmless here may be
//! `.git` on a disk of macOS or Windows to which the project goes next. To take too much for such a name costs
//! a question, to take too little costs more.

#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod accepted;
mod classify;
mod holding;
mod name;
mod table;

pub use accepted::Accepted;
pub use classify::{Listed, listed, may_act_below, risk_of};
pub use holding::{Changed, held};
pub use name::is_name;
pub use table::{AGENT_CONFIGURATION, Acts};
