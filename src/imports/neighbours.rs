//! The files next to some others, the nearest first.

use std::collections::{BTreeMap, BTreeSet};

use super::{Language, Tree};

/// Which files of a tree import which.
#[derive(Debug, Clone, Default)]
pub struct Links(BTreeMap<String, Vec<String>>);

/// Files that somebody named.
#[derive(Debug, Clone, Default)]
pub struct Named {
    pub edit: BTreeSet<String>,
    pub read: BTreeSet<String>,
}

/// A file next to a named one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    pub path: String,
    pub relation: Relation,
    pub to: String,
}

/// How a file is related to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    ImportedBy,
    Imports,
}

impl Links {
    /// Of one file more: what it imports, as [`imports`](super::imports) found it.
    pub fn add(&mut self, tree: &Tree, language: Language, from: &str, imports: &[String]) {
        let mut seen = BTreeSet::new();
        let resolved = imports
            .iter()
            .flat_map(|import| tree.resolve(language, from, import));
        let targets = resolved.filter(|path| path != from && seen.insert(path.clone()));
        self.0.insert(from.to_owned(), targets.collect());
    }

    fn from(&self, path: &str) -> impl Iterator<Item = &String> {
        self.0.get(path).into_iter().flatten()
    }
}

/// What the named files import and what imports them, each file once, and none that was named or is
/// among those `there` already: first what the files to be changed import, then what imports these, then
/// the same of the files to be read.
pub fn neighbours(links: &Links, named: &Named, there: &BTreeSet<String>) -> Vec<Neighbour> {
    let mut found = Vec::new();
    let mut seen: BTreeSet<&String> = there.union(&named.edit).chain(&named.read).collect();
    for files in [&named.edit, &named.read] {
        for file in files {
            for path in links.from(file) {
                if seen.insert(path) {
                    found.push(neighbour(path, Relation::ImportedBy, file));
                }
            }
        }
        for (path, targets) in &links.0 {
            let target = targets.iter().find(|target| files.contains(*target));
            if let Some(file) = target
                && seen.insert(path)
            {
                found.push(neighbour(path, Relation::Imports, file));
            }
        }
    }
    found
}

fn neighbour(path: &str, relation: Relation, to: &str) -> Neighbour {
    Neighbour {
        path: path.to_owned(),
        relation,
        to: to.to_owned(),
    }
}
