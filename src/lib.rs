//! tipstaff runs declarative workflows in which every step is a fresh agent process.
//!
//! The modules, from the pure core to the edge, are described in ARCHITECTURE.md; who may import whom
//! is checked by `tests/tidy`. Only what tests and benches of the whole program use is public, so that the compiler tells
//! of what nothing uses any more.

mod acp;
pub mod agents;
pub mod cli;
pub mod config;
pub mod context;
mod costs;
pub mod engine;
mod executors;
mod files;
mod imports;
pub mod journal;
mod judge;
mod machine;
pub mod model;
pub mod plan;
pub mod process;
pub mod rehearsal;
mod report;
mod risk;
pub mod run;
mod runtime;
mod scores;
mod trust;
pub mod workflow;
mod workspace;
pub mod yaml;
