//! The languages that are known, and what a file of each imports.

use std::collections::BTreeSet;

use super::syntax::{LONGEST, Source};
use super::{go, javascript, php, python, rust};

/// A larger file is not read, in bytes: people do not write such, and a parser may take long over it.
pub const MOST_BYTES: u64 = 512 * 1024;

/// So many bytes are looked at to tell a text from other data, as git does.
const LOOKED_AT: usize = 8000;

/// A language whose imports can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// JavaScript, and TypeScript with elements (`.tsx`).
    JavaScript,
    /// TypeScript, where `<T>` is a type and no element.
    TypeScript,
    /// HTML, Vue and Svelte, for their scripts.
    Markup,
    Python,
    Rust,
    Php,
    Go,
}

impl Language {
    /// The language of a file, by how its path ends.
    pub fn of(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next()?;
        let (_, ending) = name.rsplit_once('.')?;
        Some(match ending {
            "js" | "mjs" | "cjs" | "jsx" | "tsx" => Self::JavaScript,
            "ts" | "mts" | "cts" => Self::TypeScript,
            "html" | "htm" | "vue" | "svelte" => Self::Markup,
            "py" | "pyi" => Self::Python,
            "rs" => Self::Rust,
            "php" | "phtml" => Self::Php,
            "go" => Self::Go,
            _ => return None,
        })
    }

    pub(super) fn grammar(self) -> tree_sitter::Language {
        match self {
            Self::JavaScript => tree_sitter_typescript::LANGUAGE_TSX.into(),
            Self::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
            Self::Markup => tree_sitter_html::LANGUAGE.into(),
            Self::Python => tree_sitter_python::LANGUAGE.into(),
            Self::Rust => tree_sitter_rust::LANGUAGE.into(),
            Self::Php => tree_sitter_php::LANGUAGE_PHP.into(),
            Self::Go => tree_sitter_go::LANGUAGE.into(),
        }
    }
}

/// What a file imports, each once, in the order of the file, as [`Tree::resolve`](super::Tree::resolve)
/// wants it.
pub fn imports(language: Language, bytes: &[u8]) -> Vec<String> {
    if bytes.len() as u64 > MOST_BYTES || !is_text(bytes) {
        return Vec::new();
    }
    let Some(source) = Source::parse(language, bytes) else {
        return Vec::new();
    };
    let mut found = match language {
        Language::JavaScript | Language::TypeScript => javascript::imports(&source),
        Language::Markup => javascript::imports_of_scripts(&source),
        Language::Python => python::imports(&source),
        Language::Rust => rust::imports(&source),
        Language::Php => php::imports(&source),
        Language::Go => go::imports(&source),
    };
    let mut seen = BTreeSet::new();
    found.retain(|import| (1..=LONGEST).contains(&import.len()) && seen.insert(import.clone()));
    found
}

/// Whether this is a text, and not an image or an archive.
pub fn is_text(bytes: &[u8]) -> bool {
    !bytes.iter().take(LOOKED_AT).any(|byte| *byte == 0)
}
