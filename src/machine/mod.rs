//! What all runs of this user share on this machine: small files with a lock in the private state folder. There is no
//! daemon: who needs to know looks, and who has learned something writes it down.
//!
//! Nothing here decides what a run does.

mod accounts;
mod day;
mod places;
mod shared;

pub use accounts::{Accounts, Turn};
pub use day::{Day, Held};
pub use places::{Places, Ticket};
