//! The end of processes that have no warden any more.
//!
//! It touches those of one run, or those that came to this process as orphans; never this process and its
//! ancestors.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rustix::process::{
    PidfdFlags, RawPid, Signal, WaitOptions, pidfd_open, pidfd_send_signal, waitpid,
};

use super::number::{Number, Role};
use super::proctree::{Birth, Seen, as_pid, describe, look_at, mark_of, processes};
use super::record::{Leaked, Swept};
use super::started::orphans;

/// How long the processes of a run have after SIGTERM.
const AFTER_TERM: Duration = Duration::from_millis(400);
/// How long SIGKILL is tried.
const GIVE_UP: Duration = Duration::from_secs(5);
/// How long the wardens of a dead supervisor are let finish: they end what they keep, and write how it ended.
const OF_WARDENS: Duration = Duration::from_secs(15);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(5);

/// Ends every process of a run, and returns those that were found, and those that cannot be ended: first
/// SIGTERM, then SIGKILL, until none is left. Wardens are waited for. Blocks for some seconds at the most.
///
/// For a run to be resumed whose supervisor is gone. `run` is what the marks of its children ([`super::MARK`])
/// begin with, up to the first `/`.
pub fn sweep(run: &str) -> Swept {
    let (number, prefix) = (Number::of(run), format!("{run}/"));
    end_all(AFTER_TERM, || {
        let all = processes();
        let spared = with_ancestors(&all);
        let living = all
            .iter()
            .filter(|seen| !seen.zombie && !spared.contains(&seen.birth.pid));
        let role = |pid| {
            let marked = || mark_of(pid).is_some_and(|mark| mark.starts_with(&prefix));
            number
                .role_of(pid)
                .or_else(|| marked().then_some(Role::Child))
        };
        living
            .filter_map(|seen| Some((seen.birth, role(seen.birth.pid)?)))
            .collect()
    })
}

/// Ends at once all that came to this process as orphans, because a warden was killed.
pub(super) fn end_orphans() -> Swept {
    end_all(Duration::ZERO, || {
        let orphans = orphans();
        for pid in orphans
            .ended
            .iter()
            .filter_map(|seen| as_pid(seen.birth.pid))
        {
            waitpid(Some(pid), WaitOptions::NOHANG).ok();
        }
        let living = orphans.living.into_iter();
        living.map(|seen| (seen.birth, Role::Child)).collect()
    })
}

/// Ends what `find` finds, until it finds nothing more or it has lasted too long.
fn end_all(patience: Duration, find: impl Fn() -> Vec<(Birth, Role)>) -> Swept {
    let start = Instant::now();
    let mut alone = start;
    let mut found: BTreeMap<Birth, Leaked> = BTreeMap::new();
    let mut asked = BTreeSet::new();
    loop {
        let targets = find();
        let now = Instant::now();
        let patient = now - start < OF_WARDENS;
        if patient && targets.iter().any(|(_, role)| *role == Role::Warden) {
            alone = now;
        }
        if targets.is_empty() || now - alone >= GIVE_UP {
            let survivors = targets.iter().map(|(seen, _)| describe(seen.pid)).collect();
            return Swept {
                leaked: found.into_values().collect(),
                survivors,
            };
        }
        for (seen, role) in targets {
            let signal = match role {
                // It was told by its supervisor's death, and may have been stopped before.
                Role::Warden if patient => Signal::CONT,
                Role::Warden => Signal::KILL,
                Role::Child if now - start >= patience => Signal::KILL,
                Role::Child => Signal::TERM,
            };
            if role == Role::Child {
                found.entry(seen).or_insert_with(|| describe(seen.pid));
            }
            if signal == Signal::KILL || asked.insert(seen) {
                send(seen, signal);
            }
        }
        std::thread::sleep(LOOK);
    }
}

/// This process and all that it descends from.
fn with_ancestors(all: &[Seen]) -> BTreeSet<RawPid> {
    let parents: BTreeMap<_, _> = all
        .iter()
        .map(|seen| (seen.birth.pid, seen.parent))
        .collect();
    let mut line = BTreeSet::new();
    let mut next = Some(std::process::id().cast_signed());
    while let Some(pid) = next.filter(|pid| line.insert(*pid)) {
        next = parents.get(&pid).copied();
    }
    line
}

/// Sends through a descriptor and looks once more: the id may be another process's by now.
fn send(seen: Birth, signal: Signal) {
    let Some(pid) = as_pid(seen.pid) else { return };
    let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else {
        return;
    };
    if look_at(seen.pid).is_some_and(|again| again.birth == seen) {
        pidfd_send_signal(&handle, signal).ok();
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::os::unix::process::ExitStatusExt;
    use std::process::{Child, Command, Stdio};

    use super::super::spec::MARK;
    use super::*;

    fn sleeper(mark: &str) -> Child {
        Command::new("sleep")
            .arg("300")
            .env(MARK, mark)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    }

    #[test]
    fn only_processes_of_the_run_are_ended() {
        let run = format!("sweep-test-{}", std::process::id());
        let mut marked = sleeper(&format!("{run}/plan.propose-1/1"));
        let mut other = sleeper(&format!("{run}0/plan.propose-1/1"));

        let pid = marked.id();
        // The test itself is the parent: it takes the ended process, as a stranger would not.
        let waiter = std::thread::spawn(move || marked.wait());
        let found = sweep(&run).leaked;
        // Who takes the zombie first, the sweep or the test, is open: then there is no status.
        if let Ok(status) = waiter.join().unwrap() {
            assert!(matches!(status.signal(), Some(9 | 15)));
        }
        assert_eq!(
            found.iter().map(|leaked| leaked.pid).collect::<Vec<_>>(),
            [pid]
        );
        assert_eq!(found[0].command, "sleep 300");
        assert!(other.try_wait().unwrap().is_none());

        other.kill().unwrap();
        other.wait().unwrap();
    }
}
