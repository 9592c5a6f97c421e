//! Whose limits a request counts for, and until when they forbid more.

use serde::{Deserialize, Serialize};

use super::{FailureKind, Millis, Timestamp};

/// Nothing is sent into an account for this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    pub since: Timestamp,
    pub until: Timestamp,
    /// `Quota`: longer than a call waits by itself. `RateLimit`: so short that calls wait for it.
    pub why: FailureKind,
}

impl Parked {
    /// Whatever a provider or a clock says: weekly limits are the longest there are.
    const LONGEST: Millis = Millis::minutes(8 * 24 * 60);

    pub fn of(why: FailureKind, since: Timestamp, wait: Millis) -> Self {
        let until = since.after(wait.min(Self::LONGEST));
        Self { since, until, why }
    }

    /// A clock that was wrong when it began parks nothing.
    pub fn holds(&self, now: Timestamp) -> bool {
        let until = self.until.min(self.since.after(Self::LONGEST));
        self.since <= now && now < until
    }

    /// Whether it holds for longer than calls wait by themselves.
    pub fn is_long(&self, now: Timestamp) -> bool {
        self.why == FailureKind::Quota && self.holds(now)
    }
}
