//! What a warden limits of its child: its time, how much it prints, and what its cell may use.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::getpid;

use super::cell::CellLimits;
use super::proctree::{descendants, own_memory, processes};
use super::record::Exceeded;
use super::spec::ChildSpec;

/// Nobody prints faster, in bytes a second: so long the next look can wait.
const FASTEST: u64 = 2 << 30;
/// Least and most time between two looks at the output.
const LOOK: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(500)];

/// Between two looks at what a cell uses, at least …
const USES: Duration = Duration::from_millis(500);
/// … and so many times as long as the look took.
const PAUSE: u32 = 20;

/// The limits of a child that starts now.
pub(super) struct Limits {
    end: Option<Instant>,
    most: Option<u64>,
    /// The streams as they were opened, whatever is at their paths later.
    streams: Vec<File>,
    uses: Uses,
}

/// What a cell uses, looked at from time to time.
struct Uses {
    limits: CellLimits,
    written: Vec<PathBuf>,
    next: Instant,
}

impl Limits {
    pub(super) fn new(spec: &ChildSpec, streams: [&File; 2]) -> io::Result<Self> {
        let [out, err] = streams;
        let id = |file: &File| file.metadata().map(|found| (found.dev(), found.ino()));
        let mut kept = vec![out.try_clone()?];
        if id(out)? != id(err)? {
            kept.push(err.try_clone()?);
        }
        Ok(Self {
            end: spec
                .timeout
                .and_then(|timeout| Instant::now().checked_add(timeout)),
            most: spec.max_output_bytes,
            streams: kept,
            uses: Uses::of(spec),
        })
    }

    /// The limit that the child has passed, if any.
    pub(super) fn exceeded(&mut self, now: Instant) -> Option<Exceeded> {
        if self.most.is_some_and(|most| self.printed() > most) {
            return Some(Exceeded::Output);
        }
        if self.end.is_some_and(|end| now >= end) {
            return Some(Exceeded::Time);
        }
        self.uses.exceeded(now)
    }

    /// How long nothing can be passed, or it matters little; `None` if nothing is limited.
    pub(super) fn patience(&self, now: Instant) -> Option<Duration> {
        let left = self.end.map(|end| end.saturating_duration_since(now));
        let look = self.most.map(|most| {
            let room = most.saturating_sub(self.printed());
            let [least, longest] = LOOK;
            Duration::from_micros(room / (FASTEST / 1_000_000)).clamp(least, longest)
        });
        let uses = self.uses.are_limited();
        let uses = uses.then(|| self.uses.next.saturating_duration_since(now));
        left.into_iter().chain(look).chain(uses).min()
    }

    fn printed(&self) -> u64 {
        let sizes = self.streams.iter().map(File::metadata);
        sizes
            .map(|found| found.map_or(0, |found| found.len()))
            .sum()
    }
}

impl Uses {
    fn of(spec: &ChildSpec) -> Self {
        let cell = spec.cell.as_ref();
        Self {
            limits: cell.map(|cell| cell.limits).unwrap_or_default(),
            written: cell.map(|cell| cell.written.clone()).unwrap_or_default(),
            next: Instant::now() + USES,
        }
    }

    fn are_limited(&self) -> bool {
        self.limits != CellLimits::default()
    }

    fn exceeded(&mut self, now: Instant) -> Option<Exceeded> {
        if !self.are_limited() || now < self.next {
            return None;
        }
        let living = descendants(&processes(), getpid().as_raw_nonzero().get());
        let is_over = |limit: Option<u64>, used: u64| limit.is_some_and(|limit| used > limit);
        let CellLimits {
            memory,
            processes,
            disk,
        } = self.limits;
        let own = || {
            living
                .iter()
                .filter_map(|seen| own_memory(seen.birth.pid))
                .sum()
        };
        let passed = if is_over(processes, living.len() as u64) {
            Some(Exceeded::Processes)
        } else if memory.is_some() && is_over(memory, own()) {
            Some(Exceeded::Memory)
        } else if disk.is_some_and(|disk| takes_more(&self.written, disk)) {
            Some(Exceeded::Disk)
        } else {
            None
        };
        // A large workspace takes long to be looked at.
        self.next = now + USES.max(now.elapsed() * PAUSE);
        passed
    }
}

/// Whether what lies below the folders takes more bytes of the disk.
fn takes_more(folders: &[PathBuf], most: u64) -> bool {
    let mut left = most;
    let mut ahead = folders.to_vec();
    while let Some(folder) = ahead.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(found) = entry.metadata() else {
                continue;
            };
            let Some(rest) = left.checked_sub(found.blocks() * 512) else {
                return true;
            };
            left = rest;
            if found.is_dir() {
                ahead.push(entry.path());
            }
        }
    }
    false
}
