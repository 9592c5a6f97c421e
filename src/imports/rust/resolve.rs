//! Where a path of Rust leads, by the usual layout of a crate.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::paths::{Paths, folder_of, join, name_of, upwards};

/// The crates of a tree: their names as they are used, and the files they begin with.
#[derive(Debug, Clone, Default)]
pub(in crate::imports) struct Settings(BTreeMap<String, String>);

/// Whether a file is read by [`Settings::read`].
pub(in crate::imports) fn is_settings(path: &str) -> bool {
    name_of(path) == "Cargo.toml"
}

/// As much of a `Cargo.toml` as is needed.
#[derive(Deserialize)]
struct Manifest {
    package: Option<Section>,
    lib: Option<Section>,
}

#[derive(Deserialize)]
struct Section {
    name: Option<String>,
    path: Option<String>,
}

impl Settings {
    /// Reads the `Cargo.toml` files among these. What is no TOML says nothing.
    pub(in crate::imports) fn read(files: &BTreeMap<String, Vec<u8>>) -> Self {
        let manifests = files.iter().filter(|(path, _)| is_settings(path));
        let crates = manifests.filter_map(|(path, bytes)| {
            let Manifest { package, lib } = toml::from_slice(bytes).ok()?;
            let (name, root) = lib.map_or((None, None), |lib| (lib.name, lib.path));
            let name = name.or(package?.name)?.replace('-', "_");
            let root = join(folder_of(path), root.as_deref().unwrap_or("src/lib.rs"))?;
            Some((name, root))
        });
        Self(crates.collect())
    }
}

/// The file that is meant, if it is one of the project.
pub(in crate::imports) fn resolve(
    paths: &Paths,
    settings: &Settings,
    from: &str,
    import: &str,
) -> Option<String> {
    if import.starts_with("./") {
        return paths.found(join(folder_of(from), import)?);
    }
    let here = Module::of(paths, from)?;
    let path = import.strip_prefix("::").unwrap_or(import);
    let mut names: Vec<&str> = path.split("::").filter(|name| !name.is_empty()).collect();
    match *names.first()? {
        "crate" => here.root.file(paths, &names[1..]),
        "self" | "super" => {
            let mut whole: Vec<&str> = here.names.clone();
            for name in names {
                match name {
                    "self" => {}
                    "super" => drop(whole.pop()?),
                    name => whole.push(name),
                }
            }
            here.root.file(paths, &whole)
        }
        first => here.child(paths, &names).or_else(|| {
            let lib = settings.0.get(first)?;
            Root::of(lib).file(paths, &names.split_off(1))
        }),
    }
}

/// A crate: where its modules lie, and the file it begins with.
struct Root<'a> {
    folder: &'a str,
    file: Option<String>,
}

struct Module<'a> {
    root: Root<'a>,
    names: Vec<&'a str>,
}

/// Each file right in such a folder is a crate of its own.
const FOLDERS_OF_CRATES: [&str; 4] = ["benches", "bin", "examples", "tests"];

/// A file of such a name is its folder's module, or begins a crate.
const FILES_OF_FOLDERS: [&str; 3] = ["lib", "main", "mod"];

impl<'a> Module<'a> {
    fn of(paths: &Paths, file: &'a str) -> Option<Self> {
        let folder = folder_of(file);
        let root = Root::above(paths, file);
        let below = folder.strip_prefix(root.folder)?;
        let mut names: Vec<&str> = below.split('/').filter(|name| !name.is_empty()).collect();
        let stem = name_of(file).strip_suffix(".rs")?;
        let is_root = root.file.as_deref() == Some(file);
        if !is_root && !FILES_OF_FOLDERS.contains(&stem) {
            names.push(stem);
        }
        Some(Self { root, names })
    }

    /// A path that begins with a module of this one.
    fn child(&self, paths: &Paths, names: &[&str]) -> Option<String> {
        let whole = [self.names.as_slice(), names].concat();
        self.root.module(paths, &whole, self.names.len() + 1)
    }
}

impl<'a> Root<'a> {
    /// The crate that begins with a file.
    fn of(file: &'a str) -> Self {
        Self {
            folder: folder_of(file),
            file: Some(file.to_owned()),
        }
    }

    /// The crate that a file belongs to.
    fn above(paths: &Paths, file: &'a str) -> Self {
        let begins = |name: &str| ["lib.rs", "main.rs", "build.rs"].contains(&name);
        let is_crate = |folder: &str| FOLDERS_OF_CRATES.contains(&name_of(folder));
        if begins(name_of(file)) || is_crate(folder_of(file)) {
            return Self::of(file);
        }
        for folder in upwards(folder_of(file)) {
            let files = ["lib.rs", "main.rs"].map(|name| join(folder, name));
            let file = files.into_iter().flatten().find(|file| paths.has(file));
            if file.is_some() || is_crate(folder) {
                return Self { folder, file };
            }
        }
        Self {
            folder: folder_of(file),
            file: None,
        }
    }

    /// The file of as many of the names as lead to a module; the rest is in it.
    fn file(&self, paths: &Paths, names: &[&str]) -> Option<String> {
        let root = || self.file.clone().filter(|file| paths.has(file));
        self.module(paths, names, 1).or_else(root)
    }

    fn module(&self, paths: &Paths, names: &[&str], least: usize) -> Option<String> {
        (least..=names.len()).rev().find_map(|count| {
            let path = join(self.folder, &names[..count].join("/"))?;
            let candidates = [format!("{path}.rs"), format!("{path}/mod.rs")];
            candidates.into_iter().find_map(|path| paths.found(path))
        })
    }
}
