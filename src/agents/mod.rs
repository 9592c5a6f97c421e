//! Adapters: how tipstaff speaks to an agent CLI.
//!
//! An [`Adapter`] is a few pure functions: it builds the command as data, and its [`Decoder`] reads the
//! output line by line. [`Transcript`] folds what was read, [`conclude()`] judges the end; both are the
//! same for all agents. Nothing here starts a process, writes a file or looks at a clock. The only reading is
//! done by [`Carried::discover`] (the user's own sign-in and providers, once a run) and by looking up the
//! program on PATH.

mod account;
mod acp;
mod adapter;
mod agent_error;
mod assignment;
mod carried;
mod claude;
mod codex;
mod command;
mod conclude;
mod detail;
mod environment;
mod error;
mod gemini;
mod instructions;
mod launch;
mod opencode;
mod product;
mod providers;
mod qwen;
#[cfg(test)]
#[path = "recorded_tests.rs"]
mod recorded;
mod registry;
mod sign_in;
mod sign_in_file;
mod signal;
mod stamp;
mod stream_json;
#[cfg(test)]
mod testing;
mod transcript;
mod wait;
mod worklog;

pub use account::account;
pub use adapter::{Adapter, AnswerIn, Decoder};
pub use agent_error::AgentError;
pub use assignment::Assignment;
pub use carried::{Carried, IsTrusted, LeftOut, secrets_in};
pub use conclude::{Ending, FinalMessage, conclude};
pub use environment::{Environment, of_verification};
pub use error::LaunchError;
pub use launch::{Launch, Seed, SeedFile, version_probe};
pub use product::{Installed, Product, Supported};
pub use registry::{of, runner_of};
pub use sign_in::SignIn;
pub use sign_in_file::SignInFile;
pub use signal::Signal;
pub use stamp::Stamp;
pub use transcript::{Boundary, Transcript};
pub use worklog::Worklog;
