//! Rust files as code: comments, texts and tests taken out, so that words can be looked for.

use std::sync::LazyLock;

use crate::text::{read, tracked};

/// A file below `src`.
pub struct File {
    /// Its path, relative to the project.
    pub path: String,
    /// Its text.
    pub text: String,
    /// Its text with blanks instead of comments and of what is in quotes; lines stay lines.
    pub code: String,
}

impl File {
    /// The module it belongs to; none for `main.rs` and `lib.rs`.
    pub fn module(&self) -> Option<&str> {
        let (module, _) = self.path.strip_prefix("src/")?.split_once('/')?;
        Some(module)
    }

    /// Whether all of it is a test.
    pub fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        self.path.contains("/tests/")
            || self.path.contains("/simulation/")
            || name.ends_with("_tests.rs")
            || ["tests.rs", "testing.rs"].contains(&name)
            || name.starts_with("sample")
    }

    /// The code before the tests, which are at the end.
    pub fn shipped_code(&self) -> &str {
        &self.code[..self.shipped_bytes()]
    }

    /// The text before the tests.
    pub fn shipped_text(&self) -> &str {
        &self.text[..self.shipped_bytes()]
    }

    fn shipped_bytes(&self) -> usize {
        let tests = self.code.find("#[cfg(test)]\nmod tests");
        match self.is_test() {
            true => 0,
            false => tests.unwrap_or(self.code.len()),
        }
    }
}

/// All files below `src`.
pub fn files() -> &'static [File] {
    static FILES: LazyLock<Vec<File>> = LazyLock::new(read_files);
    &FILES
}

fn read_files() -> Vec<File> {
    let files: Vec<File> = tracked()
        .into_iter()
        .map(|path| path.display().to_string())
        .filter(|path| path.starts_with("src/") && path.ends_with(".rs"))
        .map(|path| {
            let text = read(&path);
            let code = code_of(&text);
            File { path, text, code }
        })
        .collect();
    assert!(files.len() > 100, "{} files only", files.len());
    files
}

/// The number of the line in which this byte is.
pub fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Blanks out comments and what is in quotes, byte for byte.
pub fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let length = opaque(rest, code.chars().last());
        let (piece, after) = rest.split_at(length.unwrap_or(next.len_utf8()));
        match length {
            Some(_) => code.extend(piece.bytes().map(|b| if b == b'\n' { '\n' } else { ' ' })),
            None => code.push(next),
        }
        rest = after;
    }
    code
}

/// The length of the comment, text or character that begins here, if one does.
fn opaque(rest: &str, before: Option<char>) -> Option<usize> {
    let until = |from: usize, end: &str| {
        let found = rest[from..].find(end);
        found.map_or(rest.len(), |at| from + at + end.len())
    };
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(until(2, "*/"));
    }
    let in_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if let Some(raw) = rest
        .strip_prefix('r')
        .filter(|_| !in_word || before == Some('b'))
    {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            return Some(until(hashes + 2, &format!("\"{}", "#".repeat(hashes))));
        }
    }
    if rest.starts_with('"') {
        return Some(quoted(rest, '"'));
    }
    // A lifetime has no second quote behind one character.
    let is_char = rest.starts_with("'\\") || rest.chars().nth(2) == Some('\'');
    (rest.starts_with('\'') && is_char).then(|| quoted(rest, '\''))
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

#[test]
fn comments_and_texts_are_no_code() {
    let text = "a(\"{ // \\\" }\", '{', 'x'); // {\nfn f<'a>(r: &'a str) { br#\"}\"# } /* { */ r\"{\" '\\'' b";
    let code = code_of(text);
    let squeezed: String = code.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(squeezed, "a( , , ); fn f<'a>(r: &'a str) { b } b");
    assert_eq!(code.matches('\n').count(), 1);
}
