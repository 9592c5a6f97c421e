//! What is left behind: looked for by what the kernel knows of processes, not by what tipstaff wrote down.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Every process.
pub fn pids() -> impl Iterator<Item = u32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// State, parent, group, session.
fn stat(pid: u32) -> Option<(String, [u32; 3])> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.get(stat.rfind(')')? + 2..)?.split(' ');
    let state = fields.next()?.to_owned();
    let mut number = || fields.next()?.parse().ok();
    let lineage = [number()?, number()?, number()?];
    let flags: u32 = fields.nth(2)?.parse().ok()?;
    // A process that is ending does nothing any more; the first one of a cell waits for who takes note of the others.
    let state = if flags & 4 == 0 {
        state
    } else {
        "X".to_owned()
    };
    Some((state, lineage))
}

/// A process's parent.
pub fn parent(pid: u32) -> Option<u32> {
    Some(stat(pid)?.1[0])
}

/// Sessions, groups, control groups and namespaces in which a run's processes were seen.
#[derive(Default)]
pub struct Seen {
    groups: BTreeSet<u32>,
    places: BTreeSet<(&'static str, PathBuf)>,
}

const NAMESPACES: [&str; 4] = ["pid", "mnt", "user", "net"];

impl Seen {
    /// Remembers where the descendants of this process live, if that is not where we do.
    pub fn look(&mut self, supervisor: u32) {
        let ours = std::process::id();
        let descendants = pids().filter(|pid| is_below(*pid, supervisor));
        for pid in descendants {
            let seen: Vec<_> = places(pid).collect();
            // Of one that has ended the kernel tells the places of all.
            if let Some((state, [_, group, session])) = stat(pid)
                && !has_ended(&state)
            {
                self.groups.extend([group, session]);
                self.places.extend(seen);
            }
        }
        if let Some((_, [_, group, session])) = stat(ours) {
            self.groups
                .retain(|known| ![group, session].contains(known));
        }
        for place in places(ours).chain(places(1)) {
            self.places.remove(&place);
        }
    }

    /// Every living process that belongs to the run, with the reason.
    pub fn left(&self, root: &Path) -> Vec<String> {
        let ours = std::process::id();
        pids()
            .filter(|pid| *pid != ours)
            .filter_map(|pid| {
                let (state, [_, group, session]) = stat(pid)?;
                let why = if has_ended(&state) {
                    return None;
                } else if is_below(pid, ours) {
                    "descends from the run"
                } else if self.groups.contains(&group) || self.groups.contains(&session) {
                    "is in a session of the run"
                } else if places(pid).any(|place| self.places.contains(&place)) {
                    "is in a control group or namespace of the run"
                } else if names(pid, root) {
                    "names its folder"
                } else {
                    return None;
                };
                let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                Some(format!(
                    "{pid} {why}: {}",
                    String::from_utf8_lossy(&command).replace('\0', " ")
                ))
            })
            .collect()
    }
}

fn has_ended(state: &str) -> bool {
    matches!(state, "Z" | "X")
}

fn is_below(pid: u32, ancestor: u32) -> bool {
    let mut at = Some(pid);
    while let Some(pid) = at.filter(|pid| *pid > 1) {
        at = parent(pid);
        if at == Some(ancestor) {
            return true;
        }
    }
    false
}

fn places(pid: u32) -> impl Iterator<Item = (&'static str, PathBuf)> {
    let cgroup = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).ok();
    let spaces = NAMESPACES.into_iter().filter_map(move |name| {
        Some((
            name,
            std::fs::read_link(format!("/proc/{pid}/ns/{name}")).ok()?,
        ))
    });
    spaces.chain(cgroup.map(|text| ("cgroup", PathBuf::from(text))))
}

/// Whether the folder is in its environment, or it works there.
fn names(pid: u32, root: &Path) -> bool {
    let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    let needle = root.as_os_str().as_bytes();
    let works_there =
        std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(root));
    works_there || environment.windows(needle.len()).any(|part| part == needle)
}

/// The files below a folder, links not followed, in the order of their names.
pub fn files(root: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                _ => found.push(entry.path()),
            }
        }
    }
    found.sort();
    found
}
