//! A program that is spoken with: lines to its standard input, lines from its standard output.
//!
//! For a process that is a child of a warden itself, so nothing here has to find what the program leaves behind.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, getpid, kill_process_group};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

use super::proctree::as_pid;
use super::sys;
use crate::model::ExitStatus;

/// Longer lines are skipped: they carry a file, nothing that decides.
const LONGEST_LINE: usize = 8 << 20;
/// So many lines may wait until the program reads them.
const MOST_UNREAD: usize = 1024;
/// How long its last words are read after it has ended; its children may hold the pipe for ever.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// How long it has to end, at each step: after the end of its input, after SIGTERM, after SIGKILL.
const ENDING: Duration = Duration::from_secs(1);

/// What the program does next.
#[derive(Debug)]
pub enum Said {
    /// A line, without its break.
    Line(String),
    /// It ended, or closed its standard output.
    Ended(ExitStatus),
}

/// The running program. It ends with this process.
#[derive(Debug)]
pub struct Conversation {
    child: Child,
    group: Option<Pid>,
    lines: mpsc::Sender<Vec<u8>>,
    writer: JoinHandle<()>,
    out: BufReader<ChildStdout>,
    line: Vec<u8>,
    is_overlong: bool,
    /// When its last words are over, and how it ended.
    ended: Option<(Instant, ExitStatus)>,
}

impl Conversation {
    /// Starts the program in the current folder, with the environment and standard error of this process. It has a
    /// process group of its own: an interrupt is heard by this process alone, which can end the conversation.
    pub fn start(program: &OsStr, args: &[OsString]) -> io::Result<Self> {
        let mut command = Command::new(program);
        command
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .as_std_mut()
            .process_group(0);
        sys::tie(command.as_std_mut(), Some(getpid()), Signal::KILL);
        let mut child = command.spawn()?;
        let group = child.id().and_then(|pid| as_pid(pid.cast_signed()));
        let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
        let input = child.stdin.take().ok_or_else(gone)?;
        let output = child.stdout.take().ok_or_else(gone)?;
        let (lines, unread) = mpsc::channel(MOST_UNREAD);
        Ok(Self {
            child,
            group,
            lines,
            writer: tokio::spawn(write(unread, input)),
            out: BufReader::with_capacity(64 << 10, output),
            line: Vec::new(),
            is_overlong: false,
            ended: None,
        })
    }

    /// Puts a line where the program will read it. Never waits: whoever speaks and does not listen would hold up
    /// both of us.
    ///
    /// # Errors
    /// It has not read what was said before.
    pub fn say(&self, line: String) -> io::Result<()> {
        let mut line = line.into_bytes();
        line.push(b'\n');
        match self.lines.try_send(line) {
            // Its end is told by `next`.
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => Ok(()),
            Err(mpsc::error::TrySendError::Full(_)) => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// Waits for what it says or does next. May be dropped and called again at any time.
    pub async fn next(&mut self) -> io::Result<Said> {
        loop {
            let last_words = self.ended.map(|(until, _)| until);
            let (used, is_line) = tokio::select! {
                read = self.out.fill_buf() => match take_line(read?, &mut self.line, &mut self.is_overlong) {
                    Some(taken) => taken,
                    None => break,
                },
                status = self.child.wait(), if self.ended.is_none() => {
                    self.ended = Some((Instant::now() + LAST_WORDS, exit_status(status?)));
                    continue;
                }
                () = sleep_until(last_words.unwrap_or_else(Instant::now)), if last_words.is_some() => break,
            };
            self.out.consume(used);
            if is_line {
                let line = std::mem::take(&mut self.line);
                if !std::mem::take(&mut self.is_overlong) {
                    return Ok(Said::Line(String::from_utf8_lossy(&line).into_owned()));
                }
            }
        }
        if !self.line.is_empty() && !self.is_overlong {
            let line = std::mem::take(&mut self.line);
            return Ok(Said::Line(String::from_utf8_lossy(&line).into_owned()));
        }
        let status = match self.ended {
            Some((_, status)) => status,
            None => self.wait().await.unwrap_or(ExitStatus::Unknown),
        };
        Ok(Said::Ended(status))
    }

    /// Ends it: by the end of its input, else by signals.
    pub async fn end(mut self) {
        self.writer.abort();
        // Its standard input is closed when the task is gone.
        let _ = (&mut self.writer).await;
        for signal in [None, Some(Signal::TERM), Some(Signal::KILL)] {
            if let (Some(group), Some(signal)) = (self.group, signal) {
                kill_process_group(group, signal).ok();
            }
            if self.ended.is_some() || self.wait().await.is_some() {
                break;
            }
        }
    }

    async fn wait(&mut self) -> Option<ExitStatus> {
        let status = timeout(ENDING, self.child.wait()).await.ok()?.ok()?;
        Some(exit_status(status))
    }
}

async fn write(mut unread: mpsc::Receiver<Vec<u8>>, mut input: ChildStdin) {
    while let Some(line) = unread.recv().await {
        // A program that has ended reads nothing; that it has is known otherwise.
        if input.write_all(&line).await.is_err() {
            break;
        }
    }
}

/// Moves the rest of a line out of what was read: how many bytes of it were used, and whether that was its end.
/// `None` at the end of all.
fn take_line(read: &[u8], line: &mut Vec<u8>, is_overlong: &mut bool) -> Option<(usize, bool)> {
    if read.is_empty() {
        return None;
    }
    let end = read.iter().position(|byte| *byte == b'\n');
    let part = &read[..end.unwrap_or(read.len())];
    if line.len() + part.len() > LONGEST_LINE {
        *is_overlong = true;
        line.clear();
    }
    if !*is_overlong {
        line.extend_from_slice(part);
    }
    Some((end.map_or(read.len(), |end| end + 1), end.is_some()))
}

fn exit_status(status: std::process::ExitStatus) -> ExitStatus {
    match (status.code(), status.signal()) {
        (Some(code), _) => ExitStatus::Exited(code),
        (None, Some(signal)) => ExitStatus::Signaled(signal),
        (None, None) => ExitStatus::Unknown,
    }
}
