//! A program that is spoken with: lines to its standard input, lines from its standard output.
//!
//! For a process that is a child of a warden itself, so nothing here has to find what the program leaves behind. Its
//! two pipes and our signals have a thread each; what they hear comes through one channel.

use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::spawn;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, getpid, kill_process_group};

use super::proctree::as_pid;
use super::reap::{self, Signals};
use super::sys;
use crate::model::ExitStatus;

/// Longer lines are skipped: they carry a file, nothing that decides.
const LONGEST_LINE: u64 = 8 << 20;
/// So many lines may wait until the program reads them.
const MOST_UNREAD: usize = 1024;
/// How long it has to end, at each step: after its last words, after the end of its input, after SIGTERM, after
/// SIGKILL. Its children may hold its pipe for ever.
const ENDING: Duration = Duration::from_secs(1);

/// What happens next.
#[derive(Debug)]
pub enum Said {
    /// The program printed a line, without its break.
    Line(String),
    /// It ended, or closed its standard output.
    Ended(ExitStatus),
    /// This process is to end.
    Stop,
    /// Nothing, until the time was up.
    Nothing,
}

enum Heard {
    Said(Said),
    Closed,
    Exited(ExitStatus),
}

/// The running program. It ends with this process.
#[derive(Debug)]
pub struct Conversation {
    group: Option<Pid>,
    lines: SyncSender<String>,
    heard: Receiver<Heard>,
    is_closed: bool,
    exit: Option<ExitStatus>,
    /// Until when the one of these two is awaited that is not there yet.
    patience: Option<Instant>,
}

impl Conversation {
    /// Starts the program in the current folder, with the environment and standard error of this process, which has no
    /// other thread yet. It has a process group of its own: an interrupt is heard by this process alone, which can end
    /// the conversation.
    pub fn start(program: &OsStr, args: &[OsString]) -> io::Result<Self> {
        let signals = Signals::block()?;
        let mut command = Command::new(program);
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        sys::tie(
            piped.args(args).process_group(0),
            Some(getpid()),
            Signal::KILL,
        );
        let mut child = command.spawn()?;
        let (lines, unread) = sync_channel(MOST_UNREAD);
        // Little waits here: a line may be large.
        let (tell, heard) = sync_channel(1);
        if let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) {
            let tell = tell.clone();
            spawn(move || write(input, &unread));
            spawn(move || read(output, &tell));
        }
        let group = as_pid(child.id().cast_signed());
        spawn(move || attend(&signals, child, &tell));
        Ok(Self {
            group,
            lines,
            heard,
            is_closed: false,
            exit: None,
            patience: None,
        })
    }

    /// Puts a line where the program will read it, unless too many are unread. Never waits: whoever speaks and does not
    /// listen would hold up both of us.
    pub fn say(&self, line: String) -> bool {
        // Its end is told by `next`.
        !matches!(self.lines.try_send(line), Err(TrySendError::Full(_)))
    }

    /// Waits for what happens next.
    pub fn next(&mut self, until: Instant) -> Said {
        while Instant::now() < until {
            let is_late = self.patience.is_some_and(|end| Instant::now() >= end);
            if is_late || self.is_closed && self.exit.is_some() {
                return Said::Ended(self.exit.unwrap_or(ExitStatus::Unknown));
            }
            let until = self.patience.map_or(until, |end| end.min(until));
            if let Some(said) = self.hear(until) {
                return said;
            }
        }
        Said::Nothing
    }

    fn hear(&mut self, until: Instant) -> Option<Said> {
        let left = until.saturating_duration_since(Instant::now());
        match self.heard.recv_timeout(left).ok()? {
            Heard::Said(said) => return Some(said),
            Heard::Closed => self.is_closed = true,
            Heard::Exited(status) => self.exit = Some(status),
        }
        self.patience.get_or_insert(Instant::now() + ENDING);
        None
    }

    /// Ends it: by the end of its input, else by signals.
    pub fn end(mut self) {
        self.lines = sync_channel(0).0;
        for signal in [None, Some(Signal::TERM), Some(Signal::KILL)] {
            if let (Some(group), Some(signal)) = (self.group, signal) {
                kill_process_group(group, signal).ok();
            }
            let end = Instant::now() + ENDING;
            while self.exit.is_none() && Instant::now() < end {
                self.hear(end);
            }
            if self.exit.is_some() {
                break;
            }
        }
    }
}

fn write(mut input: ChildStdin, unread: &Receiver<String>) {
    for line in unread {
        // A program that has ended reads nothing; that it has is known otherwise.
        if writeln!(input, "{line}").is_err() {
            break;
        }
    }
}

fn read(output: ChildStdout, tell: &SyncSender<Heard>) -> Option<()> {
    let mut output = BufReader::new(output);
    loop {
        let mut line = Vec::new();
        let read = (&mut output)
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line);
        match read.unwrap_or(0) as u64 {
            0 => return tell.send(Heard::Closed).ok(),
            LONGEST_LINE if !line.ends_with(b"\n") => drop(output.skip_until(b'\n')),
            _ => {
                let line = line.strip_suffix(b"\n").unwrap_or(&line);
                let line = String::from_utf8_lossy(line).into_owned();
                tell.send(Heard::Said(Said::Line(line))).ok()?;
            }
        }
    }
}

/// Hears the signals, the one of the program's end among them.
fn attend(signals: &Signals, mut child: Child, tell: &SyncSender<Heard>) -> Option<()> {
    loop {
        let signal = signals.next(None).ok()?;
        if let Ok(Some(status)) = child.try_wait() {
            let status = match (status.code(), status.signal()) {
                (Some(code), _) => ExitStatus::Exited(code),
                (None, Some(signal)) => ExitStatus::Signaled(signal),
                (None, None) => ExitStatus::Unknown,
            };
            tell.send(Heard::Exited(status)).ok()?;
        }
        if let reap::Heard::Stop | reap::Heard::Kill = signal {
            tell.send(Heard::Said(Said::Stop)).ok()?;
        }
    }
}
