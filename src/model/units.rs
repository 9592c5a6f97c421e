//! Times, amounts of tokens and money: a newtype each, with its unit in the name.

use std::fmt;
use std::ops::{Add, AddAssign};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// An amount of data in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    /// `64 MiB`, `1.95 TiB`: with three digits that count.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        let powers = self.0.checked_ilog2().unwrap_or(0) / 10;
        let Some(unit) = powers.checked_sub(1).and_then(|at| UNITS.get(at as usize)) else {
            return write!(f, "{} B", self.0);
        };
        let hundredths = (u128::from(self.0) * 100) >> (10 * powers);
        let (whole, part) = (hundredths / 100, hundredths % 100);
        match (whole, part) {
            (_, 0) | (100.., _) => write!(f, "{whole} {unit}"),
            (10.., _) => write!(f, "{whole}.{} {unit}", part / 10),
            _ if part % 10 == 0 => write!(f, "{whole}.{} {unit}", part / 10),
            _ => write!(f, "{whole}.{part:02} {unit}"),
        }
    }
}

/// A point in time: milliseconds since the Unix epoch, UTC.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The point in time `wait` later.
    pub fn after(self, wait: Millis) -> Self {
        Self(self.0.saturating_add(wait.0))
    }

    /// How long from `earlier` to here; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Millis {
        Millis(self.0.saturating_sub(earlier.0))
    }
}

/// A length of time in milliseconds.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Millis(pub u64);

impl Millis {
    pub const fn seconds(seconds: u64) -> Self {
        Self(seconds * 1000)
    }

    pub const fn minutes(minutes: u64) -> Self {
        Self::seconds(minutes * 60)
    }
}

impl From<Millis> for Duration {
    fn from(millis: Millis) -> Self {
        Self::from_millis(millis.0)
    }
}

impl fmt::Display for Millis {
    /// `850 ms`, `4.2 s`, `3m05s`, `2h00m`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0 / 1000;
        let text = match seconds {
            0 => format!("{} ms", self.0),
            1..60 => format!("{}.{} s", seconds, self.0 % 1000 / 100),
            60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
            _ => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
        };
        f.pad(&text)
    }
}

/// Money in millionths of a US dollar; whole numbers, so that sums do not depend on their order.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct MicroUsd(pub u64);

impl MicroUsd {
    /// From dollars, rounded. Less than nothing is nothing, and so is what is no number.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, and NaN is zero"
    )]
    pub fn from_usd(usd: f64) -> Self {
        Self((usd * 1e6).round() as u64)
    }

    /// At least so much, and at least a cent, in dollars as limits are written.
    pub fn in_usd(self) -> String {
        let cents = self.0.div_ceil(10_000).max(1);
        format!("{}.{:02}", cents / 100, cents % 100)
    }
}

impl Add for MicroUsd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for MicroUsd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = self.0.saturating_add(5_000) / 10_000;
        if self.0 > 0 && cents == 0 {
            return f.pad("<$0.01");
        }
        f.pad(&format!("${}.{:02}", cents / 100, cents % 100))
    }
}

/// What model requests used. `input` excludes cache reads; `output` excludes reasoning. Agents tell any number, and none
/// may come out small because it was too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    pub requests: u64,
    /// Input tokens that were not read from a cache.
    pub input: u64,
    pub output: u64,
    pub reasoning: u64,
    /// Input tokens read from a cache.
    pub cache_read: u64,
    /// Input tokens written to a cache.
    pub cache_write: u64,
    /// Money spent, as the agent says or as the configured prices give.
    pub cost: MicroUsd,
}

impl Usage {
    /// All tokens together.
    pub fn tokens(&self) -> u64 {
        let read = self.input_tokens();
        let all = read.saturating_add(self.output);
        all.saturating_add(self.reasoning)
    }

    /// What the model had to read: the size of its context, summed over its requests.
    pub fn input_tokens(&self) -> u64 {
        let input = self.input.saturating_add(self.cache_read);
        input.saturating_add(self.cache_write)
    }

    /// What each of so many used.
    pub fn mean(self, of: u64) -> Self {
        self.each(Self::default(), |sum, _| sum.checked_div(of).unwrap_or(0))
    }

    fn each(self, other: Self, of: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            requests: of(self.requests, other.requests),
            input: of(self.input, other.input),
            output: of(self.output, other.output),
            reasoning: of(self.reasoning, other.reasoning),
            cache_read: of(self.cache_read, other.cache_read),
            cache_write: of(self.cache_write, other.cache_write),
            cost: MicroUsd(of(self.cost.0, other.cost.0)),
        }
    }
}

impl Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.each(other, u64::saturating_add)
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}
