//! What the promises share.

mod processes;
mod sandbox;
mod stage;

pub use processes::{alive, kill, parent, pending, until};
pub use sandbox::{FAKE_AGENT, Sandbox, TIPSTAFF};
pub use stage::Stage;
