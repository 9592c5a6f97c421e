//! Watching an attempt: its streams, its output folder, its time. Ends it when there is a reason.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};

use crate::agents::{Boundary, Carried, Transcript};
use crate::model::{CallLimits, CallSpec, Failure, FailureKind, Millis, Usage};
use crate::plan::{AgentSpec, Price};
use crate::process::{Asked, Child, Exceeded, ExitRecord, Frozen, Watch};
use crate::run::CallEvent;

use super::attempt::{Attempt, Control};
use super::failure::cancelled;
use super::gate::{StartUp, Starting};
use super::out_folder::OutFolder;
use super::quiet::Quiet;
use super::scratch::Scratch;
use super::streams::{Printed, Streams};
use super::tokens::Tokens;

/// The watched files are looked at this often, whatever the system's hints say.
const RESCAN: Duration = Duration::from_millis(500);
/// An agent that tells its steps may have to be stopped between two, so it is looked at this soon again: the next
/// request goes out some ten milliseconds after a step, and is paid for.
const AT_ONCE: Duration = Duration::from_millis(2);
/// So long an agent goes on in its last step between two looks at it.
const SLICE: Duration = Duration::from_millis(4);
/// After its final answer an agent gets this long to end by itself.
const LINGER: Duration = Duration::from_secs(5);
/// An agent lets the next one start up after this time, whatever it does.
const LONGEST_START_UP: Duration = Duration::from_secs(20);

/// What an attempt looked like at its end.
#[derive(Debug)]
pub struct Watched {
    pub printed: Printed,
    pub out: OutFolder,
    pub exit: ExitRecord,
    /// Why tipstaff ended it, if for a reason of its own.
    pub failure: Option<Failure>,
    /// Where it was, if tipstaff ended it because its context had passed the call's checkpoint.
    pub stopped: Option<Boundary>,
    pub ended_by_us: bool,
    /// How long nothing moved, if that and complete files were why tipstaff ended it.
    pub quiet_for: Option<Duration>,
}

/// An attempt that has ended, of which not all is read that it printed.
pub struct Unread {
    streams: Streams,
    out: OutFolder,
    exit: ExitRecord,
    pub failure: Option<Failure>,
    stopped: Option<Boundary>,
    ended_by_us: bool,
    pub quiet_for: Option<Duration>,
}

impl Unread {
    /// Reads the rest. Blocks: it may be hundreds of megabytes.
    pub fn read(self) -> Result<Watched, Failure> {
        let printed = self.streams.read_rest(self.ended_by_us)?;
        Ok(Watched {
            printed,
            out: self.out,
            exit: self.exit,
            failure: self.failure,
            stopped: self.stopped,
            ended_by_us: self.ended_by_us,
            quiet_for: self.quiet_for,
        })
    }
}

/// An attempt whose process ended under another supervisor, read from the files it left.
pub fn replay(
    call: &CallSpec,
    agent: (&AgentSpec, &Carried),
    price: Option<Price>,
    scratch: &Scratch,
    tokens: Tokens,
    exit: ExitRecord,
) -> Result<Watched, Failure> {
    let streams = Streams::new(scratch, agent, price, tokens)?;
    let printed = streams.read_rest(exit.asked != Asked::No || exit.exceeded.is_some())?;
    let mut out = OutFolder::new(&scratch.workspace(), call.contract.clone());
    out.rescan(Instant::now());
    let ended_by_us = exit.asked != Asked::No;
    let failure = passed_limit(&exit, &call.limits);
    // Whatever ended it: between two steps nothing was half done.
    let stopped = past_checkpoint(call, &printed.transcript, &out).filter(|_| ended_by_us);
    Ok(Watched {
        printed,
        out,
        exit,
        failure,
        stopped,
        ended_by_us,
        quiet_for: None,
    })
}

/// The failure of an agent that its warden ended for a limit.
fn passed_limit(exit: &ExitRecord, limits: &CallLimits) -> Option<Failure> {
    Some(match exit.exceeded? {
        Exceeded::Time => Failure::new(
            FailureKind::Timeout,
            format!("not done within {}", limits.timeout),
        ),
        Exceeded::Output => {
            let mebibytes = super::command::MOST_OUTPUT >> 20;
            Failure::new(
                FailureKind::BadOutput,
                format!("the agent printed more than {mebibytes} MiB"),
            )
        }
        Exceeded::Memory => used_too_much(FailureKind::OutOfMemory, "memory"),
        Exceeded::Processes => used_too_much(FailureKind::TooManyProcesses, "processes"),
        Exceeded::Disk => used_too_much(FailureKind::OutOfDisk, "disk"),
    })
}

