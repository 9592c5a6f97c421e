//! The limits of phases in the simulated world.

use std::collections::BTreeMap;

use proptest::prelude::{
    Strategy as _, prop, prop_assert, prop_assert_eq, prop_assert_ne, proptest,
};

use super::{World, model, phase, plan, worlds};
use crate::engine::{Effect, Engine, Input};
use crate::model::{
    Budget, CallId, ChangedLimits, Event, Failure, FailureKind, Millis, PhaseName, Record, RunEnd,
    RunLimits, Timestamp, Usage,
};
use crate::plan::{PhaseKind, Yields};

fn budgets() -> impl proptest::strategy::Strategy<Value = Budget> {
    let most = || prop::option::of(0_u64..8);
    (most(), most()).prop_map(|(calls, tokens)| Budget {
        calls,
        tokens,
        cost: None,
    })
}

fn with_budgets(mut world: World, budgets: &[Budget]) -> World {
    for (phase, budget) in world.plan.phases.iter_mut().zip(budgets) {
        phase.budget = *budget;
    }
    world
}

fn phase_of(call: &CallId) -> PhaseName {
    PhaseName::from(call.as_str().split('.').next().unwrap())
}

/// What each phase has used by then: attempts started, tokens told.
fn used(journal: &[Record]) -> BTreeMap<PhaseName, (u64, u64)> {
    let mut used: BTreeMap<PhaseName, (u64, u64)> = BTreeMap::new();
    for record in journal {
        match &record.event {
            Event::AttemptStarted { call, .. } => used.entry(phase_of(call)).or_default().0 += 1,
            Event::AttemptSucceeded { call, result, .. } => {
                used.entry(phase_of(call)).or_default().1 += result.usage.tokens();
            }
            Event::AttemptFailed { call, usage, .. } => {
                used.entry(phase_of(call)).or_default().1 += usage.tokens();
            }
            _ => {}
        }
    }
    used
}

proptest! {
    #[test]
    fn no_attempt_starts_once_a_budget_is_used_up(
        world in worlds(true),
        budgets in prop::collection::vec(budgets(), 2),
        wall in prop::option::of((0_u64..200).prop_map(Millis)),
    ) {
        let mut world = with_budgets(world, &budgets);
        world.plan.limits.wall = wall;
        let end = world.run(World::begin());
        for (at, record) in world.journal.iter().enumerate() {
            let Event::AttemptStarted { call, .. } = &record.event else {
                continue;
            };
            let phase = phase_of(call);
            let (calls, tokens) = used(&world.journal[..at]).remove(&phase).unwrap_or_default();
            let budget = world.plan.phase(&phase).unwrap().budget;
            prop_assert!(budget.calls.is_none_or(|most| calls < most), "{} of {:?}", call, budget);
            prop_assert!(budget.tokens.is_none_or(|most| tokens < most), "{} of {:?}", call, budget);
        }
        if end == RunEnd::Limited {
            let names = world.plan.phases.iter().map(|phase| phase.name.clone());
            let limits = ChangedLimits {
                run: RunLimits { wall: None, ..world.plan.limits },
                budgets: names.map(|name| (name, Budget::default())).collect(),
            };
            let end = world.run(Input::Resume {
                version: "0".into(),
                limits: Some(limits),
                answer: None,
                salvaged: Vec::new(),
            });
            prop_assert_ne!(end, RunEnd::Limited, "it was raised");
        }
    }

    #[test]
    fn a_budget_that_suffices_stops_nothing(world in worlds(true)) {
        let mut free = world.clone();
        let end = free.run(World::begin());
        let used = used(&free.journal);
        let budgets: Vec<Budget> = world.plan.phases.iter().map(|phase| {
            let (calls, tokens) = used.get(&phase.name).copied().unwrap_or_default();
            Budget { calls: Some(calls), tokens: Some(tokens + 1), cost: None }
        }).collect();
        let mut bound = with_budgets(world, &budgets);
        prop_assert_eq!(end, bound.run(World::begin()));
    }
}

#[test]
fn tokens_end_what_is_under_way_and_say_whose_they_were() {
    let kind = PhaseKind::Single {
        chain: vec![model(0)],
        yields: Yields::Document,
    };
    let budget = Budget {
        tokens: Some(100),
        ..Budget::default()
    };
    let mut plan = plan(vec![phase("plan", kind)], 1, 1);
    plan.phases[0].budget = budget;
    let mut engine = Engine::new(plan, &[]);
    let now = Timestamp(1_000);
    engine.handle(now, World::begin());
    let (call, attempt) = (CallId::from("plan.work-1"), 1);
    let usage = Usage {
        input: 100,
        ..Usage::default()
    };
    let step = engine.handle(
        now,
        Input::Progressed {
            call: call.clone(),
            attempt,
            usage,
            doing: String::new(),
        },
    );
    let reached = Event::LimitReached {
        limit: "tokens: 100".to_owned(),
        phase: Some("plan".into()),
    };
    assert!(step.events.contains(&reached), "{:?}", step.events);
    let cancel = Effect::CancelAttempt {
        call: call.clone(),
        attempt,
    };
    assert_eq!(step.effects, [cancel]);
    let step = engine.handle(
        now,
        Input::Failed {
            call,
            attempt,
            failure: Failure::new(FailureKind::Cancelled, "it was ended"),
            usage,
        },
    );
    assert_eq!(step.effects, [Effect::End(RunEnd::Limited)]);
}
