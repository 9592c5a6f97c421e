//! The files of a project, and where an import leads among them.

use std::collections::BTreeMap;

use super::paths::Paths;
use super::{Language, go, javascript, php, python, rust};

/// The files of a project with the settings that name them otherwise.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    paths: Paths,
    javascript: javascript::Settings,
    rust: rust::Settings,
    php: php::Settings,
    go: go::Settings,
}

/// Whether [`Tree::new`] wants to read a file.
pub fn is_settings(path: &str) -> bool {
    javascript::is_settings(path)
        || rust::is_settings(path)
        || php::is_settings(path)
        || go::is_settings(path)
}

impl Tree {
    /// A tree of these files, some of which are settings.
    pub fn new(
        paths: impl IntoIterator<Item = String>,
        settings: &BTreeMap<String, Vec<u8>>,
    ) -> Self {
        Self {
            paths: Paths::new(paths),
            javascript: javascript::Settings::read(settings),
            rust: rust::Settings::read(settings),
            php: php::Settings::read(settings),
            go: go::Settings::read(settings),
        }
    }

    /// The files that an import of the file `from` leads to; none if it leads out of the project. Only
    /// Go knows imports of several files.
    pub fn resolve(&self, language: Language, from: &str, import: &str) -> Vec<String> {
        let paths = &self.paths;
        let one = match language {
            Language::JavaScript | Language::TypeScript | Language::Markup => {
                javascript::resolve(paths, &self.javascript, from, import)
            }
            Language::Python => python::resolve(paths, from, import),
            Language::Rust => rust::resolve(paths, &self.rust, from, import),
            Language::Php => php::resolve(paths, &self.php, from, import),
            Language::Go => return go::resolve(paths, &self.go, from, import),
        };
        one.into_iter().collect()
    }
}
