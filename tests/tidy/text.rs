//! Reading the project's files, and Markdown in small pieces.

use std::fs;
use std::path::{Path, PathBuf};

/// The project's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of the project.
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file of the project that git would track, relative to its folder, sorted.
pub fn tracked() -> Vec<PathBuf> {
    let mut walk = ignore::WalkBuilder::new(root());
    walk.hidden(false)
        .require_git(false)
        .filter_entry(|entry| entry.file_name() != ".git");
    let mut files: Vec<PathBuf> = walk
        .build()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
        .map(|entry| entry.path().strip_prefix(root()).unwrap().to_owned())
        .collect();
    files.sort();
    files
}

/// The pages for users: README.md, ARCHITECTURE.md, CHANGELOG.md and docs/, each with its text.
pub fn pages() -> Vec<(String, String)> {
    let pages: Vec<(String, String)> = tracked()
        .into_iter()
        .map(|path| path.display().to_string())
        .filter(|path| path.ends_with(".md"))
        .filter(|path| path.starts_with("docs/") || !path.contains('/'))
        .map(|path| (path.clone(), read(&path)))
        .collect();
    assert!(pages.len() >= 10, "{} pages only", pages.len());
    pages
}

/// The texts of a page's fenced blocks of one language, each with the number of its first line.
pub fn blocks(page: &str, language: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut open = None;
    for (index, line) in page.lines().enumerate() {
        match (line.strip_prefix("```"), open) {
            (Some(info), None) => {
                open = Some(info == language);
                if info == language {
                    found.push((index + 2, String::new()));
                }
            }
            (Some(_), Some(_)) => open = None,
            (None, Some(true)) => {
                let (_, text) = found.last_mut().unwrap();
                text.push_str(line);
                text.push('\n');
            }
            (None, Some(false) | None) => {}
        }
    }
    assert_eq!(open, None, "a fence is left open");
    found
}

/// A page without its fenced blocks.
pub fn prose(page: &str) -> String {
    let mut inside = false;
    let mut prose = String::new();
    for line in page.lines() {
        if line.starts_with("```") {
            inside = !inside;
        } else if !inside {
            prose.push_str(line);
        }
        prose.push('\n');
    }
    prose
}

/// The code spans of a page's prose.
pub fn spans(page: &str) -> Vec<String> {
    let prose = prose(page);
    let spans = prose.split('`').skip(1).step_by(2);
    spans.map(|span| span.replace('\n', " ")).collect()
}

/// The cells of the rows of the table that has this first heading.
pub fn table(page: &str, heading: &str) -> Vec<Vec<String>> {
    let start = format!("| {heading} |");
    let rows: Vec<Vec<String>> = page
        .lines()
        .skip_while(|line| !line.starts_with(&start))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells = line.trim_matches('|').split(" | ");
            cells.map(|cell| cell.trim().to_owned()).collect()
        })
        .collect();
    assert!(!rows.is_empty(), "no table begins with `{heading}`");
    rows
}
