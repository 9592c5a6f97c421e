//! Go.

use std::collections::BTreeMap;

use super::paths::{Paths, folder_of, join, name_of};
use super::syntax::{Source, Walk, quoted};

/// A file's own package: its files see each other without a word.
const OWN_PACKAGE: &str = ".";

/// The modules of a tree: their paths as they are imported, and their folders.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings(Vec<(String, String)>);

/// Whether a file is read by [`Settings::read`].
pub(super) fn is_settings(path: &str) -> bool {
    name_of(path) == "go.mod"
}

impl Settings {
    /// Reads the `go.mod` files among these.
    pub(super) fn read(files: &BTreeMap<String, Vec<u8>>) -> Self {
        let modules = files.iter().filter(|(path, _)| is_settings(path));
        let modules = modules.filter_map(|(path, bytes)| {
            let text = String::from_utf8_lossy(bytes);
            let mut lines = text
                .lines()
                .filter_map(|line| line.trim().strip_prefix("module "));
            let module = lines.next()?.split("//").next()?;
            let module = module.trim().trim_matches(['"', '`']);
            Some((module.to_owned(), folder_of(path).to_owned()))
        });
        Self(modules.collect())
    }
}

/// What a file imports: paths of packages, its own first.
pub(super) fn imports(source: &Source<'_>) -> Vec<String> {
    let mut found = vec![OWN_PACKAGE];
    source.each(|node| {
        if node.kind() == "import_spec" {
            let path = node.child_by_field_name("path");
            found.extend(path.and_then(|path| quoted(source, path)));
        }
        Walk::Into
    });
    found.into_iter().map(str::to_owned).collect()
}

/// The files of the package that is meant, if it is one of the project. Tests belong to no package that
/// can be imported.
pub(super) fn resolve(paths: &Paths, settings: &Settings, from: &str, import: &str) -> Vec<String> {
    let folder = match import {
        OWN_PACKAGE => Some(folder_of(from).to_owned()),
        import => folder_of_package(settings, import),
    };
    let files = folder.iter().flat_map(|folder| paths.in_folder(folder));
    files
        .filter(|path| path.ends_with(".go") && !path.ends_with("_test.go"))
        .map(str::to_owned)
        .collect()
}

/// The innermost module that the path lies in decides.
fn folder_of_package(settings: &Settings, import: &str) -> Option<String> {
    let within = settings.0.iter().filter_map(|(module, folder)| {
        let below = import.strip_prefix(module.as_str())?;
        let is_below = below.is_empty() || below.starts_with('/');
        is_below.then_some((module.len(), folder, below))
    });
    let (_, folder, below) = within.max_by_key(|(length, ..)| *length)?;
    join(folder, below)
}
