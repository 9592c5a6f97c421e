//! Who may import whom, as the map in ARCHITECTURE.md says.

use std::collections::{BTreeMap, BTreeSet};

use crate::code::{File, files, line_of};
use crate::text::{read, spans, table};

/// The modules from the bottom up, each with those it may import.
fn map() -> Vec<(String, BTreeSet<String>)> {
    let page = read("ARCHITECTURE.md");
    let modules: Vec<String> = table(&page, "module")
        .iter()
        .map(|row| spans(&row[0]).swap_remove(0))
        .collect();
    let imports = table(&page, "module").into_iter().map(|row| {
        let imports = row.last().unwrap().clone();
        match imports.as_str() {
            "all" => modules.iter().cloned().collect(),
            _ => spans(&imports).into_iter().collect(),
        }
    });
    modules.iter().cloned().zip(imports).collect()
}

/// What a file names of the crate: the module, and where.
fn named(file: &File) -> Vec<(String, usize)> {
    let after_crate = file.code.match_indices("crate::").map(|(at, _)| {
        let rest = &file.code[at + "crate::".len()..];
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
        let name = &rest[..end.unwrap_or(rest.len())];
        (name.to_owned(), line_of(&file.code, at))
    });
    after_crate.collect()
}

#[test]
fn every_module_imports_only_what_the_map_allows() {
    let map: BTreeMap<String, BTreeSet<String>> = map().into_iter().collect();
    let mut found = Vec::new();
    for file in files() {
        let Some(module) = file.module() else {
            continue;
        };
        for (name, line) in named(file) {
            let at = format!("{}:{line}", file.path);
            if name.is_empty() {
                found.push(format!("{at}: name one module a `use`"));
            } else if name != module && !map[module].contains(&name) {
                found.push(format!("{at}: `{module}` must not import `{name}`"));
            }
        }
        found.extend(climbs_out(file));
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// `super::super::…` that leads out of the module. Code that is indented may be one module deeper, and
/// a file of tests is the child of the file it tests.
fn climbs_out(file: &File) -> Vec<String> {
    let path = file.path.trim_start_matches("src/").trim_end_matches(".rs");
    let depth = path.trim_end_matches("/mod").split('/').count() + usize::from(file.is_test());
    let mut found = Vec::new();
    for (index, line) in file.code.lines().enumerate() {
        let climbed = line.matches("super::").count();
        if climbed >= depth + usize::from(line.starts_with(' ')) {
            let at = format!("{}:{}", file.path, index + 1);
            found.push(format!("{at}: leaves its module by `super`"));
        }
    }
    found
}

#[test]
fn the_map_is_whole_and_leads_downwards() {
    let map = map();
    let mapped: BTreeSet<&str> = map.iter().map(|(module, _)| module.as_str()).collect();
    let files = files();
    let real: BTreeSet<&str> = files.iter().filter_map(File::module).collect();
    assert_eq!(
        mapped, real,
        "the map in ARCHITECTURE.md and the folders of src"
    );
    for (index, (module, imports)) in map.iter().enumerate() {
        let below: BTreeSet<&str> = map[..index]
            .iter()
            .map(|(module, _)| module.as_str())
            .collect();
        for import in imports.iter().filter(|import| *import != module) {
            let is_below = below.contains(import.as_str());
            assert!(is_below, "`{module}` imports `{import}`, which is above it");
        }
    }
}

#[test]
fn nothing_is_allowed_that_nobody_needs() {
    let mut needed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files() {
        if let Some(module) = file.module() {
            let names = named(file).into_iter().map(|(name, _)| name);
            needed.entry(module.to_owned()).or_default().extend(names);
        }
    }
    for (module, imports) in map().iter().filter(|(module, _)| module != "cli") {
        for import in imports {
            let is_needed = needed[module].contains(import);
            assert!(
                is_needed,
                "take `{import}` from the line of `{module}` in ARCHITECTURE.md"
            );
        }
    }
}

/// The path of a file's module: `journal/error`.
fn module_path(path: &str) -> &str {
    let path = path.trim_start_matches("src/").trim_end_matches(".rs");
    path.trim_end_matches("/mod")
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    let words = code.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.filter(|word| !word.is_empty())
}

/// What each `mod.rs` hands on, as `journal/Journal`, to the file that it comes from.
fn handed_on(all: &[File]) -> BTreeMap<String, String> {
    let mut from = BTreeMap::new();
    for file in all.iter().filter(|file| file.path.ends_with("/mod.rs")) {
        let uses = file.shipped_code().split(';').map(str::trim_start);
        for list in uses.filter(|list| list.starts_with("pub")) {
            let Some((_, list)) = list.split_once("use ") else {
                continue;
            };
            let own = |name: &str| format!("{}/{name}", module_path(&file.path));
            let mut words = words(list);
            let first = words.next().unwrap_or_default();
            from.extend(words.map(|name| (own(name), own(first))));
        }
    }
    from
}

/// The files of the same module that a file's shipped code imports from, also by way of a `mod.rs`.
fn imported<'a>(
    file: &File,
    all: &'a [File],
    handed_on: &BTreeMap<String, String>,
) -> Vec<&'a str> {
    let own = module_path(&file.path);
    let mut wanted = Vec::new();
    for (at, _) in file.shipped_code().match_indices("super::") {
        let before = &file.shipped_code()[..at];
        if before.ends_with("super::") {
            continue;
        }
        let mut place: Vec<&str> = own.split('/').collect();
        let mut rest = &file.shipped_code()[at..];
        while let Some(up) = rest.strip_prefix("super::") {
            place.pop();
            rest = up;
        }
        let end = rest.find(';').unwrap_or(0);
        for name in words(&rest[..end]) {
            let name = [&place[..], &[name]].concat().join("/");
            let is_file = all.iter().any(|other| module_path(&other.path) == name);
            let from = handed_on.get(&name).filter(|_| !is_file);
            wanted.push(from.cloned().unwrap_or(name));
        }
    }
    let others = all.iter().filter(|other| other.path != file.path);
    let found = others.filter(|other| wanted.iter().any(|name| name == module_path(&other.path)));
    found.map(|other| other.path.as_str()).collect()
}

#[test]
fn no_two_files_of_a_module_import_each_other() {
    let handed_on = handed_on(files());
    for (module, _) in map() {
        let is_own = |file: &&File| file.module() == Some(&module) && !file.is_test();
        let own = files().iter().filter(is_own);
        let mut open: BTreeMap<&str, Vec<&str>> = own
            .map(|file| (file.path.as_str(), imported(file, files(), &handed_on)))
            .collect();
        // Whoever imports nothing that is left is in no circle.
        loop {
            let names: BTreeSet<&str> = open.keys().copied().collect();
            let before = open.len();
            open.retain(|_, imports| imports.iter().any(|other| names.contains(other)));
            if open.len() == before {
                break;
            }
        }
        open.retain(|path, _| !path.ends_with("/mod.rs"));
        assert!(open.is_empty(), "circles of imports: {open:#?}");
    }
}
