//! The children that this process started. Every other child came to it as an orphan, and so did all that
//! descends from that.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Mutex, PoisonError, RwLock};

use rustix::process::{getpid, set_child_subreaper};

use super::proctree::{Birth, Seen, descendants, look_at, processes};

/// Shared while a child is being started, and alone for whoever asks which ones were: nobody sees a child that
/// is not entered yet. `None` until this process takes orphans.
static STARTED: RwLock<Option<Mutex<BTreeSet<Birth>>>> = RwLock::new(None);

/// Makes this process the one to which processes come that lose their parent because a warden was
/// killed. Call it once, before the first [`super::start()`]. What descends from this process by then (a shell
/// may have become it) is none of them.
///
/// Fails only where the kernel knows no child subreapers.
pub fn become_subreaper() -> io::Result<()> {
    let mut started = STARTED.write().unwrap_or_else(PoisonError::into_inner);
    set_child_subreaper(Some(getpid()))?;
    let own = getpid().as_raw_nonzero().get();
    let present = processes().into_iter().filter(|seen| seen.parent == own);
    let present = present.map(|seen| seen.birth).collect();
    started.get_or_insert(Mutex::new(present));
    Ok(())
}

/// Starts a child; the only way to, so that it is never taken for an orphan.
pub(super) fn started<T>(
    start: impl FnOnce() -> io::Result<T>,
    pids: impl FnOnce(&T) -> Vec<u32>,
) -> io::Result<T> {
    let started = STARTED.read().unwrap_or_else(PoisonError::into_inner);
    let child = start()?;
    if let Some(started) = &*started {
        let births = pids(&child)
            .into_iter()
            .filter_map(|pid| look_at(pid.cast_signed()));
        let mut started = started.lock().unwrap_or_else(PoisonError::into_inner);
        started.extend(births.map(|seen| seen.birth));
    }
    Ok(child)
}

/// The orphans among this process's children, ended or not, with all living ones that descend from them.
#[derive(Debug, Default)]
pub(super) struct Orphans {
    pub ended: Vec<Seen>,
    pub living: Vec<Seen>,
}

pub(super) fn orphans() -> Orphans {
    let started = STARTED.write().unwrap_or_else(PoisonError::into_inner);
    let Some(started) = &*started else {
        return Orphans::default();
    };
    let started = started.lock().unwrap_or_else(PoisonError::into_inner);
    let own = getpid().as_raw_nonzero().get();
    let all = processes();
    let adopted = |seen: &&Seen| seen.parent == own && !started.contains(&seen.birth);
    let mut orphans = Orphans::default();
    for seen in all.iter().filter(adopted) {
        match seen.zombie {
            true => orphans.ended.push(*seen),
            false => orphans.living.push(*seen),
        }
        orphans.living.extend(descendants(&all, seen.birth.pid));
    }
    orphans
}
