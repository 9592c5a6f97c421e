//! Judging, told as examples: which verdicts are asked for, and what they come to.

use super::fault_plan::{Data, FaultPlan, GOOD, Manner, Taste};
use super::invariants::check;
use super::plans::{Part, Sketch, Work, model};
use super::run::Run;
use super::trace::{Moment, Trace};
use crate::model::{
    AtLimit, CallSpec, Label, ModelName, Purpose, Question, RunEnd, Undecided, Usage,
};
use crate::plan::{Expected, Judging, Method, Orders, Plan};
use crate::run::{Event, PhaseEvent};

/// An ensemble of three; the models from the fourth on judge.
fn ensemble(rules: Judging) -> Sketch {
    Sketch::from(vec![Part::from(Work::Ensemble {
        proposers: vec![vec![0], vec![1], vec![2]],
        judge: vec![3],
        rules,
        sequential: false,
        quorum: None,
    })])
}

/// The two judges are like that.
fn judges(first: Manner, second: Manner) -> FaultPlan {
    let mut faults = FaultPlan::default();
    (faults.manners[3], faults.manners[4]) = (first, second);
    faults
}

fn likes(taste: Taste) -> Manner {
    Manner { taste, ..GOOD }
}

/// The second judge of a panel.
fn second() -> Vec<Vec<ModelName>> {
    vec![vec![model(4)]]
}

struct Told {
    calls: Vec<CallSpec>,
    winner: Option<Label>,
    why: Option<Undecided>,
}

fn told(rules: Judging, faults: &FaultPlan) -> Told {
    let mut run = Run::new(ensemble(rules).plan(), faults);
    let end = run.live().unwrap();
    check(&run.trace).unwrap();
    let told = tell(&run.trace);
    assert_eq!(end == Some(RunEnd::Waiting), told.winner.is_none());
    told
}

fn tell(trace: &Trace) -> Told {
    let mut told = Told {
        calls: Vec::new(),
        winner: None,
        why: None,
    };
    for moment in &trace.moments {
        let Moment::Wrote(record) = moment else {
            continue;
        };
        let Event::Phase { event, .. } = &record.event else {
            continue;
        };
        match event {
            PhaseEvent::CallCreated { call } => told.calls.push(CallSpec::clone(call)),
            PhaseEvent::WinnerChosen { label, .. } => told.winner.clone_from(label),
            PhaseEvent::PersonAsked {
                question: Question::PickWinner { kind, .. },
            } => told.why = *kind,
            _ => {}
        }
    }
    told
}

impl Told {
    fn judges(&self) -> Vec<&str> {
        let judging = self
            .calls
            .iter()
            .filter(|call| call.purpose == Purpose::Judge);
        judging.map(|call| call.id.as_str()).collect()
    }
}

#[test]
fn three_proposals_are_four_calls() {
    let told = told(Judging::default(), &FaultPlan::default());
    assert_eq!(told.calls.len(), 4);
    assert_eq!(told.judges(), ["p0.judge-1"]);
    assert!(told.calls.iter().all(|call| call.ballot.is_none()));
}

#[test]
fn reverse_order_has_the_letters_anew() {
    let rules = Judging {
        orders: Orders::Both,
        ..Judging::default()
    };
    let told = told(rules, &judges(likes(Taste::Prefers(1)), GOOD));
    assert_eq!(told.judges(), ["p0.judge-1", "p0.judge-1r"]);
    assert!(told.winner.is_some());
    let ballots: Vec<_> = told
        .calls
        .iter()
        .filter_map(|call| call.ballot.as_ref())
        .collect();
    let labels = ["A", "B", "C"].map(Label::from);
    let seen = |ballot: usize| ballots[ballot].letters.iter().map(|(seen, _)| seen.clone());
    let behind = |ballot: usize| {
        ballots[ballot]
            .letters
            .iter()
            .map(|(_, label)| label.clone())
    };
    assert_eq!(seen(0).collect::<Vec<_>>(), labels);
    assert_eq!(seen(1).collect::<Vec<_>>(), labels);
    assert!(behind(0).eq(behind(1).rev()));
}

#[test]
fn judge_that_takes_the_first_ties_in_both_orders() {
    for method in [Method::List, Method::Pairwise, Method::Tournament] {
        let rules = Judging {
            panel: second(),
            orders: Orders::Both,
            method,
            ..Judging::default()
        };
        let told = told(rules, &FaultPlan::default());
        assert_eq!(told.why, Some(Undecided::Tie), "{method:?}");
    }
}

#[test]
fn second_order_is_asked_for_only_where_the_first_was_close() {
    let rules = |criteria: bool| Judging {
        orders: Orders::Auto,
        criteria: super::plans::criterion()
            .into_iter()
            .filter(|_| criteria)
            .collect(),
        ..Judging::default()
    };
    // With points, the winner is three points ahead.
    let clear = told(rules(true), &FaultPlan::default());
    assert_eq!(clear.judges(), ["p0.judge-1"]);
    let close = told(rules(false), &FaultPlan::default());
    assert_eq!(close.judges(), ["p0.judge-1", "p0.judge-1r"]);
}

