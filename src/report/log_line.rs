//! A line of progress, shared by plain lines and the live display.

use crate::model::Failure;

use super::words::{clean, failure_word};

/// How an event is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Bad,
    Odd,
    Calm,
}

/// How long an event is of interest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interest {
    /// For good: a line of its own on every display.
    Lasting,
    /// Until the next event: a live display shows the state instead.
    Passing,
}

/// An event in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LogLine {
    /// Phase, call and model, as far as the event is about them.
    pub(super) scope: Vec<String>,
    pub(super) text: String,
    pub(super) notes: Vec<String>,
    pub(super) tone: Tone,
    pub(super) interest: Interest,
}

impl LogLine {
    pub(super) fn new(scope: Vec<String>, tone: Tone, text: impl Into<String>) -> Self {
        Self {
            scope,
            text: text.into(),
            notes: Vec::new(),
            tone,
            interest: Interest::Lasting,
        }
    }

    pub(super) fn passing(mut self) -> Self {
        self.interest = Interest::Passing;
        self
    }

    pub(super) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

/// `: REASON`, if there is one.
pub(super) fn because(reason: &str) -> String {
    match clean(reason) {
        reason if reason.is_empty() => String::new(),
        reason => format!(": {reason}"),
    }
}

pub(super) fn failed(scope: Vec<String>, what: &str, failure: &Failure) -> LogLine {
    let log_line = LogLine::new(
        scope,
        Tone::Bad,
        format!(
            "{what}: {}: {}",
            failure_word(failure.kind),
            clean(&failure.message)
        ),
    );
    match &failure.hint {
        Some(hint) => log_line.note(format!("hint: {}", clean(hint))),
        None => log_line,
    }
}
