//! Holding a child still, so that what is seen of it stays true while it is decided upon.

use std::fs;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::process::{PidfdFlags, RawPid, Signal, pidfd_open, pidfd_send_signal};

use super::proctree::{as_pid, look_at, read_stat};

/// Between two looks at whether it stands still.
const LOOK: Duration = Duration::from_millis(1);
/// So many looks; a process that the kernel holds may take its time.
const LOOKS: u32 = 200;

/// A child whose own process stands still. It goes on when this is dropped, unless it was killed. What
/// it has started goes on meanwhile.
#[derive(Debug)]
pub struct Frozen {
    handle: OwnedFd,
}

impl Frozen {
    /// Stops the process `pid`, if it is a child of `parent`, and returns when all of its threads are
    /// still. `None` if it is gone, or does not come to a stand.
    pub(super) async fn hold(pid: RawPid, parent: RawPid) -> Option<Self> {
        let handle = pidfd_open(as_pid(pid)?, PidfdFlags::empty()).ok()?;
        // Asked with the handle at hand: whoever has the id now is the process that it leads to.
        look_at(pid).filter(|seen| seen.parent == parent && !seen.zombie)?;
        pidfd_send_signal(&handle, Signal::STOP).ok()?;
        let frozen = Self { handle };
        for _ in 0..LOOKS {
            if is_still(pid) {
                return Some(frozen);
            }
            tokio::time::sleep(LOOK).await;
        }
        None
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        // An error means that it has ended.
        pidfd_send_signal(&self.handle, Signal::CONT).ok();
    }
}

/// Whether every thread stands still.
fn is_still(pid: RawPid) -> bool {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return false;
    };
    threads
        .flatten()
        .all(|thread| read_stat(pid, &thread.path().join("stat")).is_some_and(|seen| seen.held))
}
