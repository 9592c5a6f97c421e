//! The end of a warden's descendants. Only for the warden: it waits for *every* child.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use rustix::process::{Pid, RawPid, WaitOptions, WaitStatus, getpid, kill_process, wait};

use super::cell::Init;
use super::proctree::{Seen, as_pid, descendants, describe, processes};
use super::record::{Leaked, Swept};

/// How long what the child left behind may end by itself.
const SETTLE: Duration = Duration::from_millis(100);
/// How long it then has after SIGTERM.
const AFTER_TERM: Duration = Duration::from_millis(400);
/// How long SIGKILL is tried before a process counts as one that cannot be ended.
pub(super) const GIVE_UP: Duration = Duration::from_secs(10);
/// Between two looks, unless a child ends meanwhile.
const LOOK: Duration = Duration::from_millis(5);
/// Most processes that are named one by one.
const NAMED: usize = 100;

/// The warden's signals, blocked and read one by one.
pub(super) struct Signals(SignalFd);

/// What a signal asks of the warden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    Child,
    Stop,
    Kill,
    /// Nothing, for the whole time.
    Nothing,
}

/// The signals that mean something to a warden.
pub(super) const SIGNALS: [Signal; 5] = [
    Signal::SIGCHLD,
    Signal::SIGTERM,
    Signal::SIGINT,
    Signal::SIGHUP,
    Signal::SIGQUIT,
];

impl Signals {
    /// Blocks them for this thread, which must be the only one.
    pub(super) fn block() -> io::Result<Self> {
        let mut set = SigSet::empty();
        for signal in SIGNALS {
            set.add(signal);
        }
        set.thread_block()?;
        Ok(Self(SignalFd::with_flags(
            &set,
            SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK,
        )?))
    }

    /// Waits for the next signal, for ever if there is no timeout.
    pub(super) fn next(&self, timeout: Option<Duration>) -> io::Result<Heard> {
        let end = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            if let Some(info) = self.0.read_signal()? {
                let number = i32::try_from(info.ssi_signo).unwrap_or_default();
                return Ok(match Signal::try_from(number) {
                    Ok(Signal::SIGCHLD) => Heard::Child,
                    Ok(Signal::SIGQUIT) => Heard::Kill,
                    Ok(_) | Err(_) => Heard::Stop,
                });
            }
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(Heard::Nothing);
            }
            // One millisecond more than is left: rounding down would spin at the end.
            let timeout = left.map_or(PollTimeout::NONE, |left| {
                let millis = u16::try_from(left.as_millis() + 1).unwrap_or(u16::MAX);
                PollTimeout::from(millis)
            });
            let mut fds = [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)];
            match poll(&mut fds, timeout) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// One step of waiting for children.
pub(super) enum Reaped {
    One(Pid, WaitStatus),
    /// There are children, none has ended.
    NoneYet,
    /// There is no child, hence no descendant at all: a subreaper's descendants begin with a child.
    NoneLeft,
}

/// Takes one ended child from the system, without waiting.
pub(super) fn reap() -> io::Result<Reaped> {
    match wait(WaitOptions::NOHANG) {
        Ok(Some((pid, status))) => Ok(Reaped::One(pid, status)),
        Ok(None) => Ok(Reaped::NoneYet),
        Err(rustix::io::Errno::CHILD) => Ok(Reaped::NoneLeft),
        Err(error) => Err(error.into()),
    }
}

/// How much time the descendants are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// A moment to end by themselves, a moment after SIGTERM.
    Orderly,
    AtOnce,
}

/// Ends all descendants of the calling process, which is their subreaper; returns when none is left,
/// or when some cannot be ended.
///
/// In a cell `init` ends them all, once nobody is left who may end by itself.
pub(super) fn end_descendants(
    signals: &Signals,
    mut pace: Pace,
    init: Option<&Init>,
) -> io::Result<Swept> {
    let own = getpid().as_raw_nonzero().get();
    let start = Instant::now();
    let mut named = BTreeSet::new();
    let mut asked = BTreeSet::new();
    let mut swept = Swept::default();
    loop {
        loop {
            match reap()? {
                Reaped::One(..) => {}
                Reaped::NoneYet => break,
                Reaped::NoneLeft => return Ok(swept),
            }
        }
        let elapsed = start.elapsed();
        let is_settled = pace == Pace::AtOnce || elapsed >= SETTLE;
        let living = match is_settled || init.is_some() {
            true => living(own, init),
            false => Vec::new(),
        };
        if let Some(init) = init.filter(|_| living.is_empty()) {
            init.end();
        }
        if is_settled {
            note(&living, &mut named, &mut swept.leaked);
            let hard = pace == Pace::AtOnce || elapsed >= SETTLE + AFTER_TERM;
            for seen in &living {
                if hard {
                    send(seen.birth.pid, rustix::process::Signal::KILL);
                } else if asked.insert(seen.birth.pid) {
                    send(seen.birth.pid, rustix::process::Signal::TERM);
                }
            }
            if let Some(init) = init.filter(|_| hard) {
                init.end();
            }
            if elapsed >= GIVE_UP {
                swept.survivors = living
                    .iter()
                    .take(NAMED)
                    .map(|seen| describe(seen.birth.pid))
                    .collect();
                return Ok(swept);
            }
        }
        match signals.next(Some(LOOK))? {
            Heard::Stop | Heard::Kill => pace = Pace::AtOnce,
            Heard::Child | Heard::Nothing => {}
        }
    }
}

/// The descendants of a process without the init of its cell.
fn living(own: RawPid, init: Option<&Init>) -> Vec<Seen> {
    let init = init.map(|init| init.pid().as_raw_nonzero().get());
    let mut living = descendants(&processes(), own);
    living.retain(|seen| Some(seen.birth.pid) != init);
    living
}

/// Names those that were not named before.
fn note(living: &[Seen], named: &mut BTreeSet<RawPid>, leaked: &mut Vec<Leaked>) {
    for seen in living {
        if leaked.len() < NAMED && named.insert(seen.birth.pid) {
            leaked.push(describe(seen.birth.pid));
        }
    }
}

/// An error means that it has just ended, or that it belongs to another user; the next look tells.
fn send(pid: RawPid, signal: rustix::process::Signal) {
    if let Some(pid) = as_pid(pid) {
        kill_process(pid, signal).ok();
    }
}
