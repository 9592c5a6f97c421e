//! Random limits of runs, and budgets of their phases.

use proptest::prelude::prop;
use proptest::strategy::Strategy as Draws;

use crate::model::{AtLimit, Budget, MicroUsd, Millis, RunLimits};

/// No limits but this concurrency.
pub fn unlimited(concurrency: u32) -> RunLimits {
    RunLimits {
        calls: None,
        tokens: None,
        cost: None,
        wall: None,
        concurrency,
        processes: None,
        day: None,
    }
}

pub fn limits() -> impl Draws<Value = RunLimits> {
    let calls = prop::option::weighted(0.2, 0u64..20);
    let tokens = prop::option::weighted(0.1, 0u64..90);
    let cost = prop::option::weighted(0.1, (0u64..90).prop_map(MicroUsd));
    let wall = prop::option::weighted(0.1, (0u64..60).prop_map(Millis::seconds));
    (calls, tokens, cost, wall, 1u32..4).prop_map(|(calls, tokens, cost, wall, concurrency)| {
        RunLimits {
            calls,
            tokens,
            cost,
            wall,
            concurrency,
            processes: None,
            day: None,
        }
    })
}

/// Of a phase, and what it does when it is used up.
pub fn budgets() -> impl Draws<Value = (Budget, AtLimit)> {
    let calls = prop::option::weighted(0.2, 0u64..8);
    let tokens = prop::option::weighted(0.1, 0u64..60);
    let cost = prop::option::weighted(0.1, (0u64..60).prop_map(MicroUsd));
    let budget = (calls, tokens, cost).prop_map(|(calls, tokens, cost)| Budget {
        calls,
        tokens,
        cost,
    });
    let at_limit = prop::sample::select(vec![AtLimit::Park, AtLimit::Degrade, AtLimit::Fail]);
    (budget, at_limit)
}
