//! What commands print.

use std::borrow::Cow;
use std::io;

use super::failure::{Exit, Failure};
use crate::report::{Colors, Screen, Sgr, folded};
use crate::yaml::{self, Colour, Diagnostic, Source};

/// Data, to standard output.
/// A reader that has gone away is no error of ours.
pub fn data(text: &str) -> Result<(), Failure> {
    arrived(Screen::Stdout.show(text, Sgr::Escape))
}

/// The same for data with colours that are ours.
pub fn painted(text: &str) -> Result<(), Failure> {
    arrived(Screen::Stdout.show(text, Sgr::Keep))
}

/// The same for data that need not be text.
pub fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    arrived(Screen::Stdout.bytes(bytes))
}

fn arrived(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let message = format!("failed to write to standard output: {error}");
            Err(Failure::said(Exit::Failed, &message, None))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Everything that is not data, to standard error. A line end is added where it is missing.
pub fn note(text: &str) {
    prompt(&ended(text));
}

/// Why a command could not do what it was asked, to standard error.
pub fn failure(failure: &Failure) {
    match failure.sgr() {
        Sgr::Escape => note(failure.text()),
        Sgr::Keep => as_it_is(failure.text(), Sgr::Keep),
    }
}

/// Text whose lines are not broken, as those of a file, to standard error.
pub fn as_it_is(text: &str, sgr: Sgr) {
    let _ = Screen::Stderr.show(&ended(text), sgr);
}

fn ended(text: &str) -> Cow<'_, str> {
    match text.ends_with('\n') {
        true => text.into(),
        false => format!("{text}\n").into(),
    }
}

/// Mistakes in files, with their lines, to standard error.
pub fn diagnostics(diagnostics: &[Diagnostic], sources: &[Source]) {
    as_it_is(&render(diagnostics, sources), Sgr::Keep);
}

/// Mistakes in files, with their lines, as they look on standard error.
pub fn render(diagnostics: &[Diagnostic], sources: &[Source]) -> String {
    let colour = match Colors::of_stderr() {
        Colors::On => Colour::On,
        Colors::Off => Colour::Off,
    };
    yaml::render(diagnostics, sources, colour)
}

/// What a person is to answer on the same line, to standard error.
pub fn prompt(text: &str) {
    let _ = match Screen::Stderr.is_terminal() {
        true => Screen::Stderr.show(&folded(text, Screen::Stderr.columns()), Sgr::Escape),
        false => Screen::Stderr.show(text, Sgr::Escape),
    };
}

/// Help and version, to standard output; nobody else has a word in them.
pub fn help(text: &clap::builder::StyledStr) {
    let coloured = Screen::Stdout.is_terminal() && Colors::of_stderr() == Colors::On;
    let text = match coloured {
        true => text.ansi().to_string(),
        false => text.to_string(),
    };
    let _ = Screen::Stdout.show(&text, Sgr::Keep);
}

/// Pretty JSON, to standard output.
pub fn json(value: &impl serde::Serialize) -> Result<(), Failure> {
    data(&format!("{:#}\n", serde_json::to_value(value)?))
}
