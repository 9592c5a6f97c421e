//! Watching an attempt: its streams, its output folder, its time. Ends it when there is a reason.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::agents::{self, Transcript};
use crate::engine::Input;
use crate::model::{Failure, FailureKind, Millis, Usage};
use crate::plan::AgentKind;
use crate::process::{Child, Deadlines, Exit, Expired, LineTail, TailLine, Watch};

use super::attempt::{Attempt, Control, cancelled};
use super::gate::Starting;
use super::out_folder::OutFolder;
use super::scratch::Scratch;

/// The watched files are looked at this often, whatever the system's hints say.
const RESCAN: Duration = Duration::from_millis(500);
/// Longer lines of output are skipped; the largest real one seen is an image of 3 MB.
const LONGEST_LINE: usize = 8 << 20;
/// How much of standard error is kept for explaining a failure.
const STDERR_KEPT: usize = 16 << 10;
/// After its final answer, or with everything written, an agent gets this long to end by itself.
const LINGER: Duration = Duration::from_secs(5);
/// An agent that has said nothing for this long lets the next one start up.
const START_UP: Duration = Duration::from_secs(20);

/// What an attempt looked like at its end.
#[derive(Debug)]
pub struct Watched {
    pub transcript: Transcript,
    pub out: OutFolder,
    pub exit: Exit,
    pub stderr_tail: String,
    /// Why tipstaff ended it, if for a reason of its own.
    pub failure: Option<Failure>,
    /// Whether tipstaff ended it at all.
    pub ended_by_us: bool,
}

/// The watch over one attempt.
pub struct Monitor<'a> {
    attempt: &'a Attempt,
    kind: AgentKind,
    events: LineTail,
    errors: LineTail,
    stderr_tail: String,
    transcript: Transcript,
    out: OutFolder,
    watch: Watch,
    deadlines: Deadlines,
    started: Instant,
    heard: Instant,
    finished_at: Option<Instant>,
    starting: Option<Starting>,
    reported: (Usage, String),
    failure: Option<Failure>,
    ended_by_us: bool,
}

impl<'a> Monitor<'a> {
    pub fn new(
        attempt: &'a Attempt,
        scratch: &Scratch,
        kind: AgentKind,
        transcript: Transcript,
        starting: Starting,
    ) -> Self {
        let limits = attempt.call.limits;
        let now = Instant::now();
        let out = scratch.workspace().join(".tipstaff/out");
        let (events, errors) = (scratch.events(), scratch.errors());
        Self {
            attempt,
            kind,
            watch: Watch::new(&[&out, &events, &errors], RESCAN),
            events: LineTail::new(events, LONGEST_LINE),
            errors: LineTail::new(errors, LONGEST_LINE),
            stderr_tail: String::new(),
            transcript,
            out: OutFolder::new(&scratch.workspace(), attempt.call.contract.clone()),
            deadlines: Deadlines {
                idle: Some(limits.idle_timeout.into()),
                total: Some(limits.timeout.into()),
            },
            started: now,
            heard: now,
            finished_at: None,
            starting: Some(starting),
            reported: (Usage::default(), String::new()),
            failure: None,
            ended_by_us: false,
        }
    }

    /// Watches until no process of the attempt is left.
    pub async fn watch(
        mut self,
        mut child: Child,
        control: &mut watch::Receiver<Control>,
    ) -> Result<Watched, Failure> {
        let exit = loop {
            self.look()?;
            self.judge(&child);
            let deadline = self.deadline();
            tokio::select! {
                exit = child.wait() => break exit.map_err(|error| {
                    Failure::new(FailureKind::Machine, format!("failed to wait for the agent: {error}"))
                })?,
                _ = self.watch.changed() => {}
                Ok(()) = control.changed() => {
                    let told = *control.borrow_and_update();
                    self.obey(told, &child);
                }
                () = sleep_until(deadline) => {}
            }
        };
        while self.look()? {}
        for line in [self.events.finish(), self.errors.finish()].into_iter().flatten() {
            self.event(line);
        }
        self.out.rescan(Instant::now());
        Ok(Watched {
            transcript: self.transcript,
            out: self.out,
            exit,
            stderr_tail: self.stderr_tail,
            failure: self.failure,
            ended_by_us: self.ended_by_us,
        })
    }

