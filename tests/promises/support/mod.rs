//! What the promises share.

mod fake_agent;
mod faults;
mod machine;
mod pipe;
mod processes;
mod run;
mod sandbox;
mod stage;
mod terminal;
mod text;

pub use fake_agent::fake_agent;
pub use faults::{FAULTS, PLACES, Place, all as all_faults};
pub use machine::Lacks;
pub use pipe::pipe;
pub use processes::{alive, descendants, is_stopped, kill, parent, pending, pid_in, until};
pub use run::Run;
pub use sandbox::{Output, Running, Sandbox, TIPSTAFF};
pub use stage::Stage;
pub use terminal::{ENTER, LEAVE, Terminal};
pub use text::has_all;
