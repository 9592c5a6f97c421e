//! Looking before leaping: what of this machine a run needs, and whether it is there. `run`, `check`, `doctor` and
//! `init` tell the same, because they look the same way.
//!
//! Nothing here prints but which program is slow to answer, and nothing is started but programs that are asked for their version. Whoever looks has to
//! know that the project may have them started.

mod agents;
mod lack;
mod machine;
mod needs;
mod program;

pub use agents::{ProbedAgent, Probes, discovered};
pub use lack::{Lack, What};
pub use machine::Machine;
pub use needs::{Missing, missing};
pub use program::find;
