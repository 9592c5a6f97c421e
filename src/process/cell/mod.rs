//! The closed place in which a child's processes live: what they see, what they may write, how they end.
//!
//! A [`CellSpec`] is data that the supervisor writes and the warden carries out, before it executes anything.
//! How much of it the machine allows is its [`Rung`](crate::model::Rung), which [`probe()`] finds out by doing:
//!
//! 1. *Namespaces.* The warden enters a user, mount and process namespace of its own, puts a root together in
//!    memory (the system read-only, the workspace an overlay) and starts an `init` first: when that ends,
//!    the kernel ends all processes of the cell, whatever they did to get away. It dies with the warden, which
//!    dies with the supervisor. The agent is the warden's own child all the same, so whatever
//!    the warden knows of a child (its end, its limits, its group) is as on the other rungs.
//! 2. *Landlock.* The child's processes may read and write what the cell names, at the paths of the machine.
//! 3. *None.* Nothing but the warden.

mod init;
mod landlock;
mod namespaces;
mod probe;
mod root;
mod spec;

pub use probe::probe;
pub use spec::{Access, CellLimits, CellSpec, Mount, Network};

pub(super) use init::Init;
pub(super) use landlock::Border;
pub(super) use namespaces::{Entered, enter};
pub(super) use root::{Root, renounce};
