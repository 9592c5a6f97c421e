//! What is read, where it leads, and in which order it comes.

mod order;
mod properties;
mod reading;
mod resolving;

use super::{Language, Tree, imports, is_settings};

/// What a file of that name with that text imports.
fn read(name: &str, text: &str) -> Vec<String> {
    let language = Language::of(name).expect("a known ending");
    imports(language, text.as_bytes())
}

/// A tree of files with their texts; only those of settings matter.
fn tree(files: &[(&str, &str)]) -> Tree {
    let settings = files.iter().filter(|(path, _)| is_settings(path));
    let settings = settings.map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
    let paths = files.iter().map(|(path, _)| (*path).to_owned());
    Tree::new(paths, &settings.collect())
}

/// A tree of files without settings.
fn plain(paths: &[&str]) -> Tree {
    let files: Vec<(&str, &str)> = paths.iter().map(|path| (*path, "")).collect();
    tree(&files)
}

/// The one file that an import leads to.
fn leads(tree: &Tree, from: &str, import: &str) -> Option<String> {
    let language = Language::of(from).expect("a known ending");
    let mut found = tree.resolve(language, from, import);
    assert!(found.len() <= 1, "{found:?}");
    found.pop()
}
