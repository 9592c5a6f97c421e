//! Putting a run's changes where they belong: into the user's tree in one step, or onto a branch.

use crate::engine::Input;
use crate::model::{Destination, Failure};
use crate::workspace::{self, ApplyError};

use super::Site;
use super::ground::tree_id;

/// Where in the run folder the data for taking an applied run back is kept.
pub const UNDO: &str = "undo";

/// Delivers the changes and says how it went. Blocks.
pub fn deliver(site: &Site, base: &str, tree: &str, to: &Destination) -> Input {
    let not = |reason: String| Input::NotDelivered {
        tree: tree.to_owned(),
        reason,
    };
    let files = match to {
        Destination::Tree => apply(site, base, tree),
        Destination::Branch(name) => branch(site, base, tree, name),
        Destination::Nowhere => return not("the run was told to keep them".to_owned()),
    };
    match files {
        Ok(files) => Input::Delivered {
            tree: tree.to_owned(),
            to: to.clone(),
            files,
        },
        Err(failure) => not(failure.message),
    }
}

fn apply(site: &Site, base: &str, tree: &str) -> Result<u64, Failure> {
    let (base, tree) = (tree_id(base)?, tree_id(tree)?);
    let keep = site.folder.path(UNDO);
    let applied = workspace::apply(&site.project, &site.store(), &base, &tree, &keep);
    applied
        .map(|applied| applied.files.len() as u64)
        .map_err(|error| refused(&error))
}

fn branch(site: &Site, base: &str, tree: &str, name: &str) -> Result<u64, Failure> {
    let (base, tree) = (tree_id(base)?, tree_id(tree)?);
    let message = format!(
        "{}\n\nMade by tipstaff run {}.",
        subject(&site.plan.request),
        site.folder.id()
    );
    workspace::apply_to_branch(&site.project, &site.store(), &base, &tree, name, &message)
        .map_err(|error| refused(&error))?;
    let files =
        workspace::changed_files(&site.store(), &base, &tree).map_err(super::prepare::machine)?;
    Ok(files.len() as u64)
}

/// The first line of the request, short enough for a commit's subject.
fn subject(request: &str) -> String {
    let line = request
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("Changes");
    line.trim().chars().take(72).collect()
}

fn refused(error: &ApplyError) -> Failure {
    super::prepare::machine(error)
}