    /// Reads what is new. Tells whether there is more already.
    fn look(&mut self) -> Result<bool, Failure> {
        let unreadable = |error: std::io::Error| {
            Failure::new(FailureKind::Machine, format!("failed to read the agent's output: {error}"))
        };
        let before = self.events.bytes_read() + self.errors.bytes_read();
        for line in self.events.read_new().map_err(unreadable)? {
            self.event(line);
        }
        for line in self.errors.read_new().map_err(unreadable)? {
            self.error(line);
        }
        let read = self.events.bytes_read() + self.errors.bytes_read() > before;
        if self.out.rescan(Instant::now()) || read {
            self.heard = Instant::now();
        }
        if read || self.started.elapsed() > START_UP {
            self.starting = None;
        }
        self.report_progress();
        Ok(self.events.has_more() || self.errors.has_more())
    }

    fn event(&mut self, line: TailLine) {
        // A line too long to be read carries an attachment, nothing that decides.
        if let TailLine::Text(text) = line {
            for signal in agents::decode(self.kind, &text) {
                self.transcript.apply(signal);
            }
        }
    }

    fn error(&mut self, line: TailLine) {
        let TailLine::Text(text) = line else { return };
        if let Some(trouble) = agents::decode_stderr(self.kind, &text) {
            self.transcript.apply_stderr(trouble);
        }
        self.stderr_tail.push_str(&text);
        self.stderr_tail.push('\n');
        if self.stderr_tail.len() > 2 * STDERR_KEPT {
            let from = self.stderr_tail.ceil_char_boundary(self.stderr_tail.len() - STDERR_KEPT);
            self.stderr_tail.drain(..from);
        }
    }

    fn report_progress(&mut self) {
        let now = (self.transcript.usage(), self.transcript.doing().to_owned());
        if now == self.reported || self.ended_by_us {
            return;
        }
        self.reported = now.clone();
        let (usage, doing) = now;
        self.attempt.report(Input::Progressed {
            call: self.attempt.call.id.clone(),
            attempt: self.attempt.number,
            usage,
            doing,
        });
    }

    /// Ends the attempt if there is a reason to.
    fn judge(&mut self, child: &Child) {
        if self.ended_by_us {
            return;
        }
        let now = Instant::now();
        if self.transcript.is_final() || self.out.is_complete() {
            self.finished_at.get_or_insert(now);
        } else {
            self.finished_at = None;
        }
        let settled = self.out.settled_at().is_none_or(|at| at <= now);
        if settled && self.finished_at.is_some_and(|at| now >= at + LINGER) {
            self.end(child, None);
        } else if let Some(failure) = self.reason_to_end(child, now) {
            self.end(child, Some(failure));
        }
    }

    fn reason_to_end(&self, child: &Child, now: Instant) -> Option<Failure> {
        if let Some(failure) = self.transcript.must_end() {
            return Some(failure);
        }
        if child.over_limit() {
            let mebibytes = super::prepare::MOST_OUTPUT >> 20;
            return Some(Failure::new(
                FailureKind::BadOutput,
                format!("the agent printed more than {mebibytes} MiB"),
            ));
        }
        let silent = now - self.heard;
        let millis = Millis(u64::try_from(silent.as_millis()).unwrap_or(u64::MAX));
        if self.transcript.patience().is_some_and(|patience| millis > patience) {
            return Some(self.transcript.silence(millis));
        }
        match self.deadlines.expired(self.started.into(), self.heard.into(), now.into())? {
            Expired::Idle => Some(self.transcript.silence(millis)),
            Expired::Total => {
                let limit = self.attempt.call.limits.timeout;
                Some(Failure::new(FailureKind::Timeout, format!("not done within {limit}")))
            }
        }
    }

    fn obey(&mut self, told: Control, child: &Child) {
        match told {
            Control::Run => {}
            Control::Stop => self.end(child, Some(cancelled())),
            Control::Kill => {
                self.end(child, Some(cancelled()));
                child.kill();
            }
        }
    }

    fn end(&mut self, child: &Child, failure: Option<Failure>) {
        if !self.ended_by_us {
            self.ended_by_us = true;
            self.failure = failure;
            child.stop();
        }
    }

    /// When to look again although nothing moved.
    fn deadline(&self) -> Instant {
        let expiry = self.deadlines.next(self.started.into(), self.heard.into());
        let patience = self.transcript.patience().map(|patience| self.heard + patience.into());
        let lingered = self.finished_at.map(|at| at + LINGER);
        let times = [expiry.map(Instant::from_std), patience, lingered, self.out.settled_at()];
        let now = Instant::now();
        let next = times.into_iter().flatten().filter(|at| *at > now).min();
        next.unwrap_or(now + RESCAN)
    }
}
