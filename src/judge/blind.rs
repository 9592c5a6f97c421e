//! Giving proposals their blinded names.
//!
//! The shuffle is fixed by the plan's seed and the phase's name, and by nothing else: neither by the
//! order in which proposals arrived nor by the platform. It is SplitMix64 driving a Fisher–Yates
//! shuffle, written out here because a run that is resumed by a later version must come to the same
//! order, which no random number crate promises.

use crate::model::Label;

/// Names some proposals: each label with the one behind it, in the labels' order.
///
/// The same seed, `salt` (of a phase its name) and set always give the same answer. One that is given twice
/// counts once.
pub fn blind<T: Ord + Clone>(seed: u64, salt: &str, proposals: &[T]) -> Vec<(Label, T)> {
    let mut order = proposals.to_vec();
    order.sort();
    order.dedup();
    let mut random = SplitMix64::new(seed ^ salted(salt));
    for last in (1..order.len()).rev() {
        order.swap(last, random.below(last + 1));
    }
    order
        .into_iter()
        .enumerate()
        .map(|(index, one)| (Label::at(index), one))
        .collect()
}

/// So that two ensembles, or two judges, of one run do not get the same shuffle.
fn salted(salt: &str) -> u64 {
    let digest = blake3::hash(salt.as_bytes());
    let mut head = [0; 8];
    head.copy_from_slice(&digest.as_bytes()[..8]);
    u64::from_le_bytes(head)
}

/// Sebastiano Vigna's SplitMix64: small, well distributed from any seed, zero included.
struct SplitMix64(u64);

impl SplitMix64 {
    fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`. The bias is below `bound / 2^64`, which no ensemble can notice.
    fn below(&mut self, bound: usize) -> usize {
        let wide = u128::from(self.next()) * (bound as u128);
        usize::try_from(wide >> 64).expect("the high half of the product is below `bound`")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::{any, prop, proptest};

    use super::*;
    use crate::model::CallId;

    fn calls(count: usize) -> Vec<CallId> {
        (1..=count)
            .map(|n| CallId::new(format!("plan.propose-{n}")))
            .collect()
    }

    #[test]
    fn order_is_fixed_for_good() {
        // A recorded answer: if this changes, resumed runs would swap their proposals.
        let order: Vec<String> = blind(42, "plan", &calls(4))
            .into_iter()
            .map(|(label, call)| format!("{label}={call}"))
            .collect();
        assert_eq!(
            order,
            [
                "A=plan.propose-2",
                "B=plan.propose-3",
                "C=plan.propose-1",
                "D=plan.propose-4"
            ]
        );
    }

    #[test]
    fn numbers_are_those_of_the_published_generator() {
        let mut random = SplitMix64::new(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn every_order_of_three_occurs_about_equally_often() {
        let mut seen = std::collections::BTreeMap::new();
        for seed in 0..6000 {
            let order: Vec<CallId> = blind(seed, "plan", &calls(3))
                .into_iter()
                .map(|(_, call)| call)
                .collect();
            *seen.entry(order).or_insert(0_u32) += 1;
        }
        assert_eq!(seen.len(), 6);
        assert!(
            seen.values().all(|count| (850..1150).contains(count)),
            "{:?}",
            seen.values()
        );
    }

    #[test]
    fn phases_of_one_run_are_shuffled_apart() {
        let differing = (0..100)
            .filter(|seed| blind(*seed, "plan", &calls(5)) != blind(*seed, "ws", &calls(5)))
            .count();
        assert!(differing > 90, "only {differing} of 100 differ");
    }

    proptest! {
        #[test]
        fn blind_is_a_permutation_that_forgets_the_order_of_arrival(
            seed in any::<u64>(),
            phase in "[a-z]{1,8}",
            ids in prop::collection::btree_set("[a-z]{1,6}", 0..40),
            rotation in 0_usize..40,
        ) {
            let sorted: Vec<CallId> = ids.iter().map(CallId::new).collect();
            let mut arrived = sorted.clone();
            let by = rotation.min(arrived.len());
            arrived.rotate_left(by);
            let blinded = blind(seed, &phase, &arrived);
            assert_eq!(blinded, blind(seed, &phase, &sorted));
            let behind: BTreeSet<CallId> = blinded.iter().map(|(_, call)| call.clone()).collect();
            assert_eq!(behind, sorted.iter().cloned().collect());
            let labels: BTreeSet<&Label> = blinded.iter().map(|(label, _)| label).collect();
            assert_eq!(labels.len(), sorted.len());
        }
    }
}
