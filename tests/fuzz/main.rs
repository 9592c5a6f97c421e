//! Whatever is read from people, models, agents and disks, damaged in any way: no panic, and time that grows with its
//! length only.
//!
//! ```text
//! scripts/fuzz [SECONDS]
//! ```
//!
//! A file a target. Inputs are mutations of real ones, which get deeper than random bytes. What was ever found lies in
//! `fixtures/fuzz/TARGET` and is tried first.
#![expect(clippy::unwrap_used, reason = "tests")]

mod agents;
mod answers;
mod files;
mod http;
mod journals;
mod mutants;
mod seeds;
mod time;
