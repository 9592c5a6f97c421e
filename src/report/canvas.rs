//! The whole terminal as a surface to draw on, beside what was on it before.
//!
//! A row that changed is written anew, and nothing else. What follows a character that is not ASCII is put in its
//! place by its column, so that a terminal that takes one for wider than we do shifts nothing.

use std::io;

use console::{AnsiCodeIterator, measure_text_width};
use ratatui_core::buffer::{Buffer, Cell};
use ratatui_core::layout::Rect;
use ratatui_core::style::{Color, Modifier, Style};
use ratatui_core::text::{Line, Span};

use super::paint::Size;
use super::screen::{Screen, Sgr, visible};

/// The alternate screen, without a cursor.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[2J";
const LEAVE: &str = "\x1b[0m\x1b[?25h\x1b[?1049l";

/// The terminal of standard error, taken from its making until it is dropped.
#[derive(Debug)]
pub struct Canvas {
    shown: Buffer,
}

impl Canvas {
    pub fn take() -> io::Result<Self> {
        Screen::Stderr.raw(ENTER.as_bytes())?;
        let shown = Buffer::default();
        Ok(Self { shown })
    }

    /// Shows this instead of what was shown before.
    pub fn show(&mut self, next: Buffer) -> io::Result<()> {
        let mut bytes = String::new();
        if self.shown.area != next.area {
            // A terminal that was resized has moved what was on it.
            self.shown = Buffer::empty(next.area);
            bytes.push_str("\x1b[0m\x1b[2J");
        }
        bytes.push_str(&changes(&self.shown, &next));
        self.shown = next;
        match bytes.is_empty() {
            true => Ok(()),
            false => Screen::Stderr.raw(bytes.as_bytes()),
        }
    }
}

impl Drop for Canvas {
    fn drop(&mut self) {
        // A terminal that is gone has nothing to be put right.
        let _ = Screen::Stderr.raw(LEAVE.as_bytes());
    }
}

pub(super) fn blank(size: Size) -> Buffer {
    let cut = |length: usize| u16::try_from(length).unwrap_or(u16::MAX);
    Buffer::empty(Rect::new(0, 0, cut(size.columns), cut(size.rows)))
}

/// Puts a line at this column and row, and no more of it than so many columns.
pub(super) fn put(buffer: &mut Buffer, (x, y): (usize, usize), text: &str, columns: usize) {
    let within = |at: usize, end: u16| u16::try_from(at).ok().filter(|at| *at < end);
    let area = *buffer.area();
    if let (Some(x), Some(y)) = (within(x, area.width), within(y, area.height)) {
        let columns = u16::try_from(columns).unwrap_or(u16::MAX);
        buffer.set_line(x, y, &line(text), columns);
    }
}

/// A line with the colours of ours that are in it.
fn line(text: &str) -> Line<'static> {
    let text = visible(text, Sgr::Keep);
    let mut style = Style::new();
    let mut spans = Vec::new();
    for (piece, is_code) in AnsiCodeIterator::new(&text) {
        match is_code.then(|| piece.trim_start_matches("\x1b[").trim_end_matches('m')) {
            None => spans.push(Span::styled(piece.to_owned(), style)),
            Some("1") => style = style.add_modifier(Modifier::BOLD),
            Some("2") => style = style.add_modifier(Modifier::DIM),
            Some("7") => style = style.add_modifier(Modifier::REVERSED),
            Some("0") => style = Style::new(),
            Some(code) => {
                let color = code.strip_prefix('3').and_then(|color| color.parse().ok());
                style.fg = color.map(Color::Indexed);
            }
        }
    }
    Line::from(spans)
}

/// The way back: what sets a cell's colours, whatever they were before.
fn codes(cell: &Cell) -> String {
    let mut codes = "\x1b[0".to_owned();
    if let Color::Indexed(color) = cell.fg {
        codes += &format!(";3{color}");
    }
    for (modifier, code) in [
        (Modifier::BOLD, ";1"),
        (Modifier::DIM, ";2"),
        (Modifier::REVERSED, ";7"),
    ] {
        if cell.modifier.contains(modifier) {
            codes += code;
        }
    }
    codes + "m"
}

fn changes(before: &Buffer, next: &Buffer) -> String {
    let columns = usize::from(next.area.width).max(1);
    let rows = before
        .content
        .chunks(columns)
        .zip(next.content.chunks(columns));
    let rows = rows
        .enumerate()
        .filter(|(_, (before, next))| before != next);
    rows.map(|(y, (_, next))| row(y, next)).collect()
}

fn row(y: usize, cells: &[Cell]) -> String {
    let mut bytes = format!("\x1b[{};1H\x1b[0m", y + 1);
    let (mut x, mut style) = (0, codes(&Cell::EMPTY));
    let end = cells.iter().rposition(|cell| *cell != Cell::EMPTY);
    let end = end.map_or(0, |last| last + 1);
    while let Some(cell) = cells[..end].get(x) {
        let codes = codes(cell);
        if codes != style {
            bytes += &codes;
            style = codes;
        }
        bytes += cell.symbol();
        x += measure_text_width(cell.symbol()).max(1);
        if !cell.symbol().is_ascii() {
            bytes += &format!("\x1b[{}G", x + 1);
        }
    }
    bytes + "\x1b[0m" + if end < cells.len() { "\x1b[K" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size {
        columns: 12,
        rows: 2,
    };

    fn drawn(text: &str) -> Buffer {
        let mut buffer = blank(SIZE);
        put(&mut buffer, (0, 0), text, 12);
        buffer
    }

    #[test]
    fn rows_that_changed_are_written_each_character_in_its_place() {
        let before = drawn("ab 漢字 c");
        assert_eq!(changes(&before, &before), "");
        let to = changes(&before, &drawn("ab 漢漢 \x1b[32mc\x1b[0m"));
        let row = "ab 漢\x1b[6G漢\x1b[8G \x1b[0;32mc\x1b[0m\x1b[K";
        assert_eq!(to, format!("\x1b[1;1H\x1b[0m{row}"));
    }

    #[test]
    fn nothing_drawn_is_an_order_to_the_terminal() {
        let hostile = "\x1b[2J\x07\u{202e}\u{9b}2J";
        let buffer = drawn(hostile);
        let shown = changes(&blank(SIZE), &buffer);
        assert!(shown.contains("\\u001b[2J"), "{shown:?}");
        for order in ["\x1b[2J", "\x07", "\u{202e}", "\u{9b}"] {
            assert!(!shown.contains(order), "{shown:?}");
        }
    }

    #[test]
    fn outside_of_the_terminal_nothing_is_put() {
        let mut buffer = blank(SIZE);
        for place in [(12, 0), (0, 2), (70_000, 70_000)] {
            put(&mut buffer, place, "x", 5);
        }
        assert_eq!(buffer, blank(SIZE));
    }
}
