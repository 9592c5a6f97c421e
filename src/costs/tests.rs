//! What is expected of small plans.

use super::{History, Projection};
use crate::model::{MicroUsd, Purpose};
use crate::plan::{
    EnsembleMode, Judging, LoopPlan, ModelSpec, OnNone, OutputKind, PhaseKind, PhasePlan, Plan,
    Price, Refiner, testing,
};
use crate::run::RunState;

fn single(name: &str, yields: OutputKind) -> PhasePlan {
    let chain = vec!["opus".into()];
    testing::phase(name, PhaseKind::Single { chain, yields })
}

fn trio() -> PhasePlan {
    let kind = PhaseKind::Ensemble {
        proposers: vec![vec!["opus".into()], vec!["gpt".into()], vec!["opus".into()]],
        judge: Judging::by(vec!["gpt".into()]),
        mode: EnsembleMode::Parallel,
        quorum: 3,
        quorum_named: false,
        straggler_timeout: crate::model::Millis(0),
        on_none: OnNone::Ask,
        cross_tests: Vec::new(),
    };
    testing::phase("plan", kind)
}

fn plan(phases: Vec<PhasePlan>, price: Option<Price>) -> Plan {
    let mut plan = testing::plan(phases);
    for name in ["opus", "gpt"] {
        let model = ModelSpec {
            agent: "opencode".into(),
            id: format!("x/{name}"),
            variant: None,
            family: None,
            price: price.filter(|_| name == "opus"),
            context: None,
        };
        plan.models.insert(name.into(), model);
    }
    plan
}

fn priced() -> Option<Price> {
    Some(Price {
        input: 5.0,
        output: 25.0,
        cache_read: Some(0.5),
        cache_write: None,
    })
}

fn expected(plan: &Plan) -> Projection {
    Projection::of(plan, &RunState::default(), &History::default())
}

#[test]
fn the_least_is_that_nothing_fails() {
    let all = expected(&plan(vec![trio()], priced())).total;
    assert_eq!((all.calls.low, all.calls.expected), (4, 4));
    // Each of four calls three times, and a repair of the verdict.
    assert_eq!(all.calls.high, Some(15));
    assert!(all.tokens.low < all.tokens.expected && Some(all.tokens.expected) < all.tokens.high);
}

#[test]
fn a_synthesis_is_usual_and_may_have_nothing_to_do() {
    let mut phase = trio();
    if let PhaseKind::Ensemble { judge, .. } = &mut phase.kind {
        (judge.refine, judge.grafts) = (Some(Refiner::Author), true);
    }
    let all = expected(&plan(vec![phase], priced())).total;
    // The work itself, it is compared in both orders, and one call in ten is tried again.
    assert_eq!((all.calls.low, all.calls.expected), (4, 4 + 1 + 2 + 1));
}

#[test]
fn what_has_no_price_is_unknown() {
    let none = expected(&plan(vec![trio()], None)).total;
    assert!(none.cost_micro_usd.is_none() && none.some_price_unknown);
    let some = expected(&plan(vec![trio()], priced()));
    assert!(some.total.cost_micro_usd.is_some() && some.total.some_price_unknown);
    assert!(
        some.assumptions
            .iter()
            .any(|one| one.contains("the price of gpt;"))
    );
    let all = expected(&plan(vec![single("a", OutputKind::Document)], priced())).total;
    assert!(!all.some_price_unknown && all.cost_micro_usd.expect("a price").expected > 0);
}

#[test]
fn an_audit_may_send_all_of_it_back() {
    let mut audit = single("audit", OutputKind::Audit);
    audit.on_fail = Some(LoopPlan {
        goto: "build".into(),
        max: 2,
    });
    let phases = vec![
        single("plan", OutputKind::Document),
        single("build", OutputKind::Edits),
        audit,
    ];
    let all = expected(&plan(phases, priced()));
    let calls = |at: usize| all.phases[at].calls;
    assert_eq!((calls(0).expected, calls(0).high), (1, Some(3)));
    assert_eq!((calls(1).expected, calls(1).high), (2, Some(9)));
    // Its verdict may need a repair each time.
    assert_eq!((calls(2).low, calls(2).high), (1, Some(18)));
}

#[test]
fn limits_are_the_most() {
    let mut plan = plan(vec![trio()], priced());
    plan.limits.calls = Some(9);
    plan.limits.cost = Some(MicroUsd(70_000));
    let all = expected(&plan).total;
    assert_eq!(all.calls.high, Some(9));
    assert_eq!(all.cost_micro_usd.expect("a price").high, Some(70_000));
}

#[test]
fn reads_of_a_cache_have_their_price() {
    let cost = |price| {
        let plan = plan(vec![single("a", OutputKind::Document)], price);
        expected(&plan)
            .total
            .cost_micro_usd
            .expect("a price")
            .expected
    };
    let without = priced().map(|price| Price {
        cache_read: None,
        ..price
    });
    assert!(cost(priced()) * 2 < cost(without));
}

#[test]
fn every_attempt_that_may_come_has_its_expectation() {
    let mut plan = plan(vec![trio()], priced());
    plan.expected = expected(&plan).expected;
    let of = |purpose, model: &str| plan.expected(&"plan".into(), purpose, &model.into());
    for (purpose, model) in [
        (Purpose::Propose, "opus"),
        (Purpose::Judge, "gpt"),
        (Purpose::Repair, "gpt"),
    ] {
        assert!(
            of(purpose, model).is_some_and(|one| one.usage.tokens() > 0 && one.learned_from == 0)
        );
    }
    assert_eq!(of(Purpose::Task, "opus"), None);
}
