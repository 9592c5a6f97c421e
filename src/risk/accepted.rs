//! Which changes that act by themselves somebody has agreed to.

use std::collections::BTreeSet;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Changes that are delivered although they act by themselves, or hold a secret.
#[derive(Debug, Clone, Default)]
pub struct Accepted {
    patterns: GlobSet,
    /// Paths and folders, as they were given as patterns.
    given: BTreeSet<String>,
    /// Files that the request or a task named: those alone, letter for letter.
    named: BTreeSet<String>,
    /// Whether changes with secrets in them are accepted too.
    pub secrets: bool,
}

impl Accepted {
    /// By paths, folders and patterns; `*` stays within a folder, `**` does not. What is no valid pattern is a path.
    pub fn new(patterns: &[String]) -> Self {
        let mut set = GlobSetBuilder::new();
        let mut given = BTreeSet::new();
        for pattern in patterns {
            let plain = pattern.strip_prefix("./").unwrap_or(pattern);
            if let Ok(glob) = GlobBuilder::new(plain).literal_separator(true).build() {
                set.add(glob);
            }
            given.insert(plain.trim_end_matches('/').to_owned());
        }
        Self {
            patterns: set.build().unwrap_or_default(),
            given,
            ..Self::default()
        }
    }

    /// These files too, named by a task.
    pub fn with_files<'a>(mut self, files: impl IntoIterator<Item = &'a String>) -> Self {
        self.named.extend(files.into_iter().cloned());
        self
    }

    /// The files too whose paths are words of this text.
    pub fn with_words(mut self, text: &str) -> Self {
        let between = |c: char| c.is_whitespace() || "\"'`()[]{}<>,;".contains(c);
        let words = text.split(between).map(|word| {
            let word = word.trim_end_matches(['.', ':', '!', '?']);
            word.strip_prefix("./").unwrap_or(word).to_owned()
        });
        self.named.extend(words.filter(|word| !word.is_empty()));
        self
    }

    /// Whether a change of the file at this path is accepted.
    pub fn has(&self, path: &str) -> bool {
        let mut above = path.match_indices('/').map(|(at, _)| &path[..at]);
        self.named.contains(path)
            || self.given.contains(path)
            || above.any(|folder| self.given.contains(folder))
            || self.patterns.is_match(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_request_name_one_file_letter_for_letter() {
        let named = Accepted::default().with_words(
            "Write `docs/AGENTS.md`, mend ./.envrc and (AGENTS.md). Leave .vscode alone: .husky/",
        );
        for path in ["docs/AGENTS.md", ".envrc", "AGENTS.md"] {
            assert!(named.has(path), "{path}");
        }
        for path in [
            "agents.md",
            "sub/.envrc",
            ".vscode/tasks.json",
            ".husky/pre-commit",
            "AGENTS.md.",
        ] {
            assert!(!named.has(path), "{path}");
        }
    }

    #[test]
    fn patterns_name_paths_folders_and_globs() {
        let given = [
            "odd[/.npmrc",
            ".vscode",
            "docs/*.md",
            "**/.npmrc",
            "./.envrc",
        ]
        .map(str::to_owned);
        let accepted = Accepted::new(&given);
        for path in [
            ".vscode/tasks.json",
            "docs/AGENTS.md",
            "a/b/.npmrc",
            ".npmrc",
            ".envrc",
            "odd[/.npmrc",
        ] {
            assert!(accepted.has(path), "{path}");
        }
        for path in [
            "a/.vscode/x",
            "docs/a/AGENTS.md",
            "sub/.envrc",
            ".VSCODE/tasks.json",
        ] {
            assert!(!accepted.has(path), "{path}");
        }
    }
}