fn used_too_much(kind: FailureKind, what: &str) -> Failure {
    Failure::new(kind, format!("it used more {what} than its sandbox allows"))
}

/// Where the agent is, if that is between two steps with a context that has passed the call's
/// checkpoint. One that has left all its files is done, whatever its context.
fn past_checkpoint(call: &CallSpec, transcript: &Transcript, out: &OutFolder) -> Option<Boundary> {
    let after = call.checkpoint?;
    let boundary = transcript.boundary()?;
    (boundary.context > after && !out.is_complete()).then_some(boundary)
}

/// The watch over one attempt.
pub struct Monitor<'a> {
    attempt: &'a Attempt,
    streams: Streams,
    out: OutFolder,
    watch: Watch,
    started: Instant,
    heard: Instant,
    progressed: Instant,
    finished_at: Option<Instant>,
    quiet: Quiet,
    starting: Option<Starting>,
    start_up: StartUp,
    reported: (Usage, String),
    failure: Option<Failure>,
    stopped: Option<Boundary>,
    /// Whether no step may follow the one under way.
    ends_step: bool,
    /// Held until its end, so that it does not go on before it is killed.
    frozen: Option<Frozen>,
    ended_by_us: bool,
    quiet_for: Option<Duration>,
}

impl<'a> Monitor<'a> {
    pub fn new(
        attempt: &'a Attempt,
        scratch: &Scratch,
        streams: Streams,
        starting: Starting,
    ) -> Self {
        let now = Instant::now();
        let out = scratch.workspace().join(".tipstaff/out");
        let tells_steps = streams.transcript.tells_steps();
        let mut watch = Watch::new(&[&out, &scratch.events(), &scratch.errors()], RESCAN);
        if tells_steps {
            watch.set_gap(AT_ONCE);
        }
        Self {
            attempt,
            watch,
            streams,
            out: OutFolder::new(&scratch.workspace(), attempt.call.contract.clone()),
            started: now,
            heard: now,
            progressed: now,
            finished_at: None,
            quiet: Quiet::new(&attempt.call, scratch.workspace(), now),
            // A command may well be silent until it is done: nobody can tell when it is up.
            starting: tells_steps.then_some(starting),
            start_up: StartUp::new(now),
            reported: (Usage::default(), String::new()),
            failure: None,
            stopped: None,
            ends_step: false,
            frozen: None,
            ended_by_us: false,
            quiet_for: None,
        }
    }

    /// Watches until no process of the attempt is left.
    pub async fn watch(
        mut self,
        mut child: Child,
        control: &mut watch::Receiver<Control>,
    ) -> Result<Unread, Failure> {
        let exit = loop {
            let more = self.poll()?;
            self.judge(&child);
            self.end_between_steps(&child).await?;
            self.let_next_start(&child);
            if more {
                // Signals and the other attempts have their turn between two portions.
                yield_now().await;
            }
            let deadline = self.deadline();
            tokio::select! {
                exit = child.wait() => break exit.map_err(|error| {
                    Failure::new(FailureKind::Machine, format!("failed to wait for the agent: {error}"))
                })?,
                _ = self.watch.changed() => {}
                () = self.quiet.looked() => {}
                Ok(()) = control.changed() => {
                    let order = *control.borrow_and_update();
                    self.on_control(order, &child);
                }
                () = sleep_until(deadline) => {}
            }
        };
        drop(self.frozen.take());
        self.out.rescan(Instant::now());
        if let Some(failure) = passed_limit(&exit, &self.attempt.call.limits) {
            self.failure.get_or_insert(failure);
            self.ended_by_us = true;
        }
        Ok(Unread {
            streams: self.streams,
            out: self.out,
            exit,
            failure: self.failure,
            stopped: self.stopped,
            ended_by_us: self.ended_by_us,
            quiet_for: self.quiet_for,
        })
    }

    /// Ends the agent between two steps, once its context has passed the call's checkpoint or no further step
    /// is to begin. It is held still for the last poll: if it has begun another step meanwhile, that one may
    /// end first.
    async fn end_between_steps(&mut self, child: &Child) -> Result<(), Failure> {
        if self.ended_by_us || self.last_boundary().is_none() && !self.is_in_its_last_step() {
            return Ok(());
        }
        let Some(frozen) = child.freeze().await else {
            return Ok(());
        };
        while self.poll()? {
            yield_now().await;
        }
        if let Some(boundary) = self.last_boundary() {
            match self.attempt.call.checkpoint {
                Some(_) => self.stopped = Some(boundary),
                None => self.failure = Some(cancelled()),
            }
            self.frozen = Some(frozen);
            self.ended_by_us = true;
            child.kill();
        }
        Ok(())
    }

