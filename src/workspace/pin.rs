//! Names for trees in the store.

use std::path::Path;

use crate::model::TreeId;

use super::WorkspaceError;
use super::index;

/// Gives a tree a name in the store (`refs/tipstaff/NAME`), so that it and all it holds stay whatever
/// cleans the store up. A name that is taken moves to the new tree.
pub fn pin(store: &Path, name: &str, tree: &TreeId) -> Result<(), WorkspaceError> {
    let name = format!("refs/tipstaff/{name}");
    index::git(store)?
        .args(["update-ref", &name, tree.as_str()])
        .done()
}
