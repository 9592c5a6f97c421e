//! Who may import whom, as the map in ARCHITECTURE.md says.

use std::collections::{BTreeMap, BTreeSet};

use crate::code::{File, files, line_of};
use crate::text::{read, spans, table};

/// The rooms from the bottom up, each with those it may import.
fn map() -> Vec<(String, BTreeSet<String>)> {
    let page = read("ARCHITECTURE.md");
    let rooms: Vec<String> = table(&page, "room")
        .iter()
        .map(|row| spans(&row[0]).swap_remove(0))
        .collect();
    let imports = table(&page, "room").into_iter().map(|row| {
        let imports = row.last().unwrap().clone();
        match imports.as_str() {
            "all" => rooms.iter().cloned().collect(),
            _ => spans(&imports).into_iter().collect(),
        }
    });
    rooms.iter().cloned().zip(imports).collect()
}

/// What a file names of the crate: the room, and where.
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
fn every_room_imports_only_what_the_map_allows() {
    let map: BTreeMap<String, BTreeSet<String>> = map().into_iter().collect();
    let mut found = Vec::new();
    for file in files() {
        let Some(room) = file.room() else { continue };
        for (name, line) in named(file) {
            let at = format!("{}:{line}", file.path);
            if name.is_empty() {
                found.push(format!("{at}: name one room a `use`"));
            } else if name != room && !map[room].contains(&name) {
                found.push(format!("{at}: `{room}` must not import `{name}`"));
            }
        }
        found.extend(climbs_out(file));
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// `super::super::…` that leads out of the room. Code that is indented may be one module deeper, and
/// a file of tests is the child of the file it tests.
fn climbs_out(file: &File) -> Vec<String> {
    let path = file.path.trim_start_matches("src/").trim_end_matches(".rs");
    let depth = path.trim_end_matches("/mod").split('/').count() + usize::from(file.is_test());
    let mut found = Vec::new();
    for (index, line) in file.code.lines().enumerate() {
        let climbed = line.matches("super::").count();
        if climbed >= depth + usize::from(line.starts_with(' ')) {
            let at = format!("{}:{}", file.path, index + 1);
            found.push(format!("{at}: leaves its room by `super`"));
        }
    }
    found
}

#[test]
fn the_map_is_whole_and_leads_downwards() {
    let map = map();
    let mapped: BTreeSet<&str> = map.iter().map(|(room, _)| room.as_str()).collect();
    let files = files();
    let real: BTreeSet<&str> = files.iter().filter_map(File::room).collect();
    assert_eq!(
        mapped, real,
        "the map in ARCHITECTURE.md and the folders of src"
    );
    for (index, (room, imports)) in map.iter().enumerate() {
        let below: BTreeSet<&str> = map[..index].iter().map(|(room, _)| room.as_str()).collect();
        for import in imports.iter().filter(|import| *import != room) {
            let is_below = below.contains(import.as_str());
            assert!(
                is_below,
                "`{room}` imports `{import}`, which stands above it"
            );
        }
    }
}

#[test]
fn nothing_is_allowed_that_nobody_needs() {
    let mut needed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files() {
        if let Some(room) = file.room() {
            let names = named(file).into_iter().map(|(name, _)| name);
            needed.entry(room.to_owned()).or_default().extend(names);
        }
    }
    for (room, imports) in map().iter().filter(|(room, _)| room != "cli") {
        for import in imports {
            let is_needed = needed[room].contains(import);
            assert!(
                is_needed,
                "take `{import}` from the line of `{room}` in ARCHITECTURE.md"
            );
        }
    }
}
