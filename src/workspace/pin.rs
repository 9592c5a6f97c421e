//! Names for trees in the store.

use std::path::Path;

use super::index;
use super::{TreeId, WorkspaceError};

/// Gives a tree a name in the store (`refs/tipstaff/NAME`), so that it and all it holds stay whatever
/// cleans the store up. A name that is taken moves to the new tree.
pub fn pin(store: &Path, name: &str, tree: &TreeId) -> Result<(), WorkspaceError> {
    let name = format!("refs/tipstaff/{name}");
    index::git(store)?
        .args(["update-ref", &name, tree.as_str()])
        .done()
}
