//! Snapshots of the user's tree, isolated workspaces, publishing.
//!
//! Theory of operation: a run takes one [`Snapshot`] of the user's tree as it is on disk, into a
//! private object store of its own. Each call gets a [`Workspace`]: an overlay over [`Layers`] that are made once, or over
//! some files of a tree, or a plain copy of [`Files`] where nothing can be mounted. What only the workspace before it
//! knows, if it takes the place of one, is moved into it ([`Workspace::take_over`]).
//! Edits become a tree of the store ([`capture()`]), over which the run's documents are laid
//! ([`with_documents`]). What a run delivers, documents and changes, goes into the user's tree by
//! [`Deliveries`], which can all be taken back, or onto a new branch ([`commit_to_branch`]).
//!
//! This module knows nothing of agents, phases and processes. It never writes to the user's `.git`
//! (but for the one branch that was asked for), never runs the user's hooks or filters, makes no hard link but to git's packs, which nobody changes, and never follows a symlink
//! that leads out of the project or out of a workspace.

mod apply;
mod bulk;
mod cache;
mod capture;
mod carry_over;
mod changed;
mod control_files;
mod diff;
mod documents;
mod entry;
mod error;
mod folder;
mod footprint;
mod git;
mod index;
mod layers;
mod listing;
mod materialize;
mod outer_rules;
mod overlay;
mod parcels;
mod paths;
mod pin;
mod project;
mod publish;
mod read_files;
mod remove_tree;
mod repository;
mod rewrite;
mod room;
mod scratch;
mod scripts;
mod selection;
mod snapshot;
mod space;
mod stand_in;
mod store;
mod tree;
mod tree_files;
mod users_index;

use error::Doing;

pub use apply::{
    ApplyError, CommitsState, Conflicts, Delivered, Deliveries, NewCommit, check_destination,
    commit_here, commit_to_branch, commits_state, current_branch, has_markers, remove_merged,
    uncommit,
};
pub use cache::ProjectCache;
pub use capture::{Allowed, Edited, Visible, capture, left_out};
pub use carry_over::{copy_folder, link_folder};
pub use changed::{changed, each_content, on_disk, with_paths_of, with_those_of};
pub use control_files::{ControlFiles, is_control_file};
pub use diff::{changed_files, diff, files_and_patch};
pub use documents::{store_document, with_documents};
pub use error::WorkspaceError;
pub use footprint::Footprint;
pub use layers::{GitLayer, Layers, Progress, Stack, kept_beside};
pub use materialize::Files;
pub use outer_rules::OUTER_RULES;
pub use parcels::{pack, receive, send};
pub use pin::pin;
pub use project::{Project, ProjectKind};
pub use publish::place;
pub use read_files::read_files;
pub use remove_tree::{keep, remove_old, remove_tree};
pub use room::room_of;
pub use scratch::{Scratch, check_above, check_ours, scratch_place, sweep};
pub use scripts::{MANIFEST, with_scripts_of};
pub use snapshot::Snapshot;
pub use space::Workspace;
pub use stand_in::{Head, stand_in};
pub use store::{borrow_store, own_store, reopen_store};
pub use tree_files::{TreeFile, TreeFiles, content_at, state_of};

#[cfg(test)]
mod cache_tests;
#[cfg(test)]
mod fidelity_tests;
#[cfg(test)]
mod store_tests;
#[cfg(test)]
mod testing;
