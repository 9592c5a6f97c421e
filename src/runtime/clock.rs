//! The wall clock, read here alone, as one that never goes back.

use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::model::{Millis, Timestamp};
use crate::run::{Event, RunEvent};

static CLOCK: Mutex<Option<Clock>> = Mutex::new(None);

/// So much further than the steady clock the wall clock goes when it is corrected in the ordinary way.
const CORRECTED: Millis = Millis::seconds(5);

/// The time. If the wall clock is set back, it goes on from where it was: events keep their order, and nothing waits
/// for a time that was near and is far now. Where it is ahead, the machine slept, and what waits for that time is due.
pub fn now() -> Timestamp {
    look(|_, now| now)
}

/// The time, and what is to be written down before anything else of that time: that it jumped there, if it did since
/// this was asked last. Timers stand still while the machine sleeps, so nobody else would tell.
pub(super) fn now_and_jump() -> (Timestamp, Option<Event>) {
    look(|clock, now| {
        let by = std::mem::take(&mut clock.ahead);
        let jumped = (by.0 > 0).then(|| RunEvent::ClockJumped { by }.into());
        (now, jumped)
    })
}

fn look<T>(then: impl FnOnce(&mut Clock, Timestamp) -> T) -> T {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let wall = since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    });
    let (wall, at, ahead) = (Timestamp(wall), Instant::now(), Millis(0));
    let mut clock = CLOCK.lock().unwrap_or_else(PoisonError::into_inner);
    let clock = clock.get_or_insert(Clock { wall, at, ahead });
    let now = clock.read(wall, at);
    then(clock, now)
}

/// The user's day.
pub fn today() -> String {
    jiff::Zoned::now().date().to_string()
}

/// What the wall clock said at a moment.
struct Clock {
    wall: Timestamp,
    at: Instant,
    /// How far it jumped, and nobody has asked since.
    ahead: Millis,
}

impl Clock {
    fn read(&mut self, wall: Timestamp, at: Instant) -> Timestamp {
        let passed = at.saturating_duration_since(self.at).as_millis();
        let passed = Millis(u64::try_from(passed).unwrap_or(u64::MAX));
        let steady = self.wall.after(passed);
        if wall >= steady {
            let more = Some(wall.since(steady)).filter(|more| *more > CORRECTED);
            self.ahead.0 += more.unwrap_or_default().0;
            (self.wall, self.at) = (wall, at);
        }
        wall.max(steady)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn clock_goes_on_when_it_is_set_back_and_tells_how_long_it_slept() {
        let (hour, start) = (3_600_000, Instant::now());
        let (wall, ahead) = (Timestamp(10 * hour), Millis(0));
        let at = start;
        let mut clock = Clock { wall, at, ahead };
        let mut read = |wall: u64, seconds: u64| {
            let at = start + Duration::from_secs(seconds);
            let now = clock.read(Timestamp(wall), at).0;
            (now, clock.ahead.0)
        };
        // Corrected by a second.
        assert_eq!(read(10 * hour + 5_000, 4), (10 * hour + 5_000, 0));
        // Set back by nine hours: a wait of ten seconds still takes ten. And right again.
        assert_eq!(read(hour, 5), (10 * hour + 6_000, 0));
        assert_eq!(read(hour + 9_000, 14), (10 * hour + 15_000, 0));
        assert_eq!(read(10 * hour + 16_000, 15), (10 * hour + 16_000, 0));
        // Eight hours asleep, in which no timer moved.
        let slept = 8 * hour - 17_000;
        assert_eq!(read(18 * hour, 16), (18 * hour, slept));
        assert_eq!(read(18 * hour + 1_000, 17), (18 * hour + 1_000, slept));
        // Set forward by mistake, and right again: it stays ahead, and goes on.
        let both = slept + 882 * hour - 2_000;
        assert_eq!(read(900 * hour, 18), (900 * hour, both));
        assert_eq!(read(18 * hour + 3_000, 19), (900 * hour + 1_000, both));
    }
}
