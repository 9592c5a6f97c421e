//! The end of processes that have no warden any more, found by their mark.
//!
//! It never touches a process without a matching mark (or session, of a warden just lost), nor this
//! process and its ancestors.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rustix::process::{
    PidfdFlags, RawPid, Signal, WaitOptions, pidfd_open, pidfd_send_signal, waitpid,
};

use super::proctree::{Seen, as_pid, descendants, describe, look_at, mark_of, processes};
use super::record::Leaked;

/// How long the marked processes have after SIGTERM.
const AFTER_TERM: Duration = Duration::from_millis(400);
/// How long SIGKILL is tried.
const GIVE_UP: Duration = Duration::from_secs(5);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(5);

/// Which processes to end.
#[derive(Debug, Clone)]
enum Quarry {
    /// Whose mark begins with this.
    Prefix(String),
    /// Whose mark is this, or who is ours and in the session of this warden.
    Lost { mark: String, warden: RawPid },
}

/// Ends every process whose mark ([`super::MARK`]) begins with `marker_prefix`, and returns those that
/// were found: first SIGTERM, then SIGKILL, until none is left. Blocks for up to five seconds.
///
/// For a run to be resumed whose supervisor and wardens are gone. End the prefix with the separator
/// (`RUN/`), else `run-1` takes `run-10` along. An empty prefix matches nothing.
pub fn sweep(marker_prefix: &str) -> Vec<Leaked> {
    if marker_prefix.is_empty() {
        return Vec::new();
    }
    end_all(&Quarry::Prefix(String::from(marker_prefix)), AFTER_TERM)
}

/// Ends at once what a killed warden left behind.
pub(super) fn sweep_lost(mark: &str, warden: RawPid) -> Vec<Leaked> {
    end_all(
        &Quarry::Lost {
            mark: String::from(mark),
            warden,
        },
        Duration::ZERO,
    )
}

fn end_all(quarry: &Quarry, patience: Duration) -> Vec<Leaked> {
    let start = Instant::now();
    let mut found: BTreeMap<RawPid, Leaked> = BTreeMap::new();
    let mut asked = BTreeSet::new();
    loop {
        let all = processes();
        reap_adopted(&all, quarry, &found);
        let targets = find(quarry, &all);
        if targets.is_empty() || start.elapsed() >= GIVE_UP {
            return found.into_values().collect();
        }
        let hard = start.elapsed() >= patience;
        for seen in targets {
            found.entry(seen.pid).or_insert_with(|| describe(seen.pid));
            if hard {
                send(quarry, seen, Signal::KILL);
            } else if asked.insert(seen.pid) {
                send(quarry, seen, Signal::TERM);
            }
        }
        std::thread::sleep(LOOK);
    }
}

/// The living processes that match, without this one and its ancestors.
fn find<'a>(quarry: &Quarry, all: &'a [Seen]) -> Vec<&'a Seen> {
    let own = own_pid();
    let ours: BTreeSet<_> = descendants(all, own).iter().map(|seen| seen.pid).collect();
    let parents: BTreeMap<_, _> = all.iter().map(|seen| (seen.pid, seen.parent)).collect();
    let mut spared = BTreeSet::new();
    let mut next = Some(own);
    while let Some(pid) = next.filter(|pid| spared.insert(*pid)) {
        next = parents.get(&pid).copied();
    }
    all.iter()
        .filter(|seen| !seen.zombie && !spared.contains(&seen.pid))
        .filter(|seen| matches(quarry, seen, ours.contains(&seen.pid)))
        .collect()
}

fn matches(quarry: &Quarry, seen: &Seen, ours: bool) -> bool {
    match quarry {
        Quarry::Prefix(prefix) => mark_of(seen.pid).is_some_and(|mark| mark.starts_with(prefix)),
        // A session's number is not given away while the session lives; that it is ours makes sure
        // that it is not a stranger's session which got the number later.
        Quarry::Lost { mark, warden } => {
            (ours && seen.session == *warden) || mark_of(seen.pid).is_some_and(|own| own == *mark)
        }
    }
}

/// Sends through a descriptor and looks once more: the number may belong to another process by now.
fn send(quarry: &Quarry, seen: &Seen, signal: Signal) {
    let Some(pid) = as_pid(seen.pid) else { return };
    let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else {
        return;
    };
    // Whoever has the number now and is in a session that was ours a moment ago is ours too.
    if look_at(seen.pid).is_some_and(|again| matches(quarry, &again, true)) {
        pidfd_send_signal(&handle, signal).ok();
    }
}

/// Takes those from the system that ended as children of this process, and that it came to have only
/// because a warden was lost. Its other children are waited for elsewhere.
fn reap_adopted(all: &[Seen], quarry: &Quarry, found: &BTreeMap<RawPid, Leaked>) {
    let own = own_pid();
    for seen in all.iter().filter(|seen| seen.zombie && seen.parent == own) {
        let adopted = match quarry {
            Quarry::Prefix(_) => false,
            Quarry::Lost { warden, .. } => seen.session == *warden,
        };
        if let Some(pid) = as_pid(seen.pid).filter(|_| adopted || found.contains_key(&seen.pid)) {
            waitpid(Some(pid), WaitOptions::NOHANG).ok();
        }
    }
}

fn own_pid() -> RawPid {
    std::process::id().cast_signed()
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
    fn only_processes_with_the_prefix_are_ended() {
        let run = format!("sweep-test-{}", std::process::id());
        let mut marked = sleeper(&format!("{run}/plan.propose-1/1"));
        let mut other = sleeper(&format!("{run}0/plan.propose-1/1"));

        let pid = marked.id();
        // The test itself is the parent: it takes the ended process, as a stranger would not.
        let waiter = std::thread::spawn(move || marked.wait());
        let found = sweep(&format!("{run}/"));
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

    #[test]
    fn an_empty_prefix_ends_nothing() {
        let mut child = sleeper("sweep-test-empty/1");
        assert!(sweep("").is_empty());
        assert!(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
