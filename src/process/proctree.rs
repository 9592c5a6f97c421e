//! A look at the system's processes through `/proc`. Reads only; what vanishes meanwhile is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, RawPid};

use super::record::Leaked;
use super::spec::MARK;

/// The kernel's flag of a process that is ending (`PF_EXITING`).
const EXITING: u64 = 4;
/// Longest command line that is kept, in characters.
const COMMAND_CHARS: usize = 200;

/// Which process it is: an id is given away again, but not within one tick of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Birth {
    pub pid: RawPid,
    /// When it was started, in ticks since the machine was.
    pub at: u64,
}

/// One process as `/proc/PID/stat` shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    pub birth: Birth,
    /// Its parent's id; 0 for the first process.
    pub parent: RawPid,
    /// Whether it has ended, or is ending, and only waits for others to notice.
    pub zombie: bool,
    /// Whether it is stopped or has ended.
    pub held: bool,
    /// Its own processor time, in ticks of the system's clock.
    pub own_ticks: u64,
    /// The same with the time of those it waited for.
    pub ticks: u64,
}

/// What all processes below a warden are and have used so far. Two of them tell whether anything ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    pids: BTreeSet<RawPid>,
    ticks: u64,
}

/// Whether it is below this process.
pub fn is_descendant(pid: RawPid) -> bool {
    let own = rustix::process::getpid().as_raw_pid();
    let below = descendants(&processes(), own);
    below.iter().any(|seen| seen.birth.pid == pid)
}

impl Load {
    /// Of the processes below `root`, and of those that it has waited for.
    pub(super) fn below(root: RawPid) -> Self {
        let all = processes();
        let living = descendants(&all, root);
        let own = all.iter().filter(|seen| seen.birth.pid == root);
        Self {
            pids: living.iter().map(|seen| seen.birth.pid).collect(),
            ticks: own.chain(&living).map(|seen| seen.ticks).sum(),
        }
    }

    /// Whether hardly anything ran since `before`, `passed` ago: no process came or went, and a hundredth
    /// of one processor was used at most (with room for the clock's ticks). A program that waits for its
    /// timers uses less.
    pub fn rested_since(&self, before: &Self, passed: Duration) -> bool {
        let rest = passed.as_secs() * rustix::param::clock_ticks_per_second() / 100 + 2;
        self.pids == before.pids && self.ticks.abs_diff(before.ticks) <= rest
    }
}

/// All processes that can be seen, in no order.
pub(super) fn processes() -> Vec<Seen> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(look_at)
        .collect()
}

/// One process; `None` if it is gone.
pub(super) fn look_at(pid: RawPid) -> Option<Seen> {
    read_stat(pid, Path::new(&format!("/proc/{pid}/stat")))
}

/// A process, or one of its threads, by its `stat`.
pub(super) fn read_stat(pid: RawPid, stat: &Path) -> Option<Seen> {
    parse_stat(pid, &String::from_utf8_lossy(&fs::read(stat).ok()?))
}

/// The processor time that a process has used; `None` if it is gone.
pub(super) fn cpu_time(pid: RawPid) -> Option<Duration> {
    let ticks = look_at(pid)?.own_ticks;
    let millis = ticks.saturating_mul(1000) / rustix::param::clock_ticks_per_second().max(1);
    Some(Duration::from_millis(millis))
}

/// The name in parentheses may hold anything, parentheses too: the fields begin after the last one.
fn parse_stat(pid: RawPid, stat: &str) -> Option<Seen> {
    let mut fields = stat.get(stat.rfind(')')? + 1..)?.split_ascii_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    // The flags are field 9. Of user and system, own and waited for: fields 14 to 17. The start is field 22.
    let flags: u64 = fields.nth(4)?.parse().ok()?;
    let mut numbers = fields.skip(4).map(|field| field.parse::<u64>());
    let mut ticks = [0; 4];
    for (ticks, number) in ticks.iter_mut().zip(numbers.by_ref()) {
        *ticks = number.unwrap_or_default();
    }
    Some(Seen {
        parent,
        // The first process of a cell waits in its end for all others to be taken note of; it does nothing more.
        zombie: matches!(state, "Z" | "X") || flags & EXITING != 0,
        held: matches!(state, "T" | "t" | "Z" | "X"),
        own_ticks: ticks[..2].iter().sum(),
        ticks: ticks.iter().sum(),
        birth: Birth {
            pid,
            at: numbers.nth(4)?.ok()?,
        },
    })
}

/// The living descendants of `root` among `all`, without `root`.
pub(super) fn descendants(all: &[Seen], root: RawPid) -> Vec<Seen> {
    let mut children: BTreeMap<RawPid, Vec<&Seen>> = BTreeMap::new();
    for seen in all {
        children.entry(seen.parent).or_default().push(seen);
    }
    let mut found = BTreeSet::new();
    let mut living = Vec::new();
    let mut open = vec![root];
    while let Some(parent) = open.pop() {
        for seen in children.get(&parent).into_iter().flatten() {
            // The list was not taken in one moment, so ids in it may even form a circle.
            let pid = seen.birth.pid;
            if pid != root && found.insert(pid) {
                open.push(pid);
                if !seen.zombie {
                    living.push(**seen);
                }
            }
        }
    }
    living
}

/// Bytes of memory that a process shares with no file; `None` if it is gone.
pub(super) fn own_memory(pid: RawPid) -> Option<u64> {
    let pages = fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let mut pages = pages.split_ascii_whitespace().skip(1);
    let mut next = || pages.next()?.parse::<u64>().ok();
    let (resident, shared) = (next()?, next()?);
    Some(resident.saturating_sub(shared) * rustix::param::page_size() as u64)
}

