//! The two clocks of a child: silence and total time. Pure; the caller brings the time.

use std::time::{Duration, Instant};

/// How long a child may be silent, and how long it may take in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Longest silence; `None` does not limit.
    pub idle: Option<Duration>,
    /// Longest time in all; `None` does not limit.
    pub total: Option<Duration>,
}

/// Which limit was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expired {
    /// It was silent for too long.
    Idle,
    /// It took too long in all.
    Total,
}

impl Deadlines {
    /// Which limit is passed at `now`, if any; the total one if both are.
    pub fn expired(&self, start: Instant, last_heard: Instant, now: Instant) -> Option<Expired> {
        if reached(start, self.total, now) {
            return Some(Expired::Total);
        }
        reached(last_heard, self.idle, now).then_some(Expired::Idle)
    }

    /// When to look again if nothing is heard until then; `None` if nothing limits.
    pub fn next(&self, start: Instant, last_heard: Instant) -> Option<Instant> {
        let total = self.total.and_then(|limit| start.checked_add(limit));
        let idle = self.idle.and_then(|limit| last_heard.checked_add(limit));
        match (total, idle) {
            (Some(total), Some(idle)) => Some(total.min(idle)),
            (total, idle) => total.or(idle),
        }
    }
}

fn reached(from: Instant, limit: Option<Duration>, now: Instant) -> bool {
    limit.is_some_and(|limit| now.saturating_duration_since(from) >= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn silence_and_total_time_are_apart() {
        let limits = Deadlines {
            idle: Some(5 * SECOND),
            total: Some(60 * SECOND),
        };
        let start = Instant::now();
        let at = |seconds: u32| start + seconds * SECOND;

        assert_eq!(limits.expired(start, start, at(4)), None);
        assert_eq!(limits.expired(start, start, at(5)), Some(Expired::Idle));
        assert_eq!(limits.expired(start, at(56), at(59)), None);
        assert_eq!(limits.expired(start, at(59), at(60)), Some(Expired::Total));
        assert_eq!(limits.expired(start, start, at(60)), Some(Expired::Total));
    }

    #[test]
    fn the_next_look_is_at_the_earlier_limit() {
        let start = Instant::now();
        let heard = start + 58 * SECOND;
        let limits = Deadlines {
            idle: Some(5 * SECOND),
            total: Some(60 * SECOND),
        };
        assert_eq!(limits.next(start, start), Some(start + 5 * SECOND));
        assert_eq!(limits.next(start, heard), Some(start + 60 * SECOND));
        assert_eq!(
            Deadlines {
                idle: None,
                ..limits
            }
            .next(start, heard),
            Some(start + 60 * SECOND)
        );
        assert_eq!(
            Deadlines {
                total: None,
                ..limits
            }
            .next(start, heard),
            Some(heard + 5 * SECOND)
        );
    }

    #[test]
    fn no_limit_never_expires_and_never_overflows() {
        let none = Deadlines {
            idle: None,
            total: None,
        };
        let start = Instant::now();
        assert_eq!(none.expired(start, start, start + 1_000_000 * SECOND), None);
        assert_eq!(none.next(start, start), None);
        let endless = Deadlines {
            idle: Some(Duration::MAX),
            total: Some(Duration::MAX),
        };
        assert_eq!(endless.next(start, start), None);
        assert_eq!(endless.expired(start, start, start + SECOND), None);
    }
}
