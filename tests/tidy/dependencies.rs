//! Every dependency earns its line, and no lock file depends on where it was written.

use std::collections::BTreeSet;

use crate::text::{read, spans, table};

/// The names in one section of Cargo.toml.
fn section(name: &str) -> BTreeSet<String> {
    let manifest = read("Cargo.toml");
    let heading = format!("[{name}]");
    manifest
        .lines()
        .skip_while(|line| *line != heading)
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| Some(line.split_once('=')?.0.trim().to_owned()))
        .collect()
}

#[test]
fn every_dependency_has_its_reason() {
    let mut used = section("dependencies");
    used.extend(section("dev-dependencies"));
    let page = read("ARCHITECTURE.md");
    let explained: BTreeSet<String> = table(&page, "dependency")
        .iter()
        .flat_map(|row| spans(&row[0]))
        .collect();
    assert_eq!(
        explained, used,
        "ARCHITECTURE.md (left) and Cargo.toml (right)"
    );
}

#[test]
fn lock_files_hold_no_download_addresses() {
    let npm = read("fixtures/agents/package-lock.json");
    assert!(npm.contains("\"integrity\""));
    assert!(!npm.contains("\"resolved\""));
    let cargo = read("Cargo.lock");
    let sources = cargo.lines().filter(|line| line.starts_with("source = "));
    for source in sources {
        let usual = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
        assert_eq!(source, usual);
    }
}
