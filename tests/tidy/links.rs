//! Links lead somewhere, and tests that a page names are there.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use crate::text::{pages, prose, read, table, tracked};

/// Text and target of the links of a page.
fn links(page: &str) -> Vec<(String, String)> {
    let prose = prose(page).replace('\n', " ");
    let mut links = Vec::new();
    for (at, _) in prose.match_indices("](") {
        let text = prose[..at].rsplit('[').next().unwrap();
        let target = prose[at + 2..].split(')').next().unwrap();
        links.push((text.to_owned(), target.to_owned()));
    }
    links
}

/// A page's headings as GitHub makes anchors of them.
fn anchors(page: &str) -> BTreeSet<String> {
    let prose = prose(page);
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let kept = |c: &char| c.is_alphanumeric() || "-_ ".contains(*c);
            let text: String = line
                .trim_start_matches('#')
                .trim()
                .chars()
                .filter(kept)
                .collect();
            text.to_lowercase().replace(' ', "-")
        })
        .collect()
}

/// A path without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => assert!(plain.pop(), "{} leaves the project", path.display()),
            Component::Normal(name) => plain.push(name),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    plain
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let files: BTreeSet<PathBuf> = tracked().into_iter().collect();
    let mut seen = 0;
    for (path, page) in pages() {
        let folder = Path::new(&path).parent().unwrap();
        for (_, target) in links(&page) {
            if target.starts_with("https://") {
                continue;
            }
            seen += 1;
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let file = match file {
                "" => PathBuf::from(&path),
                file => plain(&folder.join(file)),
            };
            let is_there = files.iter().any(|known| known.starts_with(&file));
            assert!(is_there, "{path}: {target} is not there");
            if !anchor.is_empty() {
                let anchors = anchors(&read(&file.display().to_string()));
                assert!(
                    anchors.contains(anchor),
                    "{path}: {target} has no such heading"
                );
            }
        }
    }
    assert!(seen > 30, "{seen} links only");
}

/// A link whose text is a name in code and whose target is a Rust file names a function in it.
#[test]
fn every_test_that_a_page_points_to_is_there() {
    let mut seen = 0;
    for (path, page) in pages() {
        let folder = Path::new(&path).parent().unwrap();
        for (text, target) in links(&page) {
            let name = text.trim_matches('`');
            if name == text
                || !target.ends_with(".rs")
                || name.contains('/')
                || target.ends_with("/mod.rs")
            {
                continue;
            }
            seen += 1;
            let file = plain(&folder.join(&target)).display().to_string();
            let code = read(&file);
            let is_there = ["(", "<"].map(|next| code.contains(&format!("fn {name}{next}")));
            assert!(is_there.contains(&true), "{path}: {file} has no `{name}`");
        }
    }
    assert!(seen > 10, "{seen} tests only");
}

#[test]
fn every_attack_has_a_test_that_acts_it_out() {
    let page = read("docs/security.md");
    let tables = page.matches("\n| attack |").count();
    assert_eq!(tables, 1, "docs/security.md has one table of attacks");
    for row in table(&page, "attack") {
        let tests = links(&row[2]);
        let is_test = |(name, target): &(String, String)| {
            name.starts_with('`') && target.starts_with("../tests/")
        };
        assert!(!tests.is_empty() && tests.iter().all(is_test), "{}", row[0]);
    }
}

#[test]
fn the_index_names_every_page() {
    let index = read("docs/README.md");
    for (path, _) in pages() {
        let name = path
            .strip_prefix("docs/")
            .filter(|name| *name != "README.md");
        if let Some(name) = name {
            assert!(
                index.contains(&format!("]({name})")),
                "docs/README.md: {name}"
            );
        }
    }
}