    /// Whether a step is under way that none may follow. It goes on in slices, between which it is looked at: a next
    /// request would have gone out before the end of this one was read.
    fn is_in_its_last_step(&self) -> bool {
        let transcript = &self.streams.transcript;
        self.ends_step && transcript.tells_steps() && !self.out.is_complete()
    }

    /// Where the agent is, if it is to go no further.
    fn last_boundary(&self) -> Option<Boundary> {
        let transcript = &self.streams.transcript;
        let told = transcript.boundary();
        told.filter(|_| self.ends_step && !self.out.is_complete())
            .or_else(|| past_checkpoint(&self.attempt.call, transcript, &self.out))
    }

    /// Looks at everything that may have moved. Tells whether there is more already.
    fn poll(&mut self) -> Result<bool, Failure> {
        let poll = self.streams.read()?;
        let now = Instant::now();
        if poll.heard {
            self.heard = now;
        }
        let wrote = self.out.rescan(now);
        if poll.heard || wrote {
            self.quiet.restart(now);
        }
        // An agent that tries a dead provider again and again is idle, although it talks of it.
        if wrote || poll.progressed {
            self.heard = now;
            self.progressed = now;
        }
        if poll.heard || self.started.elapsed() > LONGEST_START_UP {
            self.starting = None;
        }
        self.report_progress();
        Ok(poll.more)
    }

    /// An agent that waits for its model needs no core any more.
    fn let_next_start(&mut self, child: &Child) {
        if self.starting.is_some()
            && let Some(used) = child.cpu_time()
            && self.start_up.is_over(Instant::now(), used)
        {
            self.starting = None;
        }
    }

    fn report_progress(&mut self) {
        let now = (
            self.streams.transcript.usage(),
            self.streams.transcript.doing().to_owned(),
        );
        if now == self.reported || self.ended_by_us {
            return;
        }
        self.reported = now.clone();
        let (usage, doing) = now;
        self.attempt.tell(CallEvent::AttemptProgressed {
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
        if self.streams.transcript.is_final() {
            self.finished_at.get_or_insert(now);
        } else {
            self.finished_at = None;
        }
        let settled = self.out.settled_at().is_none_or(|at| at <= now);
        if settled && self.finished_at.is_some_and(|at| now >= at + LINGER) {
            self.end(child, None);
        } else if let Some(length) = self.quiet(child, now) {
            self.quiet_for = Some(length);
            self.end(child, None);
        } else if let Some(failure) = self.reason_to_end(now) {
            self.end(child, Some(failure));
        }
    }

    /// How long nothing moved, if everything asked for is there and that was long enough. Where files are
    /// all that is taken, silence up to the limit is enough, whatever the agent does meanwhile.
    fn quiet(&mut self, child: &Child, now: Instant) -> Option<Duration> {
        let is_complete = self.out.is_complete();
        if is_complete && self.attempt.call.edits.is_none() && self.is_silent(now) {
            return Some(now - self.progressed);
        }
        if !is_complete || self.streams.transcript.is_in_step() {
            self.quiet.restart(now);
            return None;
        }
        let awaits_step = self.streams.transcript.awaits_step();
        self.quiet.poll(now, child, awaits_step)
    }

    fn is_silent(&self, now: Instant) -> bool {
        now - self.progressed >= self.attempt.call.limits.idle_timeout.into()
    }

    fn reason_to_end(&self, now: Instant) -> Option<Failure> {
        if let Some(failure) = self.streams.transcript.must_end() {
            return Some(failure);
        }
        let silent = now - self.heard;
        let millis = Millis(u64::try_from(silent.as_millis()).unwrap_or(u64::MAX));
        let transcript = &self.streams.transcript;
        let impatient = transcript
            .patience()
            .is_some_and(|patience| millis > patience);
        (impatient || self.is_silent(now)).then(|| transcript.silence(millis))
    }

    fn on_control(&mut self, order: Control, child: &Child) {
        match order {
            Control::Run => {}
            Control::EndStep => self.ends_step = true,
            Control::Stop | Control::Leave => self.end(child, Some(cancelled())),
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

    /// When to poll again although nothing moved.
    fn deadline(&self) -> Instant {
        let idle = self.attempt.call.limits.idle_timeout;
        let patience = self.streams.transcript.patience();
        let patience = patience.map(|patience| self.heard + patience.into());
        let lingered = self.finished_at.map(|at| at + LINGER);
        let now = Instant::now();
        let times = [
            self.progressed.checked_add(idle.into()),
            patience,
            lingered,
            self.out.settled_at(),
            self.is_in_its_last_step().then(|| now + SLICE),
        ];
        let next = times.into_iter().flatten().filter(|at| *at > now).min();
        next.unwrap_or(now + RESCAN)
    }
}
