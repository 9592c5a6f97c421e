//! Who may give orders: which projects the user trusts, and what of theirs.
//!
//! A project is often cloned an hour ago. What it says is a preference as long as it only chooses among what
//! the user has set up; it is an *order* where it starts a program, takes a variable, reads a file, or sends
//! work to somebody else. Orders are in force once the user has agreed to them, and agreed means: to exactly
//! these. Nothing here starts anything, and nothing here asks: the command line does.

mod detected;
mod error;
mod order;
mod orders;
mod project_files;
mod register;
mod state_folder;

pub use detected::{detected_commands, detected_setup, detected_test};
pub use error::TrustError;
pub use order::Order;
pub use orders::{Known, agent_config, orders};
pub use project_files::{ProjectFiles, names_in};
pub use register::Register;
pub use state_folder::state_folder;

/// The project's configuration, relative to it.
pub const CONFIG: &str = ".tipstaff/config.yaml";
pub const WORKFLOWS: &str = ".tipstaff/workflows";
/// The folder of its prompt templates.
pub const PROMPTS: &str = ".tipstaff/prompts";
/// Its configuration of agent CLIs. What orders something in it is left out of runs until it is agreed to.
pub const OF_AGENTS: &[&str] = &[
    "opencode.json",
    "opencode.jsonc",
    ".opencode/opencode.json",
    ".opencode/opencode.jsonc",
];
