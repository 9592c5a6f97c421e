//! An attempt's two streams, followed in their files and folded into a transcript.

use crate::agents::{self, Transcript};
use crate::model::{Failure, FailureKind};
use crate::plan::AgentKind;
use crate::process::{LineTail, TailLine};

use super::scratch::Scratch;

/// Longer lines of output are skipped; the largest real one seen is an image of 3 MB.
const LONGEST_LINE: usize = 8 << 20;
/// How much of standard error is kept for explaining a failure, in bytes.
const STDERR_KEPT: usize = 16 << 10;

/// The streams of one attempt.
pub struct Streams {
    kind: AgentKind,
    events: LineTail,
    errors: LineTail,
    pub transcript: Transcript,
    pub stderr_tail: String,
}

/// What a look at the streams brought.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Something was read.
    pub heard: bool,
    /// There is more already.
    pub more: bool,
}

impl Streams {
    pub fn new(scratch: &Scratch, kind: AgentKind, transcript: Transcript) -> Self {
        Self {
            kind,
            events: LineTail::new(scratch.events(), LONGEST_LINE),
            errors: LineTail::new(scratch.errors(), LONGEST_LINE),
            transcript,
            stderr_tail: String::new(),
        }
    }

    /// Reads what is new, in bounded portions.
    pub fn read(&mut self) -> Result<Look, Failure> {
        let unreadable = |error: std::io::Error| {
            let message = format!("failed to read the agent's output: {error}");
            Failure::new(FailureKind::Machine, message)
        };
        let before = self.events.bytes_read() + self.errors.bytes_read();
        for line in self.events.read_new().map_err(unreadable)? {
            self.take_event(line);
        }
        for line in self.errors.read_new().map_err(unreadable)? {
            self.take_error(line);
        }
        Ok(Look {
            heard: self.events.bytes_read() + self.errors.bytes_read() > before,
            more: self.events.has_more() || self.errors.has_more(),
        })
    }

    /// Takes the last lines, which may lack their ends. Nothing may be added to the files after it.
    pub fn finish(&mut self) {
        if let Some(line) = self.events.finish() {
            self.take_event(line);
        }
        if let Some(line) = self.errors.finish() {
            self.take_error(line);
        }
    }

    fn take_event(&mut self, line: TailLine) {
        // A line too long to be read carries an attachment, nothing that decides.
        if let TailLine::Text(text) = line {
            for signal in agents::decode(self.kind, &text) {
                self.transcript.apply(signal);
            }
        }
    }

    fn take_error(&mut self, line: TailLine) {
        let TailLine::Text(text) = line else { return };
        if let Some(trouble) = agents::decode_stderr(self.kind, &text) {
            self.transcript.apply_stderr(trouble);
        }
        self.stderr_tail.push_str(&text);
        self.stderr_tail.push('\n');
        if self.stderr_tail.len() > 2 * STDERR_KEPT {
            let from = self
                .stderr_tail
                .ceil_char_boundary(self.stderr_tail.len() - STDERR_KEPT);
            self.stderr_tail.drain(..from);
        }
    }
}
