//! Names for trees in the store.

use std::path::Path;

use crate::model::TreeId;

use super::materialize::made;
use super::{Doing, WorkspaceError};
use crate::files;

/// Gives a tree a name in the store (`refs/tipstaff/NAME`), so that it and all it holds stay whatever
/// cleans the store up. A name that is taken moves to the new tree.
pub fn pin(store: &Path, name: &str, tree: &TreeId) -> Result<(), WorkspaceError> {
    let at = made(&store.join("refs/tipstaff"))?.join(name);
    files::replace_unsynced(&at, format!("{tree}\n").as_bytes()).doing("write", &at)
}
