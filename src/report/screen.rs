//! The only way to the standard streams, so that nothing shown can steer a terminal.
//!
//! Names, contents of files and what agents say are somebody else's: a character that a terminal would obey,
//! or that turns text around, is written as `\u001b`. That is JSON's own notation, so JSON stays the same
//! value.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use crate::model::{is_unsafe, shortened};

/// Colours within a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sgr {
    /// It is ours, and its parts were cleaned before they were coloured.
    Keep,
    /// There are none; what looks like one is somebody else's.
    Escape,
}

/// The text as it can be shown: line feeds and tabs are kept.
pub fn visible(text: &str, sgr: Sgr) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        let kept = if sgr == Sgr::Keep { sgr_len(rest) } else { 0 };
        let len = kept.max(char.len_utf8());
        if kept > 0 || !is_unsafe(char) {
            shown.push_str(&rest[..len]);
        } else {
            for unit in char.encode_utf16(&mut [0; 2]) {
                shown.push_str(&format!("\\u{unit:04x}"));
            }
        }
        rest = &rest[len..];
    }
    Cow::Owned(shown)
}

/// Where nobody looks at it: a file, or a program.
const USUAL_COLUMNS: usize = 80;

/// Longer names and lines, in bytes, are cut wherever a person reads them: an agent may nest folders as deep
/// as it likes.
const LONGEST_NAME: usize = 512;
const LONGEST_LINE: usize = 4096;

/// The text with its over-long names and lines cut in their middle.
pub(super) fn bounded(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST_NAME {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        let words = line.split_inclusive(char::is_whitespace);
        let words: String = words.map(|word| shortened(word, LONGEST_NAME)).collect();
        out.push_str(&shortened(&words, LONGEST_LINE));
    }
    Cow::Owned(out)
}

/// How long a sequence for colours is that the text begins with; 0 if it does not.
fn sgr_len(text: &str) -> usize {
    let Some(codes) = text.strip_prefix("\x1b[") else {
        return 0;
    };
    let end = codes.find(|c: char| !c.is_ascii_digit() && c != ';');
    match end {
        Some(end) if codes[end..].starts_with('m') => "\x1b[".len() + end + 1,
        _ => 0,
    }
}

#[derive(Debug)]
pub enum Screen {
    Stdout,
    Stderr,
}

impl Screen {
    /// Whether somebody looks at it.
    pub fn is_terminal(&self) -> bool {
        match self {
            Self::Stdout => io::stdout().is_terminal(),
            Self::Stderr => io::stderr().is_terminal(),
        }
    }

    /// How many columns a text may have: those of the terminal, else what is usual.
    pub fn columns(&self) -> usize {
        let term = match self {
            Self::Stdout => console::Term::stdout(),
            Self::Stderr => console::Term::stderr(),
        };
        let size = term.size_checked().filter(|_| self.is_terminal());
        size.map_or(USUAL_COLUMNS, |(_, columns)| usize::from(columns).max(20))
    }

    /// Text that may be coloured.
    pub fn show(&self, text: &str, sgr: Sgr) -> io::Result<()> {
        match self {
            Self::Stdout => self.raw(visible(text, sgr).as_bytes()),
            Self::Stderr => self.raw(visible(&bounded(text), sgr).as_bytes()),
        }
    }

    /// What need not be text: as it is for a file or a program, made visible on a terminal.
    pub fn bytes(&self, bytes: &[u8]) -> io::Result<()> {
        match self.is_terminal() {
            true => self.show(&String::from_utf8_lossy(bytes), Sgr::Escape),
            false => self.raw(bytes),
        }
    }

    /// Has the terminal ring, and show this where it can.
    pub fn ring(&self, text: &str) {
        let text: String = text
            .chars()
            .filter(|char| !is_unsafe(*char) && *char != '\n')
            .collect();
        if self.is_terminal() {
            let _ = self.raw(format!("\x07\x1b]9;{text}\x1b\\").as_bytes());
        }
    }

    /// As it is. For who made it visible before, and for orders to the terminal.
    pub(super) fn raw(&self, bytes: &[u8]) -> io::Result<()> {
        match self {
            // Flushed, so that what does not arrive is noticed.
            Self::Stdout => {
                let mut out = io::stdout().lock();
                out.write_all(bytes).and_then(|()| out.flush())
            }
            Self::Stderr => io::stderr().lock().write_all(bytes),
        }
    }
}

/// Text without colours, a whole one at each writing.
impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.show(&String::from_utf8_lossy(bytes), Sgr::Escape)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout => io::stdout().flush(),
            Self::Stderr => io::stderr().flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn orders_to_a_terminal_are_shown_instead_of_given() {
        let text = "a\x1b]52;c;aGk=\x07b\u{9b}2J\u{202e}c\rd\te\n";
        let shown = "a\\u001b]52;c;aGk=\\u0007b\\u009b2J\\u202ec\\u000dd\te\n";
        assert_eq!(visible(text, Sgr::Escape), shown);
        assert_eq!(visible(text, Sgr::Keep), shown);
    }

    #[test]
    fn names_and_lines_are_bounded_and_the_rest_is_as_it_was() {
        let name = "deep/".repeat(3600);
        let text = format!("failed to read `/tmp/{name}x`: too long\nhint: go on\n");
        let shown = bounded(&text);
        assert!(shown.len() < LONGEST_NAME + 60, "{shown}");
        assert!(shown.starts_with("failed to read `/tmp/deep/") && shown.contains(" bytes … "));
        assert!(shown.ends_with("deep/x`: too long\nhint: go on\n"));
        let spaced = "a a/".repeat(4500);
        assert!(bounded(&spaced).len() <= LONGEST_LINE);
    }

    #[test]
    fn only_whole_colours_are_kept_and_only_ours() {
        let text = "\x1b[1;31mred\x1b[0m \x1b[2J\x1b[31";
        assert_eq!(
            visible(text, Sgr::Keep),
            "\x1b[1;31mred\x1b[0m \\u001b[2J\\u001b[31"
        );
        assert!(!visible(text, Sgr::Escape).contains('\x1b'));
    }

    proptest! {
        #[test]
        fn json_stays_the_same_value(text in any::<String>()) {
            let json = serde_json::json!({ (text.clone()): [text] });
            let shown = visible(&json.to_string(), Sgr::Escape).into_owned();
            prop_assert!(!shown.chars().any(is_unsafe));
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).ok(), Some(json));
        }
    }
}
