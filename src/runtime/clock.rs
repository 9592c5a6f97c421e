//! The wall clock, read here alone, as one that never goes back.

use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::model::{Millis, Timestamp};

static CLOCK: Mutex<Option<Clock>> = Mutex::new(None);

/// The time. If the wall clock is set back, it goes on from where it was: events keep their order, and nothing waits
/// for a time that was near and is far now. Where it is ahead, the machine slept, and what waits for that time is due.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let wall = since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    });
    let (wall, at) = (Timestamp(wall), Instant::now());
    let mut clock = CLOCK.lock().unwrap_or_else(PoisonError::into_inner);
    clock.get_or_insert(Clock { wall, at }).read(wall, at)
}

/// The user's day.
pub fn today() -> String {
    jiff::Zoned::now().date().to_string()
}

/// What the wall clock said at a moment.
struct Clock {
    wall: Timestamp,
    at: Instant,
}

impl Clock {
    fn read(&mut self, wall: Timestamp, at: Instant) -> Timestamp {
        let passed = at.saturating_duration_since(self.at).as_millis();
        let passed = Millis(u64::try_from(passed).unwrap_or(u64::MAX));
        let steady = self.wall.after(passed);
        if wall >= steady {
            *self = Self { wall, at };
        }
        wall.max(steady)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn clock_goes_on_when_it_is_set_back_and_is_right_after_a_sleep() {
        let (hour, start) = (3_600_000, Instant::now());
        let wall = Timestamp(10 * hour);
        let mut clock = Clock { wall, at: start };
        let mut read = |wall: u64, seconds: u64| {
            let at = start + Duration::from_secs(seconds);
            clock.read(Timestamp(wall), at).0
        };
        assert_eq!(read(10 * hour + 5_000, 5), 10 * hour + 5_000);
        // Set back by nine hours: a wait of ten seconds still takes ten.
        assert_eq!(read(hour, 6), 10 * hour + 6_000);
        assert_eq!(read(hour + 9_000, 15), 10 * hour + 15_000);
        // Eight hours asleep, in which no timer moved.
        assert_eq!(read(18 * hour, 16), 18 * hour);
        assert_eq!(read(18 * hour + 1_000, 17), 18 * hour + 1_000);
        // Set forward by mistake, and right again: it stays ahead, and goes on.
        assert_eq!(read(900 * hour, 18), 900 * hour);
        assert_eq!(read(18 * hour + 3_000, 19), 900 * hour + 1_000);
    }
}
