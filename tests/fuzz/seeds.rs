//! Real inputs, from the fixtures.

use std::fs;
use std::path::{Path, PathBuf};

/// All files with such an ending in a folder of the tree and in those below.
pub fn files_in(folder: &str, ending: &str) -> Vec<Vec<u8>> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    let mut found: Vec<PathBuf> = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path if path.to_string_lossy().ends_with(ending) => found.push(path),
                _ => {}
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no {ending} in {folder}");
    found
        .into_iter()
        .map(|path| fs::read(path).unwrap())
        .collect()
}

/// The blocks of this language in the documentation.
pub fn blocks(language: &str) -> Vec<Vec<u8>> {
    let start = format!("```{language}\n");
    let pages = files_in("docs", ".md").into_iter();
    let texts = pages.map(|page| String::from_utf8(page).unwrap());
    let mut found = Vec::new();
    for text in texts {
        let blocks = text.split(&start).skip(1);
        found.extend(blocks.map(|block| block.split("```").next().unwrap().as_bytes().to_vec()));
    }
    found
}
