//! Shares of small numbers, with what can be said of them.

use serde::{Serialize, Serializer};

/// A share of fewer says nothing.
pub const FLOOR: u64 = 8;
/// Standard deviations on each side that hold 95 % of a normal distribution.
const Z: f64 = 1.959_964;

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share {
    pub hits: u64,
    pub of: u64,
}

impl Share {
    pub fn add(&mut self, hit: bool) {
        self.hits += u64::from(hit);
        self.of += 1;
    }

    /// Wilson's interval: the true share is in it in 95 of 100 cases. None for too few.
    pub fn interval(self) -> Option<(f64, f64)> {
        if self.of < FLOOR {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let (hits, of) = (self.hits as f64, self.of as f64);
        let (share, square) = (hits / of, Z * Z);
        let middle = share + square / (2.0 * of);
        let half = Z * (share * (1.0 - share) / of + square / (4.0 * of * of)).sqrt();
        let whole = 1.0 + square / of;
        // The last digit of a calculation must not put the share itself outside.
        let low = ((middle - half) / whole).clamp(0.0, share);
        let high = ((middle + half) / whole).clamp(share, 1.0);
        Some((low, high))
    }

    /// Whether it is larger beyond doubt: the intervals do not overlap.
    pub fn beats(self, other: Self) -> bool {
        let (own, others) = (self.interval(), other.interval());
        own.zip(others)
            .is_some_and(|((low, _), (_, high))| low > high)
    }
}

impl Serialize for Share {
    /// With its interval; null for too few.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let interval = self.interval();
        let mut share = to.serialize_struct("Share", 4)?;
        share.serialize_field("hits", &self.hits)?;
        share.serialize_field("of", &self.of)?;
        share.serialize_field("low", &interval.map(|(low, _)| low))?;
        share.serialize_field("high", &interval.map(|(_, high)| high))?;
        share.end()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn wilsons_interval_is_that_of_the_books() {
        let (low, high) = Share { hits: 7, of: 12 }.interval().expect("enough");
        assert!(
            (low - 0.3195).abs() < 5e-4 && (high - 0.8067).abs() < 5e-4,
            "{low} {high}"
        );
        let (low, high) = Share { hits: 0, of: 10 }.interval().expect("enough");
        assert!(
            low.abs() < 1e-12 && (high - 0.2775).abs() < 5e-4,
            "{low} {high}"
        );
        assert_eq!(Share { hits: 7, of: 7 }.interval(), None);
    }

    proptest! {
        #[test]
        fn an_interval_holds_its_share_and_gets_narrower((of, hits) in (FLOOR..5_000).prop_flat_map(|of| (Just(of), 0..=of))) {
            let share = Share { hits, of };
            let (low, high) = share.interval().expect("enough");
            let mean = hits as f64 / of as f64;
            prop_assert!(0.0 <= low && low <= mean && mean <= high && high <= 1.0);
            let (more_low, more_high) = Share { hits: 4 * hits, of: 4 * of }.interval().expect("enough");
            prop_assert!(more_high - more_low < high - low);
            prop_assert!(!share.beats(share));
        }

        #[test]
        fn of_two_shares_one_at_most_beats_the_other(a in 0u64..40, b in 0u64..40, of in 40u64..80) {
            let (a, b) = (Share { hits: a, of }, Share { hits: b, of });
            prop_assert!(!(a.beats(b) && b.beats(a)));
            prop_assert!(!a.beats(b) || a.hits > b.hits);
        }
    }
}
