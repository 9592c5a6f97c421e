//! Whatever is in files: nothing breaks, and nothing leads out of the tree.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::super::{Language, Links, Named, Tree, imports, is_settings, neighbours};

const NAMES: [&str; 12] = [
    "a.js",
    "b.ts",
    "c.tsx",
    "d.vue",
    "e.py",
    "f.rs",
    "g.php",
    "h.go",
    "main.rs",
    "__init__.py",
    "index.js",
    "mod.rs",
];

const SETTINGS: [&str; 5] = [
    "package.json",
    "tsconfig.json",
    "Cargo.toml",
    "composer.json",
    "go.mod",
];

/// Pieces of which imports are made, right ones and wrong ones.
const PIECES: [&str; 44] = [
    "import ",
    "from ",
    "export * ",
    "require(",
    "use ",
    "mod ",
    "crate::",
    "super::",
    "self::",
    "namespace ",
    "include ",
    "__DIR__ . ",
    "dirname(",
    "new URL(",
    "import.meta.url",
    "(",
    ")",
    "{",
    "}",
    "<script>",
    "</script>",
    "<script src=",
    "'./a'",
    "\"../b\"",
    "`/c`",
    "'..'",
    "'#x'",
    "a.b",
    "..",
    "::",
    "\\",
    ";",
    "\n",
    "*",
    ",",
    " as ",
    "#[path=\"x\"]",
    "<?php ",
    "package a\n",
    "\"m/a\"",
    "'",
    "\"",
    "/*",
    "é",
];

fn language() -> impl Strategy<Value = Language> {
    prop::sample::select(vec![
        Language::JavaScript,
        Language::TypeScript,
        Language::Markup,
        Language::Python,
        Language::Rust,
        Language::Php,
        Language::Go,
    ])
}

fn path(names: &'static [&'static str]) -> impl Strategy<Value = String> {
    let folder = prop::sample::select(vec!["", "a/", "src/", "a/src/", "tests/"]);
    (folder, prop::sample::select(names)).prop_map(|(folder, name)| format!("{folder}{name}"))
}

fn text() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(PIECES.as_slice());
    prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_can_be_read(language in language(), bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let found = imports(language, &bytes);
        prop_assert_eq!(found, imports(language, &bytes));
    }

    #[test]
    fn any_import_stays_within_the_tree(
        language in language(), from in path(&NAMES), import in "[./a-d:@#*\\\\~ ?]{0,12}",
        files in prop::collection::btree_set(path(&NAMES), 0..12),
    ) {
        let tree = Tree::new(files.iter().cloned(), &BTreeMap::new());
        for found in tree.resolve(language, &from, &import) {
            prop_assert!(files.contains(&found), "{found}");
        }
    }

    #[test]
    fn neighbours_are_files_of_the_tree_each_once_and_none_that_is_there(
        files in prop::collection::btree_map(path(&NAMES), text(), 0..12),
        settings in prop::collection::btree_map(path(&SETTINGS), text(), 0..3),
        edit in prop::collection::btree_set(path(&NAMES), 0..3),
        read in prop::collection::btree_set(path(&NAMES), 0..3),
        there in prop::collection::btree_set(path(&NAMES), 0..3),
    ) {
        let settings: BTreeMap<String, Vec<u8>> =
            settings.into_iter().map(|(path, text)| (path, text.into_bytes())).collect();
        prop_assert!(settings.keys().all(|path| is_settings(path)));
        let tree = Tree::new(files.keys().cloned(), &settings);
        let mut links = Links::default();
        for (path, text) in &files {
            let language = Language::of(path).expect("a known ending");
            links.add(&tree, language, path, &imports(language, text.as_bytes()));
        }
        let named = Named { edit, read };
        let mut seen = BTreeSet::new();
        for one in neighbours(&links, &named, &there) {
            prop_assert!(files.contains_key(&one.path));
            prop_assert!(named.edit.contains(&one.to) || named.read.contains(&one.to));
            let is_named = named.edit.contains(&one.path) || named.read.contains(&one.path);
            prop_assert!(!is_named && !there.contains(&one.path));
            prop_assert!(seen.insert(one.path));
        }
    }
}
