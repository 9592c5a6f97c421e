//! `--detach`: a run in the background.
//!
//! The command starts itself once more. That one asks and complains at the terminal as ever until the run has
//! its folder; then it leaves the terminal, tells the run's name, and writes what it has to say into the folder.

use std::fs::File;
use std::io::{BufRead, BufReader, Write, pipe, stdout};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use rustix::process::setsid;
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};

use super::failure::{Exit, Failure};
use super::print;
use crate::files;
use crate::journal::RunFolder;

/// The name by which the command knows itself again, and by which `ps` shows it.
const IN_BACKGROUND: &str = "tipstaff-in-background";
/// Where a run in the background writes what it has to say.
const LOG: &str = "output.log";

/// Whether this process is the one that is to leave the terminal.
pub fn is_to_leave() -> bool {
    std::env::args_os()
        .next()
        .is_some_and(|name| name == IN_BACKGROUND)
}

/// Starts the same command in the background, and waits until it has begun or could not.
pub fn start() -> Result<Exit, Failure> {
    let mut command = Command::new("/proc/self/exe");
    command
        .arg0(IN_BACKGROUND)
        .args(std::env::args_os().skip(1));
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut run = String::new();
    if let Some(out) = child.stdout.take() {
        BufReader::new(out).read_line(&mut run)?;
    }
    if run.trim().is_empty() {
        let code = child
            .wait()?
            .code()
            .and_then(|code| u8::try_from(code).ok());
        return Ok(Exit::Other(code.unwrap_or(1)));
    }
    print::data(&run)?;
    let run = run.trim();
    print::note(&format!(
        "run {run} works in the background\n  tipstaff watch {run}   looks at it and steers it\n  tipstaff stop {run}    ends it resumably"
    ));
    Ok(Exit::Done)
}

/// Leaves the terminal for good.
pub fn leave(folder: &RunFolder) -> Result<(), Failure> {
    let mut tell = File::from(stdout().as_fd().try_clone_to_owned()?);
    let log = files::append(&folder.path(LOG))?;
    let (nothing, _) = pipe()?;
    setsid()?;
    dup2_stdin(&nothing)?;
    dup2_stdout(&log)?;
    dup2_stderr(&log)?;
    Ok(writeln!(tell, "{}", folder.id())?)
}
