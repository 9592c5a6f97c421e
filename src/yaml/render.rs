//! Diagnostics as text: message, place, the source line with the part underlined, hint.

use std::fmt::Write;

use super::{Diagnostic, Place, Severity, Source};

/// Longest piece of a source line that is shown, in characters.
const MAX_WIDTH: usize = 120;

/// Whether the text goes where colours are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    Off,
    /// ANSI sequences around severity, places and hints. The text is the same.
    On,
}

/// So many are shown; of more, their number.
const MOST: usize = 20;

/// Renders diagnostics, a blank line between them. Sources that are not given are named but not quoted.
pub fn render(diagnostics: &[Diagnostic], sources: &[Source], colour: Colour) -> String {
    let mut blocks: Vec<String> = diagnostics
        .iter()
        .take(MOST)
        .map(|diagnostic| render_one(diagnostic, sources, colour))
        .collect();
    if let Some(more) = diagnostics.len().checked_sub(MOST).filter(|more| *more > 0) {
        blocks.push(format!("… and {more} more\n"));
    }
    blocks.join("\n")
}

fn render_one(diagnostic: &Diagnostic, sources: &[Source], colour: Colour) -> String {
    let severity = match diagnostic.severity {
        Severity::Error => paint("error", "1;31", colour),
        Severity::Warning => paint("warning", "1;33", colour),
    };
    let mut text = format!("{severity}: {}\n", printable(&diagnostic.message));
    let name = printable(&diagnostic.source);
    let arrow = paint("-->", "34", colour);
    // Writing into a String cannot fail.
    let _ = match diagnostic.place {
        Some(place) => writeln!(text, "  {arrow} {name}:{}:{}", place.line, place.column),
        None => writeln!(text, "  {arrow} {name}"),
    };
    let line = diagnostic.place.and_then(|place| {
        let source = sources
            .iter()
            .find(|source| source.name.as_ref() == diagnostic.source)?;
        let line = source.text.lines().nth(place.line.checked_sub(1)?)?;
        Some((place, line))
    });
    if let Some((place, line)) = line {
        text.push_str(&quote(place, line, colour));
    }
    if let Some(hint) = &diagnostic.hint {
        let _ = writeln!(
            text,
            "{}: {}",
            paint("hint", "1;36", colour),
            printable(hint)
        );
    }
    text
}

fn quote(place: Place, line: &str, colour: Colour) -> String {
    let characters: Vec<char> = printable(line).chars().collect();
    let column = (place.column - 1).min(characters.len());
    // Of a very long line only the part around the place is shown.
    let start = if characters.len() > MAX_WIDTH {
        column.saturating_sub(MAX_WIDTH / 3)
    } else {
        0
    };
    let end = characters.len().min(start + MAX_WIDTH);
    let shown: String = characters[start..end].iter().collect();
    let before = if start > 0 { "…" } else { "" };
    let after = if end < characters.len() { "…" } else { "" };
    let indent = " ".repeat(column - start + before.chars().count());
    let carets = "^".repeat(place.len.min(end.saturating_sub(column)).max(1));
    let number = place.line.to_string();
    let margin = " ".repeat(number.len());
    let bar = paint("|", "34", colour);
    let number = paint(&number, "34", colour);
    let carets = paint(&carets, "1;31", colour);
    format!(
        "{margin} {bar}\n{number} {bar} {before}{shown}{after}\n{margin} {bar} {indent}{carets}\n"
    )
}

fn paint(text: &str, code: &str, colour: Colour) -> String {
    match colour {
        Colour::Off => text.to_owned(),
        Colour::On => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
    }
}

/// One character for one character, so that columns stay right; what could steer a terminal is
/// replaced.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' | '\n' => ' ',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Spot;

    fn diagnostic(line: usize, column: usize, len: usize) -> Diagnostic {
        Spot {
            source: "w.yaml".into(),
            place: Place { line, column, len },
            indent: None,
        }
        .error("x", "something is wrong")
        .with_hint("mend it")
    }

    #[test]
    fn the_place_is_underlined() {
        let source = Source::new("w.yaml", "name: x\nphases: nonsense\n");
        let text = render(&[diagnostic(2, 9, 8)], &[source], Colour::Off);
        insta::assert_snapshot!(text, @r"
        error: something is wrong
          --> w.yaml:2:9
          |
        2 | phases: nonsense
          |         ^^^^^^^^
        hint: mend it
        ");
    }

    #[test]
    fn long_lines_and_odd_places_are_bearable() {
        let source = Source::new("w.yaml", format!("a: {}\n", "é".repeat(500)));
        let text = render(
            &[diagnostic(1, 300, 400)],
            std::slice::from_ref(&source),
            Colour::Off,
        );
        assert!(
            text.lines().all(|line| line.chars().count() < 140),
            "{text}"
        );
        assert!(text.contains('^'));
        // A place behind the end of the line or the file must not panic.
        render(
            &[diagnostic(1, 9_999, 3), diagnostic(77, 1, 1)],
            &[source],
            Colour::On,
        );
    }

    #[test]
    fn a_source_cannot_steer_the_terminal() {
        let source = Source::new("w.yaml", "a: \u{1b}[2J\n");
        let text = render(&[diagnostic(1, 1, 1)], &[source], Colour::Off);
        assert!(!text.contains('\u{1b}'));
    }
}
