//! An attempt's two streams, followed in their files and folded into a transcript.

use std::fs::File;
use std::io;

use crate::agents::{self, Carried, Decoder, Signal, Transcript};
use crate::model::{Failure, FailureKind};
use crate::plan::{AgentSpec, Price};
use crate::process::{LineTail, TailLine, is_cancelled};

use super::failure::cancelled;
use super::scratch::Scratch;
use super::tokens::Tokens;

/// Longer lines of output are skipped; the largest real one seen is an image of 3 MB.
pub(super) const LONGEST_LINE: usize = 4 << 20;
/// So many portions are read of what an agent printed that was ended.
const PORTIONS_OF_ENDED: usize = 64;
/// How much of standard error is kept for explaining a failure, in bytes.
const STDERR_KEPT: usize = 16 << 10;

pub struct Streams {
    decoder: Box<dyn Decoder>,
    /// Secrets go before anything is cut out of a line.
    tokens: Tokens,
    events: LineTail,
    errors: LineTail,
    pub transcript: Transcript,
    stderr_tail: String,
}

#[derive(Debug)]
pub struct Printed {
    pub transcript: Transcript,
    pub stderr_tail: String,
    pub decoder: Box<dyn Decoder>,
    /// All of standard output, and of standard error.
    pub files: [File; 2],
}

/// What a look at the streams brought.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    pub heard: bool,
    /// It was more than word of a request that failed and is tried again.
    pub progressed: bool,
    pub more: bool,
}

impl Streams {
    /// Opens the two files: before the agent is started, which can put others in their places.
    pub fn new(
        scratch: &Scratch,
        (agent, carried): (&AgentSpec, &Carried),
        price: Option<Price>,
        tokens: Tokens,
    ) -> Result<Self, Failure> {
        Ok(Self {
            tokens,
            decoder: (agents::of(agent.kind).decoder)(agent, carried),
            events: LineTail::new(&scratch.events(), LONGEST_LINE).map_err(unreadable)?,
            errors: LineTail::new(&scratch.errors(), LONGEST_LINE).map_err(unreadable)?,
            transcript: Transcript::of(agent, price),
            stderr_tail: String::new(),
        })
    }

    /// Reads what is new, in bounded portions.
    pub fn read(&mut self) -> Result<Look, Failure> {
        self.tokens.learn();
        let (events, errors) = (self.events.bytes_read(), self.errors.bytes_read());
        let (mut lines, mut retries) = (0, 0);
        for line in self.events.read_new().map_err(unreadable)? {
            lines += 1;
            retries += u32::from(self.take_event(line));
        }
        for line in self.errors.read_new().map_err(unreadable)? {
            lines += 1;
            retries += u32::from(self.take_error(line));
        }
        let heard = self.events.bytes_read() > events || self.errors.bytes_read() > errors;
        let only_retries = retries > 0 && retries == lines;
        Ok(Look {
            heard,
            progressed: heard && !only_retries,
            more: self.events.has_more() || self.errors.has_more(),
        })
    }

    /// Reads to the end; nothing may be added to the files any more. Of an agent that was ended only its usage
    /// is still wanted: no flood is read for that.
    pub fn read_rest(mut self, was_ended: bool) -> Result<Printed, Failure> {
        let mut portions = 0;
        while self.read()?.more && !(was_ended && portions > PORTIONS_OF_ENDED) {
            portions += 1;
            if is_cancelled() {
                return Err(cancelled());
            }
        }
        self.finish()
    }

    /// Takes the last lines, which may lack their ends.
    fn finish(mut self) -> Result<Printed, Failure> {
        if let Some(line) = self.events.finish() {
            self.take_event(line);
        }
        if let Some(line) = self.errors.finish() {
            self.take_error(line);
        }
        Ok(Printed {
            decoder: self.decoder,
            transcript: self.transcript,
            stderr_tail: self.stderr_tail,
            files: [
                self.events.into_file().map_err(unreadable)?,
                self.errors.into_file().map_err(unreadable)?,
            ],
        })
    }

    /// Tells whether the line is about a request that failed and is tried again, as does `take_error`.
    fn take_event(&mut self, line: TailLine) -> bool {
        // A line too long to be read carries an attachment, nothing that decides.
        let TailLine::Text(text) = line else {
            return false;
        };
        let signals = self.decoder.line(&self.tokens.redactor.redact(&text));
        let is_retry = matches!(signals[..], [Signal::Retried(_)]);
        for signal in signals {
            self.transcript.apply(signal);
        }
        is_retry
    }

    fn take_error(&mut self, line: TailLine) -> bool {
        let TailLine::Text(text) = line else {
            return false;
        };
        let text = self.tokens.redactor.redact(&text);
        let error = self.decoder.stderr_line(&text);
        let is_error = error.is_some();
        if let Some(error) = error {
            self.transcript.apply(Signal::Retried(error));
        }
        self.stderr_tail.push_str(&text);
        self.stderr_tail.push('\n');
        if self.stderr_tail.len() > 2 * STDERR_KEPT {
            let from = self
                .stderr_tail
                .ceil_char_boundary(self.stderr_tail.len() - STDERR_KEPT);
            self.stderr_tail.drain(..from);
        }
        is_error
    }
}

fn unreadable(error: io::Error) -> Failure {
    let message = format!("failed to read the agent's output: {error}");
    Failure::new(FailureKind::Machine, message)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::model::AgentEnv;
    use crate::plan::{AgentKind, SandboxRules};

    const RETRY: &str =
        "level=ERROR message=\"stream error\" error.error=\"AI_APICallError: timed out\"\n";

    #[test]
    fn a_request_that_is_tried_again_is_heard_but_is_no_progress() {
        let folder = tempfile::tempdir().unwrap();
        let scratch = Scratch::of(
            folder.path(),
            folder.path(),
            &"r1".into(),
            &"plan.propose-1".into(),
            1,
        );
        std::fs::create_dir(scratch.root()).unwrap();
        std::fs::write(scratch.errors(), RETRY).unwrap();
        let agent = AgentSpec {
            kind: AgentKind::Opencode,
            command: "opencode".to_owned(),
            args: Vec::new(),
            env: AgentEnv::default(),
            pass_env: Vec::new(),
            sandbox: SandboxRules::default(),
            wrapper: Default::default(),
        };
        let mut streams = Streams::new(
            &scratch,
            (&agent, &Carried::default()),
            None,
            Tokens::default(),
        )
        .unwrap();
        let look = streams.read().unwrap();
        assert!(look.heard && !look.progressed, "{look:?}");

        std::fs::write(scratch.errors(), format!("{RETRY}warming up\n")).unwrap();
        assert!(streams.read().unwrap().progressed);
        let look = streams.read().unwrap();
        assert!(!look.heard && !look.progressed, "{look:?}");
    }
}
