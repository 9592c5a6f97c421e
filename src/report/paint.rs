//! Painting a few lines that change at the bottom of a terminal.
//!
//! Each painting is one write: up to the first line of the old frame, lasting lines, new frame, clear
//! what is below. Every line is cut to the terminal's width, so none wraps; when
//! the terminal was made narrower since, the old frame's lines *have* wrapped, and the way up is
//! counted at the new width. The cursor is never hidden, and no mode of the terminal is changed:
//! a killed supervisor leaves nothing behind that has to be undone.

use std::fmt;
use std::io::{self, Write};

use console::{measure_text_width, truncate_str};

use super::screen::{Screen, Sgr, visible};

/// The whole line: where only the rest is cleared, tmux takes it for as long as it was, and wraps it when it is resized.
const CLEAR_LINE: &str = "\x1b[2K";
const CLEAR_BELOW: &str = "\x1b[J";

/// Whether to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colors {
    On,
    /// Do not (`NO_COLOR`, `TERM=dumb`).
    Off,
}

impl Colors {
    /// What standard error is good for, by the usual variables (`NO_COLOR`, `CLICOLOR`, `TERM`).
    pub fn of_stderr() -> Self {
        Self::unless_forbidden(console::colors_enabled_stderr())
    }

    /// The same of standard output.
    pub fn of_stdout() -> Self {
        Self::unless_forbidden(console::colors_enabled())
    }

    fn unless_forbidden(enabled: bool) -> Self {
        // `NO_COLOR` counts however it is set, as long as it is not empty.
        let forbidden = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        match enabled && !forbidden {
            true => Self::On,
            false => Self::Off,
        }
    }

    /// The text in that style, if colours are wanted.
    pub(super) fn paint(self, text: &str, style: console::Style) -> String {
        match self {
            Self::On => style.force_styling(true).apply_to(text).to_string(),
            Self::Off => text.to_owned(),
        }
    }
}

/// A terminal's size in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub columns: usize,
    pub rows: usize,
}

impl Size {
    pub fn of_stderr() -> Self {
        let (rows, columns) = console::Term::stderr().size();
        Self {
            columns: columns.into(),
            rows: rows.into(),
        }
    }
}

/// A terminal to paint on: where the characters go, and how large it is at the moment.
pub struct Terminal {
    out: Box<dyn Write>,
    size: Box<dyn Fn() -> Size>,
    /// Display widths of the lines of the frame that is on the screen.
    widths: Vec<usize>,
    /// The frame on the screen, to spare a painting that changes nothing.
    last: String,
}

impl fmt::Debug for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Terminal")
            .field("widths", &self.widths)
            .finish_non_exhaustive()
    }
}

impl Terminal {
    /// A terminal of any kind; `size` is asked at each painting.
    pub fn new(out: impl Write + 'static, size: impl Fn() -> Size + 'static) -> Self {
        Self {
            out: Box::new(out),
            size: Box::new(size),
            widths: Vec::new(),
            last: String::new(),
        }
    }

    pub fn stderr() -> Self {
        Self::new(Raw, Size::of_stderr)
    }

    /// The size at the moment; at least one row and a few columns.
    pub(super) fn size(&self) -> Size {
        let size = (self.size)();
        Size {
            columns: size.columns.max(4),
            rows: size.rows.max(2),
        }
    }

    /// Writes `lasting` lines above and a new `frame` in place of the old one.
    pub(super) fn paint(&mut self, lasting: &[String], frame: &[String]) -> io::Result<()> {
        let size = self.size();
        // The last column stays free: some terminals wrap as soon as it is filled.
        let cut = |line: &String| {
            truncate_str(&visible(line, Sgr::Keep), size.columns - 1, "…").into_owned()
        };
        let shown: Vec<String> = frame.iter().take(size.rows - 1).map(cut).collect();
        let text: String = shown.iter().map(|line| format!("{line}\n")).collect();
        if lasting.is_empty() && text == self.last {
            return Ok(());
        }
        let mut bytes = self.up(size);
        for line in lasting {
            bytes.push_str(CLEAR_LINE);
            bytes.push_str(&visible(line, Sgr::Keep));
            bytes.push('\n');
        }
        for line in &shown {
            bytes.push_str(CLEAR_LINE);
            bytes.push_str(line);
            bytes.push('\n');
        }
        bytes.push_str(CLEAR_BELOW);
        self.out.write_all(bytes.as_bytes())?;
        self.out.flush()?;
        self.widths = shown.iter().map(|line| measure_text_width(line)).collect();
        self.last = text;
        Ok(())
    }

