//! The only place that writes to the standard streams by itself.

use std::io::{self, Write};

/// Data, to standard output. A reader that has gone away is no error of ours.
pub fn data(text: &str) {
    let _ = io::stdout().lock().write_all(text.as_bytes());
}

/// Data that need not be text, to standard output.
pub fn bytes(bytes: &[u8]) {
    let _ = io::stdout().lock().write_all(bytes);
}

/// A failure, to standard error.
pub fn error(text: &str) {
    note(text);
}

/// Everything that is not data, to standard error. A line end is added where it is missing.
pub fn note(text: &str) {
    let mut out = io::stderr().lock();
    let _ = out.write_all(text.as_bytes());
    if !text.ends_with('\n') {
        let _ = out.write_all(b"\n");
    }
}

/// What a person is to answer on the same line, to standard error.
pub fn prompt(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Pretty JSON, to standard output.
pub fn json(value: &serde_json::Value) {
    data(&format!("{value:#}\n"));
}