#[test]
fn every_pair_is_a_duel_of_each_judge() {
    let rules = Judging {
        panel: second(),
        method: Method::Pairwise,
        ..Judging::default()
    };
    let manner = likes(Taste::Prefers(7));
    let told = told(rules, &judges(manner, manner));
    let duels = ["AB-1", "AC-1", "BC-1", "AB-2", "AC-2", "BC-2"];
    assert_eq!(told.judges(), duels.map(|duel| format!("p0.judge-{duel}")));
    assert!(told.winner.is_some());
}

#[test]
fn knockout_of_three_takes_two_duels() {
    let rules = Judging {
        method: Method::Tournament,
        ..Judging::default()
    };
    let told = told(rules, &judges(likes(Taste::Prefers(7)), GOOD));
    assert_eq!(told.judges().len(), 2);
    assert!(told.winner.is_some());
}

#[test]
fn failures_of_judging_are_told_apart() {
    let abstain = |abstain| Judging {
        abstain,
        ..Judging::default()
    };
    let refuses = judges(likes(Taste::Refuses), GOOD);
    let why = |rules, faults| told(rules, faults).why;
    assert_eq!(why(abstain(true), &refuses), Some(Undecided::Abstained));
    assert_eq!(
        why(abstain(false), &refuses),
        Some(Undecided::NoneGoodEnough)
    );
    let data = Data::Invalid;
    let nonsense = judges(Manner { data, ..GOOD }, GOOD);
    assert_eq!(why(abstain(false), &nonsense), Some(Undecided::Unusable));
    let two = Judging {
        panel: second(),
        ..Judging::default()
    };
    let one = told(two.clone(), &nonsense);
    assert!(one.winner.is_some(), "the other judge decides");
}

#[test]
fn nobody_wins_a_knockout_unseen() {
    let rules = Judging {
        method: Method::Tournament,
        ..Judging::default()
    };
    let told = told(rules, &judges(likes(Taste::Refuses), GOOD));
    assert_eq!(told.judges().len(), 2);
    assert_eq!(told.why, Some(Undecided::NoneGoodEnough));
}

#[test]
fn an_ensemble_that_degrades_makes_do_with_any_number_of_calls() {
    let rules = Judging {
        orders: Orders::Both,
        ..Judging::default()
    };
    let faults = judges(likes(Taste::Prefers(1)), GOOD);
    for (calls, proposals, verdicts) in [(1, 1, 0), (2, 1, 1), (3, 2, 1), (4, 3, 1), (5, 3, 2)] {
        let mut plan = ensemble(rules.clone()).plan();
        plan.phases[0].budget.calls = Some(calls);
        plan.phases[0].at_limit = AtLimit::Degrade;
        let mut run = Run::new(plan, &faults);
        assert_eq!(run.live().unwrap(), Some(RunEnd::Done), "{calls} calls");
        check(&run.trace).unwrap();
        let spent = run.trace.spent_by(&"p0".into());
        assert_eq!(spent.started, proposals + verdicts, "{calls} calls");
    }
}

/// An ensemble that degrades, followed by two calls that have to be.
fn followed(rules: Judging) -> Plan {
    let work = || Part::from(Work::Document(vec![1]));
    let mut sketch = ensemble(rules);
    sketch.parts.extend([work(), work()]);
    let mut plan = sketch.plan();
    plan.phases[0].at_limit = AtLimit::Degrade;
    plan
}

#[test]
fn an_ensemble_that_degrades_leaves_room_for_what_follows() {
    let rules = Judging {
        orders: Orders::Both,
        ..Judging::default()
    };
    let faults = judges(likes(Taste::Prefers(1)), GOOD);
    // Each call is expected to use a token, those that follow ten.
    let expected = |phase: &str, purpose, number, input| Expected {
        phase: phase.into(),
        purpose,
        model: model(number),
        usage: Usage {
            input,
            ..Usage::default()
        },
        learned_from: 1,
    };
    let proposers = [0, 1, 2].map(|number| expected("p0", Purpose::Propose, number, 1));
    let later = ["p1", "p2"].map(|phase| expected(phase, Purpose::Work, 1, 10));
    let judge = expected("p0", Purpose::Judge, 3, 1);
    let all = [&proposers[..], &[judge], &later].concat();
    for (most, of_ensemble) in [(3, 1), (4, 2), (5, 3), (6, 4), (7, 5), (8, 5)] {
        for (calls, tokens) in [(Some(most), None), (None, Some(most + 18))] {
            let mut plan = followed(rules.clone());
            plan.expected.clone_from(&all);
            (plan.limits.calls, plan.limits.tokens) = (calls, tokens);
            let mut run = Run::new(plan, &faults);
            let what = format!("{calls:?} calls, {tokens:?} tokens");
            assert_eq!(run.live().unwrap(), Some(RunEnd::Done), "{what}");
            check(&run.trace).unwrap();
            let spent = run.trace.spent_by(&"p0".into());
            assert_eq!(spent.started, of_ensemble, "{what}");
        }
    }
}
