//! When an agent has started up: it has said something, or it waits. Pure; the caller brings the time.

use std::time::Duration;

use tokio::time::Instant;

/// Between two looks at the processor time.
const LOOK: Duration = Duration::from_millis(100);
/// Who uses less of a core than one part in this many waits, most likely for its model.
const WAITING: u32 = 5;
/// For so many looks in a row: a disk that is slow for a moment is no end of a start-up.
const LOOKS: u32 = 2;
/// Whatever it does, after this long it counts as started up.
const LONGEST: Duration = Duration::from_secs(20);

/// The start-up of one agent.
#[derive(Debug)]
pub struct StartUp {
    began: Instant,
    looked: Instant,
    used: Duration,
    waiting: u32,
}

impl StartUp {
    /// Begins now.
    pub fn new(now: Instant) -> Self {
        Self {
            began: now,
            looked: now,
            used: Duration::ZERO,
            waiting: 0,
        }
    }

    /// When to look next.
    pub fn next_look(&self) -> Instant {
        self.looked + LOOK
    }

    /// Whether it is over, for one that has said nothing yet. `used` tells the processor time so far and
    /// is asked only when a look is due.
    pub fn is_over(&mut self, now: Instant, used: impl FnOnce() -> Duration) -> bool {
        if now < self.next_look() {
            return false;
        }
        let used = used();
        let share = (now - self.looked) / WAITING;
        let waits = used.saturating_sub(self.used) < share;
        self.waiting = if waits { self.waiting + 1 } else { 0 };
        self.looked = now;
        self.used = used;
        self.waiting >= LOOKS || now - self.began >= LONGEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Uses so many milliseconds from look to look; tells after how many looks it is over.
    fn looks(used: &[u64]) -> Option<usize> {
        let start = Instant::now();
        let mut start_up = StartUp::new(start);
        let (mut now, mut total) = (start, Duration::ZERO);
        used.iter().position(|used| {
            now += LOOK;
            total += Duration::from_millis(*used);
            start_up.is_over(now, || total)
        })
    }

    #[test]
    fn an_agent_that_computes_is_starting_up_until_it_waits() {
        assert_eq!(looks(&[100, 120, 60, 90, 10, 0, 0]), Some(5));
        assert_eq!(looks(&[0, 0]), Some(1));
    }

    #[test]
    fn a_short_pause_is_no_end() {
        assert_eq!(looks(&[90, 0, 90, 10, 90]), None);
    }

    #[test]
    fn nobody_starts_up_for_ever() {
        assert_eq!(looks(&[100; 300]), Some(199));
    }

    #[test]
    fn looks_no_more_often_than_needed() {
        let start = Instant::now();
        let mut start_up = StartUp::new(start);
        assert!(!start_up.is_over(start + LOOK / 2, || unreachable!("no look is due")));
    }
}
