//! What a warden limits of its child: its time, and how much it prints.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

use super::record::Exceeded;
use super::spec::ChildSpec;

/// Nobody prints faster, in bytes a second: so long the next look can wait.
const FASTEST: u64 = 2 << 30;
/// Least and most time between two looks at the output.
const LOOK: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(500)];

/// The limits of a child that starts now.
pub(super) struct Limits {
    end: Option<Instant>,
    most: Option<u64>,
    /// The streams as they were opened, whatever is at their paths later.
    streams: Vec<File>,
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
        })
    }

    /// The limit that the child has passed, if any.
    pub(super) fn exceeded(&self, now: Instant) -> Option<Exceeded> {
        if self.most.is_some_and(|most| self.printed() > most) {
            return Some(Exceeded::Output);
        }
        self.end
            .is_some_and(|end| now >= end)
            .then_some(Exceeded::Time)
    }

    /// How long nothing can be passed, or it matters little; `None` if nothing is limited.
    pub(super) fn patience(&self, now: Instant) -> Option<Duration> {
        let left = self.end.map(|end| end.saturating_duration_since(now));
        let look = self.most.map(|most| {
            let room = most.saturating_sub(self.printed());
            let [least, longest] = LOOK;
            Duration::from_micros(room / (FASTEST / 1_000_000)).clamp(least, longest)
        });
        left.into_iter().chain(look).min()
    }

    fn printed(&self) -> u64 {
        let sizes = self.streams.iter().map(File::metadata);
        sizes
            .map(|found| found.map_or(0, |found| found.len()))
            .sum()
    }
}
