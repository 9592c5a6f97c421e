//! `package.json` says what a project is made of, and how its tests are run: the second can be taken from another tree.

use std::path::Path;

use serde_json::{Map, Value};

use crate::model::TreeId;

use super::diff::changed_paths;
use super::documents::store_document;
use super::tree::{self, Entry};
use super::{WorkspaceError, rewrite};

pub const MANIFEST: &str = "package.json";

/// What of it says how tests are run.
const KEYS: [&str; 5] = ["scripts", "jest", "mocha", "ava", "tap"];

/// A tree whose packages run their scripts as in another one; all else of them stays.
pub fn with_scripts_of(
    store: &Path,
    tree: &TreeId,
    other: &TreeId,
) -> Result<TreeId, WorkspaceError> {
    let mut paths = changed_paths(store, tree, other)?;
    paths.retain(|path| path.ends_with(MANIFEST));
    if paths.is_empty() {
        return Ok(tree.clone());
    }
    let (own, others) = (tree::entries(store, tree)?, tree::entries(store, other)?);
    let mut changes = Vec::new();
    for path in paths {
        // A package of its own runs none of the other's tests.
        let Some(theirs) = others.get(&path) else {
            continue;
        };
        let mut taken = theirs.clone();
        if let Some(entry) = own.get(&path).filter(|entry| entry.is_file()) {
            let both = [entry, theirs].map(|one| one.object.as_str());
            let texts = tree::contents(store, both)?;
            if let [ours, theirs] = texts.as_slice()
                && let Some(text) = merged(ours, theirs)
            {
                let object = store_document(store, text)?;
                let kind = entry.kind;
                taken = Entry { kind, object };
            }
        }
        changes.push((path, Some(taken)));
    }
    rewrite::with(store, tree, changes)
}

/// None where one of them is no JSON: then nothing of it can be told apart.
fn merged(own: &[u8], other: &[u8]) -> Option<Vec<u8>> {
    let read = |text| serde_json::from_slice::<Map<String, Value>>(text).ok();
    let (before, mut other) = (read(own)?, read(other)?);
    let mut after = before.clone();
    for key in KEYS {
        match other.remove(key) {
            Some(value) => after.insert(key.to_owned(), value),
            None => after.shift_remove(key),
        };
    }
    if after == before {
        return Some(own.to_vec());
    }
    serde_json::to_vec_pretty(&after).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_taken_and_dependencies_stay() {
        let own = br#"{"name": "a", "scripts": {"test": "true"}, "jest": {}, "dependencies": {"b": "2"}}"#;
        let other = br#"{"name": "old", "scripts": {"test": "node --test"}}"#;
        let text = merged(own, other).expect("both are JSON");
        let read: Value = serde_json::from_slice(&text).expect("JSON");
        let wanted = serde_json::json!({
            "name": "a", "scripts": {"test": "node --test"}, "dependencies": {"b": "2"},
        });
        assert_eq!(read, wanted);
        assert_eq!(merged(own, own).as_deref(), Some(&own[..]));
        assert_eq!(merged(b"no", other), None);
    }
}
