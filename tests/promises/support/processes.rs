//! Looking at processes, and waiting with a deadline instead of sleeping.

use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Long enough for a machine under load; a test that waits this long has failed.
const DEADLINE: Duration = Duration::from_secs(30);

/// Waits until it is so; panics with `what` when it does not become so.
#[track_caller]
pub fn until(what: &str, mut so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !so() {
        assert!(start.elapsed() < DEADLINE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Whether a process is there and has not ended.
pub fn alive(pid: u32) -> bool {
    // Neither has one that is ending (a flag of the kernel).
    let is_ending = |flags: &str| flags.parse().is_ok_and(|flags: u32| flags & 4 != 0);
    fields(pid)
        .is_some_and(|fields| !matches!(fields[0].as_str(), "Z" | "X") && !is_ending(&fields[6]))
}

/// A process's parent.
pub fn parent(pid: u32) -> u32 {
    fields(pid).expect("the process is there")[1]
        .parse()
        .unwrap()
}

/// All living processes that descend from a process.
pub fn descendants(pid: u32) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut left: Vec<(u32, u32)> = pids
        .filter_map(|pid| Some((pid, fields(pid)?[1].parse().ok()?)))
        .collect();
    let mut found = Vec::new();
    let mut ahead = vec![pid];
    while let Some(above) = ahead.pop() {
        let (below, rest): (Vec<_>, Vec<_>) =
            left.into_iter().partition(|(_, parent)| *parent == above);
        ahead.extend(below.iter().map(|(pid, _)| *pid));
        found.extend(
            below
                .into_iter()
                .map(|(pid, _)| pid)
                .filter(|pid| alive(*pid)),
        );
        left = rest;
    }
    found
}

/// Whether a process has yet to hear this signal.
pub fn pending(pid: u32, signal: Signal) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status.lines().any(|line| {
        let mask = line.strip_prefix("ShdPnd:").map(str::trim);
        let mask = mask.and_then(|mask| u64::from_str_radix(mask, 16).ok());
        mask.is_some_and(|mask| mask & (1 << (signal.as_raw() - 1)) != 0)
    })
}

/// The processes whose mark begins with this.
pub fn marked(prefix: &str) -> Vec<u32> {
    let wanted = format!("{}={prefix}", tipstaff::process::MARK);
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let mut variables = environment.split(|byte| *byte == 0);
        alive(*pid) && variables.any(|variable| variable.starts_with(wanted.as_bytes()))
    })
    .collect()
}

/// Whether a process stands still.
pub fn is_stopped(pid: u32) -> bool {
    fields(pid).is_some_and(|fields| fields[0] == "T")
}

/// Sends a signal.
pub fn kill(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), signal).unwrap();
}

/// The id in a file, as soon as it is there.
pub fn pid_in(path: &Path) -> u32 {
    until(&format!("{} is there", path.display()), || path.exists());
    std::fs::read_to_string(path)
        .unwrap()
        .trim()
        .parse()
        .unwrap()
}

/// Of `/proc/PID/stat`, from the state on.
fn fields(pid: u32) -> Option<Vec<String>> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let rest = stat.get(stat.rfind(')')? + 1..)?;
    Some(rest.split_ascii_whitespace().map(String::from).collect())
}
