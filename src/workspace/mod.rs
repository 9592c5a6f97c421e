//! Snapshots of the user's tree, isolated workspaces, publishing.
//!
//! Theory of operation: a run takes one [`Snapshot`] of the user's tree as it is on disk, into a
//! private object store of its own; the tree is materialized once, byte for byte, as the run's
//! *base*; each call gets a [`Workspace`], a plain copy of that base. Documents go the other way
//! through [`publish`] only.
//!
//! This room knows nothing of agents, phases and processes. It never writes to the user's `.git`,
//! never runs the user's hooks or filters, never makes a hard link, and never follows a symlink
//! that leads out of the project or out of a workspace.

mod control_files;
mod copy_tree;
mod error;
mod git;
mod listing;
mod materialize;
mod paths;
mod project;
mod publish;
mod read_files;
mod remove_tree;
mod scratch;
mod snapshot;
mod space;
mod store;

pub use control_files::{ControlFiles, is_control_file};
pub use error::WorkspaceError;
pub use materialize::materialize;
pub use project::{Project, ProjectKind};
pub use publish::{Published, publish};
pub use read_files::{MAX_INPUT_BYTES, MAX_INPUT_FILES, ProjectFile, read_files};
pub use remove_tree::remove_tree;
pub use scratch::{remove_stale, scratch_root};
pub use snapshot::{Snapshot, TreeId};
pub use space::Workspace;

#[cfg(test)]
mod fidelity_tests;
