//! One breaker an account: after a provider has said that there is no more, nobody asks again before its time.

use std::fs::{File, TryLockError};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::shared;
use crate::files;
use crate::model::{Digest, Failure, FailureKind, Millis, Parked, Timestamp};

/// A wait that is longer parks the account; calls wait for a shorter one.
const LONGEST_WAIT: Millis = Millis::minutes(5);
/// Times that are not further apart are one: each refusal counts from when it came.
const CLOSE: Millis = Millis::seconds(10);

/// So long after its time an account that nobody has asked since is as any other.
const UNTESTED: Millis = Millis::minutes(120);

/// Whose turn it is to send something into an account.
pub enum Turn {
    Free,
    Parked,
    /// This one tells whether it serves again; it is to keep the file until that is known.
    Test(File),
    /// Another one does.
    Wait,
}

/// The folder with a file for each account, named by a digest of what signs it in.
#[derive(Debug, Clone)]
pub struct Accounts(PathBuf);

#[derive(Debug, Default, Serialize, Deserialize)]
struct Breaker {
    parked: Option<Parked>,
    /// How often in a row it was refused right after its time.
    refusals: u32,
}

impl Accounts {
    pub fn at(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// Until when an account is, or was, parked; nothing if it has served since.
    pub fn look(&self, account: &Digest, now: Timestamp) -> Option<Parked> {
        let breaker: Breaker = shared::read(&self.file(account));
        breaker.parked.filter(|parked| parked.since <= now)
    }

    /// Whether a call may be sent into an account. After its time it gets one, of whatever run, that tells whether it
    /// serves again.
    pub fn turn(&self, account: &Digest, now: Timestamp) -> Turn {
        let parked = self.look(account, now);
        let Some(parked) = parked.filter(|one| one.why == FailureKind::Quota) else {
            return Turn::Free;
        };
        if parked.holds(now) {
            return Turn::Parked;
        }
        if now.since(parked.until) > UNTESTED {
            return Turn::Free;
        }
        let Ok(test) = files::append(&self.file(account).with_extension("test")) else {
            return Turn::Free;
        };
        match test.try_lock() {
            Ok(()) => Turn::Test(test),
            Err(TryLockError::WouldBlock) => Turn::Wait,
            Err(TryLockError::Error(_)) => Turn::Free,
        }
    }

    /// Takes in that an account refused a request: until when it is parked, if that was why.
    pub fn refused(&self, account: &Digest, failure: &Failure, now: Timestamp) -> Option<Parked> {
        // A time that is over tells nothing.
        let asked = failure.retry_after.filter(|asked| asked.0 > 0);
        let why = match (failure.kind, asked) {
            (FailureKind::RateLimit | FailureKind::Quota, Some(asked)) if asked > LONGEST_WAIT => {
                FailureKind::Quota
            }
            (FailureKind::Quota, None) => FailureKind::Quota,
            (FailureKind::RateLimit | FailureKind::Quota, _) => FailureKind::RateLimit,
            _ => return None,
        };
        let change = |breaker: &mut Breaker| breaker.refuse(why, asked, now);
        // What cannot be written down would be forgotten at once.
        shared::change(&self.file(account), change).ok()
    }

    /// Takes in that an account served a request which began then.
    pub fn served(&self, account: &Digest, began: Timestamp) {
        let is_newer = |breaker: &Breaker| breaker.parked.is_some_and(|one| one.since <= began);
        if is_newer(&shared::read(&self.file(account))) {
            let _ = shared::change(&self.file(account), |breaker| {
                if is_newer(breaker) {
                    *breaker = Breaker::default();
                }
            });
        }
    }

    /// Forgets that an account is parked: its owner knows better.
    pub fn free(&self, account: &Digest) {
        if self.look(account, Timestamp(u64::MAX)).is_some() {
            let _ = shared::change(&self.file(account), |breaker| *breaker = Breaker::default());
        }
    }

    fn file(&self, account: &Digest) -> PathBuf {
        self.0.join(format!("{account}.json"))
    }
}

impl Breaker {
    fn refuse(&mut self, why: FailureKind, asked: Option<Millis>, now: Timestamp) -> Parked {
        let held = self.parked.filter(|parked| parked.holds(now));
        let same = self.parked.is_some_and(|parked| parked.why == why);
        let worse = held.filter(|held| same || held.why == FailureKind::Quota);
        if worse.is_none() {
            self.refusals = if same { self.refusals + 1 } else { 1 };
        }
        let (first, most) = match why {
            FailureKind::Quota => (Millis::minutes(15), Millis::minutes(120)),
            _ => (Millis::seconds(2), Millis::minutes(1)),
        };
        let doubled = first.0 << self.refusals.saturating_sub(1).min(10);
        let wait = asked.unwrap_or(Millis(doubled.min(most.0)));
        let new = Parked::of(why, now, wait);
        // Requests that were under way when it was parked are refused too, and tell nothing new, unless they name a
        // later time.
        let parked = match worse {
            Some(held) if asked.is_none() || held.until.after(CLOSE) >= new.until => held,
            Some(held) => Parked {
                since: held.since,
                ..new
            },
            None => new,
        };
        self.parked = Some(parked);
        parked
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn failure(kind: FailureKind, asked: Option<Millis>) -> Failure {
        Failure {
            retry_after: asked,
            ..Failure::new(kind, "x")
        }
    }

    struct Clock {
        accounts: Accounts,
        now: Timestamp,
        _temp: tempfile::TempDir,
    }

    impl Clock {
        fn new() -> Self {
            let temp = tempfile::tempdir().unwrap();
            Self {
                accounts: Accounts::at(temp.path().join("accounts")),
                now: Timestamp(1_000_000_000),
                _temp: temp,
            }
        }

        /// For how many minutes the account is parked once it has refused.
        fn refused(&self, kind: FailureKind, asked: Option<u64>) -> u64 {
            let failure = failure(kind, asked.map(Millis::minutes));
            let parked = self.accounts.refused(&account(), &failure, self.now);
            parked.unwrap().until.since(self.now).0 / 60_000
        }

        fn pass(&mut self, minutes: u64) {
            self.now = self.now.after(Millis::minutes(minutes));
        }
    }

    fn account() -> Digest {
        Digest::new("one")
    }

    #[test]
    fn unknown_time_is_doubled_up_to_two_hours_until_it_serves() {
        let mut clock = Clock::new();
        for minutes in [15, 30, 60, 120, 120] {
            assert_eq!(clock.refused(FailureKind::Quota, None), minutes);
            clock.pass(1);
            let under_way = clock.refused(FailureKind::Quota, None);
            assert_eq!(under_way, minutes - 1, "tells nothing new");
            clock.accounts.served(&account(), Timestamp(1));
            let still = clock.accounts.look(&account(), clock.now);
            assert!(still.unwrap().is_long(clock.now), "it had begun before");
            clock.pass(minutes);
        }
        clock.accounts.served(&account(), clock.now);
        assert_eq!(clock.accounts.look(&account(), clock.now), None);
        assert_eq!(clock.refused(FailureKind::Quota, None), 15);
    }

    #[test]
    fn the_provider_names_the_time_and_no_more_than_eight_days() {
        let clock = Clock::new();
        assert_eq!(clock.refused(FailureKind::RateLimit, Some(1)), 1);
        assert_eq!(clock.refused(FailureKind::RateLimit, Some(6)), 6);
        let parked = clock.accounts.look(&account(), clock.now).unwrap();
        assert_eq!(parked.why, FailureKind::Quota, "longer than a call waits");
        assert_eq!(clock.refused(FailureKind::RateLimit, None), 6);
        assert_eq!(clock.refused(FailureKind::Quota, Some(300)), 300);
        let most = 8 * 24 * 60;
        assert_eq!(clock.refused(FailureKind::Quota, Some(most * 100)), most);
        clock.accounts.free(&account());
        assert_eq!(clock.accounts.look(&account(), clock.now), None);
        let crash = failure(FailureKind::Crash, None);
        assert_eq!(clock.accounts.refused(&account(), &crash, clock.now), None);
    }

    #[test]
    fn a_clock_that_was_wrong_parks_nothing() {
        let mut clock = Clock::new();
        clock.pass(1_000_000);
        clock.refused(FailureKind::Quota, None);
        clock.now = Timestamp(1_000_000_000);
        assert_eq!(clock.accounts.look(&account(), clock.now), None);
    }
}
