//! tipstaff runs declarative workflows in which every step is a fresh agent process.
//!
//! The rooms, from the pure core to the edge, are described in ARCHITECTURE.md; who may import whom
//! is checked by `tests/tidy`.

pub mod agents;
pub mod cli;
pub mod config;
pub mod context;
pub mod engine;
pub mod files;
pub mod imports;
pub mod journal;
pub mod judge;
pub mod model;
pub mod plan;
pub mod process;
pub mod rehearsal;
pub mod report;
pub mod risk;
pub mod run;
pub mod runtime;
pub mod trust;
pub mod workflow;
pub mod workspace;
pub mod yaml;
