//! Trees of the simulated world. An id tells nothing of its tree, so what calls have put into one is kept here,
//! in their order: `base+plan.task-1+plan.task-2`.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::model::TreeId;

thread_local! {
    static CONTENTS: RefCell<HashMap<TreeId, String>> = RefCell::default();
}

/// The tree with these contents.
pub fn tree(contents: &str) -> TreeId {
    let id = TreeId::sample(contents);
    CONTENTS.with_borrow_mut(|known| known.insert(id.clone(), contents.to_owned()));
    id
}

/// Nothing for a tree that is none.
pub fn contents(tree: &TreeId) -> String {
    CONTENTS.with_borrow(|known| known.get(tree).cloned().unwrap_or_default())
}
