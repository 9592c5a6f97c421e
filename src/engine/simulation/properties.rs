//! The properties: what holds in every run.

use proptest::prelude::{ProptestConfig, proptest};
use proptest::test_runner::TestCaseError;

use super::cases::{
    can_be_done_again, can_die_anywhere, comes_to_the_same, keeps_its_rules,
    needs_no_larger_budgets,
};
use super::fault_plan::fault_plans;
use super::plans::{Mix, Sketch, sketches};
use crate::model::{MicroUsd, RunLimits};

proptest! {
    #[test]
    fn a_run_keeps_its_rules_whatever_happens(sketch in sketches(Mix::Wild), faults in fault_plans(Mix::Wild)) {
        keeps_its_rules(&sketch, &faults).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn a_run_that_is_struck_often_comes_to_the_same_end(
        sketch in sketches(Mix::Timeless), faults in fault_plans(Mix::Timeless)
    ) {
        comes_to_the_same(&sketch, &faults).map_err(TestCaseError::fail)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases * 4))]

    #[test]
    fn a_run_passes_no_limit_by_more_than_a_step(
        sketch in sketches(Mix::Wild), tokens in 5u64..90, faults in fault_plans(Mix::Wild)
    ) {
        let limits = RunLimits { tokens: Some(tokens), cost: Some(MicroUsd(tokens)), ..sketch.limits };
        keeps_its_rules(&Sketch { limits, ..sketch }, &faults).map_err(TestCaseError::fail)?;
    }
}

proptest! {
    #[test]
    fn budgets_that_suffice_stop_nothing(
        sketch in sketches(Mix::Timeless), faults in fault_plans(Mix::Timeless)
    ) {
        needs_no_larger_budgets(&sketch, &faults).map_err(TestCaseError::fail)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 8))]

    #[test]
    fn a_run_that_dies_anywhere_comes_to_the_same_end(
        sketch in sketches(Mix::Timeless), faults in fault_plans(Mix::Timeless)
    ) {
        can_die_anywhere(&sketch, &faults).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn a_run_that_is_done_again_comes_to_the_same_end(
        sketch in sketches(Mix::Timeless), faults in fault_plans(Mix::Timeless)
    ) {
        can_be_done_again(&sketch, &faults).map_err(TestCaseError::fail)?;
    }
}