    /// The way up to that frame. Each line is written over the old one, so that nothing flickers; what
    /// wrapped, because the terminal is narrower now, is cleared before.
    fn up(&self, size: Size) -> String {
        let rows: usize = self
            .widths
            .iter()
            .map(|width| width.div_ceil(size.columns).max(1))
            .sum();
        match rows.min(size.rows - 1) {
            0 => String::new(),
            rows if rows > self.widths.len() => format!("\x1b[{rows}A\r{CLEAR_BELOW}"),
            rows => format!("\x1b[{rows}A\r"),
        }
    }
}

/// Standard error, for frames with the orders that put them in their place.
struct Raw;

impl Write for Raw {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Screen::Stderr.raw(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Screen::Stderr.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::rc::Rc;

    use super::*;

    #[derive(Clone, Default)]
    struct Screen(Rc<RefCell<Vec<u8>>>);

    impl Write for Screen {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Screen {
        fn take(&self) -> String {
            String::from_utf8(self.0.take()).expect("painted text is UTF-8")
        }
    }

    fn terminal(columns: usize, rows: usize) -> (Terminal, Screen, Rc<Cell<Size>>) {
        let screen = Screen::default();
        let size = Rc::new(Cell::new(Size { columns, rows }));
        let asked = size.clone();
        let terminal = Terminal::new(screen.clone(), move || asked.get());
        (terminal, screen, size)
    }

    fn lines(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn lasting_lines_stay_above_the_frame() {
        let (mut terminal, screen, _) = terminal(20, 10);
        terminal.paint(&[], &lines(&["one", "two"])).expect("write");
        assert_eq!(screen.take(), "\x1b[2Kone\n\x1b[2Ktwo\n\x1b[J");
        terminal
            .paint(&lines(&["done"]), &lines(&["two"]))
            .expect("write");
        let over = "\x1b[2A\r\x1b[2Kdone\n\x1b[2Ktwo\n\x1b[J";
        assert_eq!(screen.take(), over);
        terminal.paint(&[], &[]).expect("write");
        assert_eq!(screen.take(), "\x1b[1A\r\x1b[J");
    }

    #[test]
    fn nothing_is_written_when_nothing_changed() {
        let (mut terminal, screen, _) = terminal(20, 10);
        terminal.paint(&[], &lines(&["one"])).expect("write");
        screen.take();
        terminal.paint(&[], &lines(&["one"])).expect("write");
        assert_eq!(screen.take(), "");
    }

    #[test]
    fn lines_are_cut_to_the_width_and_the_frame_to_the_height() {
        let (mut terminal, screen, _) = terminal(6, 3);
        terminal
            .paint(&[], &lines(&["abcdefgh", "漢字漢字", "gone"]))
            .expect("write");
        assert_eq!(screen.take(), "\x1b[2Kabcd…\n\x1b[2K漢字…\n\x1b[J");
    }

    #[test]
    fn a_frame_that_wrapped_when_the_terminal_shrank_is_cleared_whole() {
        let (mut terminal, screen, size) = terminal(11, 20);
        terminal
            .paint(&[], &lines(&["0123456789", "ab"]))
            .expect("write");
        screen.take();
        size.set(Size {
            columns: 5,
            rows: 20,
        });
        terminal.paint(&[], &lines(&["x"])).expect("write");
        assert_eq!(screen.take(), "\x1b[3A\r\x1b[J\x1b[2Kx\n\x1b[J");
    }
}
