//! The four ways to show a run while it works.

use std::fmt;
use std::io::Write;

use crate::model::Timestamp;
use crate::run::Record;

use super::error::ReportError;
use super::json::JsonStream;
use super::live::Live;
use super::paint::{Colors, Terminal};
use super::plain::Plain;
use super::view::RunView;

/// How a run is shown while it works. Made by the constructors below; for a resumed run, from a
/// view that has taken in the earlier records, which are then not shown again.
pub enum Display {
    /// A terminal: lasting lines and a frame that changes.
    Live(Box<Live>),
    /// No terminal: one line a meaningful event.
    Plain(Box<Plain<Box<dyn Write>>>),
    /// A program: one JSON event a line.
    Json(JsonStream<Box<dyn Write>>),
    Quiet,
}

impl fmt::Debug for Display {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Live(_) => "Display::Live",
            Self::Plain(_) => "Display::Plain",
            Self::Json(_) => "Display::Json",
            Self::Quiet => "Display::Quiet",
        })
    }
}

impl Display {
    /// Live progress on a terminal, usually [`Terminal::stderr`].
    pub fn live(view: RunView, terminal: Terminal, colors: Colors) -> Self {
        Self::Live(Box::new(Live::new(view, terminal, colors)))
    }

    /// Plain lines, usually to standard error.
    pub fn plain(view: RunView, out: impl Write + 'static) -> Self {
        Self::Plain(Box::new(Plain::new(view, Box::new(out))))
    }

    /// The JSON stream, usually to standard output.
    pub fn json(out: impl Write + 'static) -> Self {
        Self::Json(JsonStream::new(Box::new(out)))
    }

    /// Shows a record. A live display shows it at the next [`tick`](Self::tick).
    pub fn apply(&mut self, record: &Record) -> Result<(), ReportError> {
        match self {
            Self::Live(live) => {
                live.apply(record);
                Ok(())
            }
            Self::Plain(plain) => plain.apply(record),
            Self::Json(json) => json.apply(record),
            Self::Quiet => Ok(()),
        }
    }

    /// Lets time pass; about ten times a second is right.
    pub fn tick(&mut self, now: Timestamp) -> Result<(), ReportError> {
        match self {
            Self::Live(live) => live.tick(now),
            Self::Plain(plain) => plain.tick(now),
            Self::Json(_) | Self::Quiet => Ok(()),
        }
    }

    /// Ends the showing: whatever changes on a terminal is taken away, the rest stays.
    pub fn finish(&mut self) -> Result<(), ReportError> {
        match self {
            Self::Live(live) => live.finish(),
            Self::Plain(_) | Self::Json(_) | Self::Quiet => Ok(()),
        }
    }
}
