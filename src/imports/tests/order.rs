//! Which neighbours are found, and in which order.

use std::collections::BTreeSet;

use super::super::{Language, Links, Named, Relation, imports, neighbours};
use super::plain;

const FILES: [(&str, &str); 8] = [
    (
        "api.js",
        "import './store'; import './log'; import './api';",
    ),
    ("log.js", ""),
    ("main.js", "import './api'; import './page'"),
    (
        "page.js",
        "import './style'; import './log'; import './api'",
    ),
    ("stranger.js", "import './log'"),
    ("store.js", "import './disk'; require('./disk')"),
    ("disk.js", ""),
    ("style.js", ""),
];

fn links() -> Links {
    let tree = plain(&FILES.map(|(path, _)| path));
    let mut links = Links::default();
    for (path, text) in FILES {
        let found = imports(Language::JavaScript, text.as_bytes());
        links.add(&tree, Language::JavaScript, path, &found);
    }
    links
}

fn set(paths: &[&str]) -> BTreeSet<String> {
    paths.iter().map(|path| (*path).to_owned()).collect()
}

#[test]
fn what_a_file_imports_comes_before_what_imports_it_and_edited_files_before_read_ones() {
    let named = Named {
        edit: set(&["api.js"]),
        read: set(&["page.js"]),
    };
    let found = neighbours(&links(), &named, &BTreeSet::new());
    let found: Vec<(&str, Relation, &str)> = found
        .iter()
        .map(|one| (one.path.as_str(), one.relation, one.to.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("store.js", Relation::ImportedBy, "api.js"),
            ("log.js", Relation::ImportedBy, "api.js"),
            ("main.js", Relation::Imports, "api.js"),
            ("style.js", Relation::ImportedBy, "page.js"),
        ],
        "one level only; no file twice, and none of the named ones"
    );
}

#[test]
fn what_is_there_already_is_not_added() {
    let named = Named {
        edit: set(&["store.js"]),
        read: BTreeSet::new(),
    };
    let found = neighbours(&links(), &named, &set(&["disk.js"]));
    let paths: Vec<&str> = found.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(paths, ["api.js"]);
}
