//! Putting a run's changes where they belong: into the user's tree in one step, or onto a branch.

use crate::engine::Input;
use crate::model::{Destination, Failure, RunId};
use crate::workspace::{self, ApplyError, TreeId};

use super::Site;
use super::ground::tree_id;
use super::prepare::machine;

/// Where in the run folder the data for taking an applied run back is kept.
pub const UNDO: &str = "undo";

/// Delivers the changes and says how it went. Blocks.
pub fn deliver(site: &Site, base: &str, tree: &str, to: &Destination) -> Input {
    let files = match to {
        Destination::Tree => apply(site, base, tree),
        Destination::Branch(name) => branch(site, base, tree, name),
        // The engine keeps such changes without an order.
        Destination::Nowhere => Ok(0),
    };
    let tree = tree.to_owned();
    match files {
        Ok(files) => Input::Delivered {
            tree,
            to: to.clone(),
            files,
        },
        Err(failure) => Input::NotDelivered {
            tree,
            reason: failure.message,
        },
    }
}

fn apply(site: &Site, base: &str, tree: &str) -> Result<u64, Failure> {
    let (base, tree) = (tree_id(base)?, tree_id(tree)?);
    let keep = site.folder.path(UNDO);
    // A supervisor that was killed while it applied left the rest to be done.
    workspace::recover_apply(&site.project, &keep).map_err(machine)?;
    match workspace::apply(&site.project, &site.store(), &base, &tree, &keep) {
        Ok(_) | Err(ApplyError::AlreadyApplied) => count(site, &base, &tree),
        Err(error) => Err(machine(error)),
    }
}

fn branch(site: &Site, base: &str, tree: &str, name: &str) -> Result<u64, Failure> {
    let (base, tree) = (tree_id(base)?, tree_id(tree)?);
    let message = commit_message(&site.plan.request, site.folder.id());
    workspace::apply_to_branch(&site.project, &site.store(), &base, &tree, name, &message)
        .map_err(machine)?;
    count(site, &base, &tree)
}

fn count(site: &Site, base: &TreeId, tree: &TreeId) -> Result<u64, Failure> {
    let files = workspace::changed_files(&site.store(), base, tree).map_err(machine)?;
    Ok(files.len() as u64)
}

/// What the commit on a branch says: the request's first line, and which run made it.
pub fn commit_message(request: &str, run: &RunId) -> String {
    let line = request
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("Changes");
    let subject: String = line.trim().chars().take(72).collect();
    format!("{subject}\n\nMade by tipstaff run {run}.")
}
