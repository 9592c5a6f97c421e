//! Results into the user's working tree, each delivery in one step, and back.
//!
//! Theory of operation: what is to change is worked out first, as a [`Transition`](transition): for
//! every path what is there and what is to be there. New content is written beside its place
//! under a temporary name, what was there before is copied into the folder `keep`, the transition
//! is put on disk, and only then come the renames and removals, each of which looks once more whether
//! the path is still as it was found. All of them can be repeated, so an application that
//! was cut off is finished by doing all of them again (`recover`). Undoing is the same with the
//! two sides turned round, and so is taking back what failed half-way. Until the first rename, nothing in
//! the user's tree has changed, so any conflict or failure up to there leaves it as it was.
//!
//! The user's refs, stash, hooks and configuration are not read for this and never written; the index is
//! read, since it knows where submodules are that were not fetched. Nothing is put into a submodule.
//! Symlinks are never followed: a path is only below real folders. The states in `keep`:
//!
//! ```text
//! (none) ─▶ staging ─▶ applying ─▶ applied ─▶ staging-undo ─▶ undoing ─▶ undone
//!    ▲                    ▼           ▲ ▲                         ▼ ▼
//!    └────────────── taking-back      │ └───── some were left ────┘ ▼
//!                                     └───────────────────── taking-back-undo
//! ```
//!
//! A run delivers more than once: a document at the end of its phase, changes at the end, and again after it
//! was resumed. Each delivery has its own folder `keep`, and [`Deliveries`] knows all of them: a new one goes
//! from the tree that the last one left, and undoing takes all of them back.

mod branch;
mod changes;
mod commit;
mod commits;
mod current;
mod delivered;
mod deliveries;
mod error;
mod file_state;
mod keep;
mod merge;
mod merged_branch;
mod obstacles;
mod onto_head;
mod perform;
mod plan;
mod raw_path;
mod refs;
mod stage;
mod submodules;
mod transition;
mod work_tree;

pub use branch::{check_destination, commit_to_branch};
pub use commits::NewCommit;
pub use current::{commit_here, current_branch, uncommit};
pub use delivered::Delivered;
pub use deliveries::Deliveries;
pub use error::ApplyError;
pub use merge::has_markers;
pub use merged_branch::{CommitsState, commits_state, remove_merged};
pub use plan::Conflicts;

#[cfg(test)]
mod tests;
