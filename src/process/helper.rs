//! Short helper commands: git, a program asked for its version. Never agents, nor `verify` commands: whoever
//! starts something of its own needs a warden.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Output;
use std::time::{Duration, Instant};

use rustix::process::{Signal, getpid, kill_process_group};

use super::cancel::is_cancelled;
use super::proctree::as_pid;
use super::started::started;
use super::sys;

/// Between two looks at whether it is still wanted.
const LOOK: Duration = Duration::from_millis(50);
/// How long it has to end after SIGTERM, for example to remove its lock files.
const AFTER_TERM: Duration = Duration::from_millis(500);
/// How long SIGKILL is waited for.
const GIVE_UP: Duration = Duration::from_secs(2);

/// Runs a command to its end, whatever its exit code. It has a process group of its own, because a Ctrl-C at
/// the terminal is meant for the run and not for what it needs just now. It ends with this process, with the
/// work that it is a part of ([`super::Cancel`]), and after the time given.
///
/// # Errors
/// That of the system, of kind `Interrupted` if the work was cancelled, of kind `TimedOut` if it took too long.
pub fn run_helper(command: &duct::Expression, patience: Option<Duration>) -> io::Result<Output> {
    let own = getpid();
    let command = command
        .before_spawn(move |command| {
            command.process_group(0);
            sys::tie(command, Some(own), Signal::TERM);
            Ok(())
        })
        .unchecked();
    let handle = started(|| command.start(), duct::Handle::pids)?;
    let group = handle
        .pids()
        .first()
        .and_then(|pid| as_pid(pid.cast_signed()));
    let end = |signal| group.and_then(|group| kill_process_group(group, signal).ok());
    let started = Instant::now();
    let unwanted = loop {
        if let Some(output) = handle.wait_timeout(LOOK)? {
            return Ok(output.clone());
        }
        if is_cancelled() {
            break io::ErrorKind::Interrupted;
        }
        if patience.is_some_and(|patience| started.elapsed() >= patience) {
            break io::ErrorKind::TimedOut;
        }
    };
    for (signal, patience) in [(Signal::TERM, AFTER_TERM), (Signal::KILL, GIVE_UP)] {
        end(signal);
        if let Ok(Some(_)) = handle.wait_timeout(patience) {
            break;
        }
    }
    Err(unwanted.into())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::super::Cancel;
    use super::*;

    #[test]
    fn runs_to_its_end_in_a_group_of_its_own() {
        let group = duct::cmd!("sh", "-c", "ps -o pgid= -p $$; exit 3").stdout_capture();
        let output = run_helper(&group, None).unwrap();
        assert_eq!(output.status.code(), Some(3));
        let group: i32 = String::from_utf8(output.stdout)
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        assert_ne!(group, rustix::process::getpgrp().as_raw_nonzero().get());
    }

    #[test]
    fn ends_with_all_that_it_started_when_it_is_not_wanted_any_more() {
        let slow = duct::cmd!("sh", "-c", "sleep 600 & sleep 600").stdout_capture();
        let short = Some(Duration::from_millis(100));
        let started = Instant::now();
        let late = run_helper(&slow, short).unwrap_err();
        assert_eq!(late.kind(), io::ErrorKind::TimedOut);

        let cancel = Cancel::default();
        cancel.cancel();
        let cancelled = cancel.during(|| run_helper(&slow, None)).unwrap_err();
        assert_eq!(cancelled.kind(), io::ErrorKind::Interrupted);
        assert!(started.elapsed() < Duration::from_secs(60));
        assert!(!is_cancelled(), "the thread is free again");
    }
}
