//! The first process of a cell: the kernel ends all others when it ends.

use std::io::{self, PipeReader, PipeWriter, Read, Write, pipe};

use nix::sys::signal::{SigSet, Signal as Number};
use rustix::process::{
    Pid, Signal, WaitOptions, kill_process, set_parent_process_death_signal, wait,
};

use super::super::sys;
use super::root::{Root, renounce};

/// The init of a cell, a child of the warden.
#[derive(Debug)]
pub(in crate::process) struct Init {
    pid: Pid,
}

impl Init {
    /// Starts it as the first process of the namespace; returns when the cell's root is whole.
    pub(in crate::process) fn start(root: &Root) -> io::Result<Self> {
        let (mut hears, tells) = pipe()?;
        let (asked, mut asks) = pipe()?;
        let pid = sys::fork(|| serve(root, tells, asked))?;
        asks.write_all(b"?")?;
        let mut said = String::new();
        hears.read_to_string(&mut said)?;
        match said.as_str() {
            "ready" => Ok(Self { pid }),
            "" => Err(io::Error::other("the first process of the cell ended")),
            wrong => Err(io::Error::other(wrong.to_owned())),
        }
    }

    pub(in crate::process) fn pid(&self) -> Pid {
        self.pid
    }

    /// Ends it, and with it all processes of the cell.
    pub(in crate::process) fn end(&self) {
        kill_process(self.pid, Signal::KILL).ok();
    }
}

/// The whole life of it. It waits for those that lost their parents, until it is killed.
fn serve(root: &Root, mut tells: PipeWriter, mut asked: PipeReader) -> io::Result<()> {
    let prepared = set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(io::Error::from)
        // Its warden may have died before that took effect: then nobody asks.
        .and_then(|()| asked.read_exact(&mut [0]))
        .and_then(|()| root.processes())
        .and_then(|()| renounce());
    match prepared {
        Ok(()) => tells.write_all(b"ready")?,
        Err(error) => return tells.write_all(error.to_string().as_bytes()),
    }
    drop((tells, asked));
    sys::close_streams()?;
    let mut ended = SigSet::empty();
    ended.add(Number::SIGCHLD);
    loop {
        if let Err(rustix::io::Errno::CHILD) = wait(WaitOptions::empty()) {
            ended.wait()?;
        }
    }
}
