//! Adapters: how tipstaff speaks to an agent CLI.
//!
//! An adapter is a few pure functions: [`launch()`] builds the command as data, [`decode()`] reads one
//! line of its output, [`Transcript`] folds what was read, [`conclude()`] judges the end. Nothing here
//! starts a process, writes a file or looks at a clock. The only reading is done by
//! [`Carried::discover`] (the user's own OpenCode sign-in and providers, once a run) and by looking
//! up the program on PATH.

mod adapter;
mod agent_error;
mod assignment;
mod carried;
mod command;
mod conclude;
mod environment;
mod error;
mod launch;
mod opencode;
mod providers;
mod sign_in;
mod signal;
#[cfg(test)]
mod testing;
mod transcript;
mod worklog;

pub use adapter::{decode, decode_stderr, launch, version_probe};
pub use agent_error::AgentError;
pub use assignment::Assignment;
pub use carried::{Carried, IsTrusted, LeftOut};
pub use conclude::{Ending, FinalMessage, conclude};
pub use environment::{Environment, of_verification};
pub use error::LaunchError;
pub use launch::{Launch, Seed, SeedFile};
pub use opencode::version::{Supported, TESTED_VERSION, version};
pub use sign_in::{SignIn, signed_in};
pub use signal::Signal;
pub use transcript::{Boundary, Transcript};
pub use worklog::Worklog;
