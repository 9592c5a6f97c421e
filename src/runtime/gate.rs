//! The start gate: agents start up by burning CPU, so only one a core does it at one time.

use std::num::NonZero;
use std::thread::available_parallelism;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// Starting up takes at least this much processor time: an agent that rests before waits for its disk.
const LEAST_WORK: Duration = Duration::from_millis(500);
/// An agent rests if it leaves its core to others for this long, but for a tenth of the time.
const REST: Duration = Duration::from_secs(1);

/// Lets as many attempts start up at one time as there are cores.
#[derive(Debug, Clone)]
pub struct StartGate {
    places: std::sync::Arc<Semaphore>,
}

/// A place in the gate; free again when dropped.
#[derive(Debug)]
pub struct Starting {
    _place: Option<OwnedSemaphorePermit>,
}

impl StartGate {
    /// A gate as wide as the machine.
    pub fn of_this_machine() -> Self {
        let cores = available_parallelism().map_or(1, NonZero::get);
        Self {
            places: std::sync::Arc::new(Semaphore::new(cores)),
        }
    }

    pub async fn enter(&self) -> Starting {
        Starting {
            _place: self.places.clone().acquire_owned().await.ok(),
        }
    }
}

/// Tells by its use of the processor when an agent is up: it rests, waiting for its model. That may
/// be long before its first word.
#[derive(Debug)]
pub struct StartUp {
    since: Instant,
    used: Duration,
}

impl StartUp {
    /// Of an agent that starts now.
    pub fn new(now: Instant) -> Self {
        Self {
            since: now,
            used: Duration::ZERO,
        }
    }

    /// Takes a reading of the processor time used so far; tells whether the agent rests.
    pub fn is_over(&mut self, now: Instant, used: Duration) -> bool {
        let passed = now - self.since;
        if passed < REST {
            return false;
        }
        let rested = used.saturating_sub(self.used) < passed / 10;
        *self = Self { since: now, used };
        rested && used >= LEAST_WORK
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_is_up_when_it_rests_after_its_work() {
        let start = Instant::now();
        let mut start_up = StartUp::new(start);
        let mut at = |millis, used| {
            let now = start + Duration::from_millis(millis);
            start_up.is_over(now, Duration::from_millis(used))
        };
        assert!(!at(1000, 10), "it waits for its disk");
        assert!(!at(2000, 900), "it works");
        assert!(!at(2500, 950), "too soon to tell");
        assert!(!at(3000, 1300), "it works");
        assert!(at(4000, 1350), "it waits for its model");
    }
}