/// The mark in a process's environment; `None` if it has none or may not be read.
pub(super) fn mark_of(pid: RawPid) -> Option<String> {
    let environ = fs::read(format!("/proc/{pid}/environ")).ok()?;
    find_mark(&environ)
}

fn find_mark(environ: &[u8]) -> Option<String> {
    environ
        .split(|byte| *byte == 0)
        .find_map(|entry| entry.strip_prefix(MARK.as_bytes())?.strip_prefix(b"="))
        .map(|mark| String::from_utf8_lossy(mark).into_owned())
}

/// A process's hard limit on file locks; `None` if it has none, or is gone.
pub(super) fn most_file_locks(pid: RawPid) -> Option<u64> {
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).ok()?;
    parse_file_locks(&limits)
}

/// The soft limit is before the hard one.
fn parse_file_locks(limits: &str) -> Option<u64> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max file locks"))?;
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// The process with its command line, for people.
pub(super) fn describe(pid: RawPid) -> Leaked {
    let arguments = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let mut command = String::from_utf8_lossy(&arguments).replace('\0', " ");
    if command.trim().is_empty() {
        command = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    }
    let command = command.trim().chars().take(COMMAND_CHARS).collect();
    Leaked {
        pid: pid.unsigned_abs(),
        command,
    }
}

/// The id as rustix wants it; `None` for what is no process id.
pub(super) fn as_pid(pid: RawPid) -> Option<Pid> {
    Pid::from_raw(pid).filter(|_| pid > 0)
}

/// How many processes the kernel of this machine has ended since memory ran out.
pub(super) fn out_of_memory_kills() -> u64 {
    let counts = fs::read_to_string("/proc/vmstat").unwrap_or_default();
    let count = counts
        .lines()
        .find_map(|line| line.strip_prefix("oom_kill "));
    count.and_then(|count| count.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(pid: RawPid, parent: RawPid) -> Seen {
        Seen {
            birth: Birth { pid, at: 0 },
            parent,
            zombie: false,
            held: false,
            own_ticks: 0,
            ticks: 0,
        }
    }

    #[test]
    fn a_name_with_blanks_and_parentheses_does_not_shift_the_fields() {
        let stat = "42 (a) S 1 (b) c) Z 7 8 9 0 -1 4194560 1 2 3 4 250 30 7 1 20 0 1 0 5";
        let expected = Seen {
            birth: Birth { pid: 42, at: 5 },
            parent: 7,
            zombie: true,
            held: true,
            own_ticks: 280,
            ticks: 288,
        };
        assert_eq!(parse_stat(42, stat), Some(expected));
        assert_eq!(parse_stat(42, "42 (cut"), None);
        assert_eq!(parse_stat(42, ""), None);
    }

    #[test]
    fn descendants_are_found_at_any_depth_and_in_a_circle() {
        let all = [
            seen(10, 1),
            seen(12, 11),
            seen(11, 10),
            seen(20, 1),
            seen(30, 31),
            seen(31, 30),
        ];
        let mut pids: Vec<_> = descendants(&all, 10)
            .iter()
            .map(|seen| seen.birth.pid)
            .collect();
        pids.sort_unstable();
        assert_eq!(pids, [11, 12]);
        assert_eq!(descendants(&all, 30).len(), 1);
    }

    #[test]
    fn a_zombie_is_no_living_descendant_but_its_children_are() {
        let mut all = [seen(11, 10), seen(12, 11)];
        all[0].zombie = true;
        let pids: Vec<_> = descendants(&all, 10)
            .iter()
            .map(|seen| seen.birth.pid)
            .collect();
        assert_eq!(pids, [12]);
    }

    #[test]
    fn only_the_mark_itself_is_taken_for_it() {
        let environ = b"A=1\0XTIPSTAFF_CALL_MARK=no\0TIPSTAFF_CALL_MARK=run/call/1\0";
        assert_eq!(find_mark(environ), Some(String::from("run/call/1")));
        assert_eq!(find_mark(b"TIPSTAFF_CALL_MARKER=run\0"), None);
        assert_eq!(find_mark(b""), None);
    }

    #[test]
    fn hard_limit_is_the_second_figure() {
        let limits = "Max locked memory  8388608  8388608  bytes\n\
                      Max file locks            12                   34                   locks\n";
        assert_eq!(parse_file_locks(limits), Some(34));
        let unlimited = limits.replace("34", "unlimited");
        assert_eq!(parse_file_locks(&unlimited), None);
    }

    #[test]
    fn who_works_or_starts_something_does_not_rest() {
        let load = |pids: &[RawPid], ticks| Load {
            pids: pids.iter().copied().collect(),
            ticks,
        };
        let (before, minute) = (load(&[1, 2], 100), Duration::from_secs(60));
        assert!(load(&[1, 2], 150).rested_since(&before, minute));
        assert!(
            !load(&[1, 2], 200).rested_since(&before, minute),
            "it works"
        );
        assert!(!load(&[1, 2], 110).rested_since(&before, Duration::ZERO));
        assert!(!load(&[1, 3], 100).rested_since(&before, minute), "it runs");
    }

    #[test]
    fn this_very_process_is_seen_with_its_parent() {
        let own = std::process::id().cast_signed();
        let parent = std::os::unix::process::parent_id().cast_signed();
        let found = processes().into_iter().find(|seen| seen.birth.pid == own);
        assert_eq!(
            found.map(|seen| (seen.parent, seen.zombie)),
            Some((parent, false))
        );
        assert!(!describe(own).command.is_empty());
    }
}
