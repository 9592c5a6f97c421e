//! Tests of the fold, over whole histories and over odd ones.

use proptest::prelude::*;

use super::*;
use crate::model::Usage;
use crate::report::sample;

#[test]
fn the_states_of_an_ensemble() {
    let history = sample::ensemble();
    let view = RunView::replay(&history.plan, &history.records);
    let state = |id: &str| view.call(&CallId::from(id)).map(|call| &call.state);
    assert!(matches!(state("plan.propose-1"), Some(CallState::Done(_))));
    assert!(matches!(
        state("plan.propose-2"),
        Some(CallState::Cancelled(_))
    ));
    let phase = &view.phases[0];
    assert!(matches!(phase.state, PhaseState::Closed(_)));
    let behind = view.behind(phase, &Label::from("B")).expect("B is sealed");
    assert_eq!(behind.short_name(), "propose-1");
    let (judge, judgement) = view.verdict(phase).expect("the judge judged");
    assert_eq!(judge.short_name(), "judge");
    assert_eq!(judgement.winner, Some(Label::from("B")));
}

#[test]
fn what_failed_and_cancelled_attempts_used_counts_too() {
    let history = sample::ensemble();
    let view = RunView::replay(&history.plan, &history.records);
    let totals = view.totals(Timestamp(u64::MAX));
    assert_eq!(totals.attempts, 5);
    assert_eq!(totals.usage.tokens(), 8_200 * 2 + 1_200 + 3_650 + 5_800);
    assert_eq!(totals.wall, Millis(46_610));
}

#[test]
fn time_without_a_supervisor_does_not_count() {
    let history = sample::waiting();
    let view = RunView::replay(&history.plan, &history.records);
    assert_eq!(
        view.totals(Timestamp(u64::MAX)).wall,
        Millis(39_410 + 9_030)
    );
    let now = view.last.expect("there are records");
    assert_eq!(view.phases[0].time(now), Some(Millis(39_400 + 9_030)));
}

#[test]
fn a_killed_supervisor_leaves_lost_attempts_and_waiting_calls() {
    let mut history = sample::ensemble();
    history.records.truncate(history.until("QuorumReached"));
    let mut resumed = history.records[0].clone();
    resumed.at = Timestamp(resumed.at.0 + 1_000_000);
    resumed.event = Event::RunResumed {
        version: "0.2.0".to_owned(),
    };
    history.records.push(resumed);
    let view = RunView::replay(&history.plan, &history.records);
    let straggler = view.call(&CallId::from("plan.propose-2")).expect("created");
    assert_eq!(straggler.state, CallState::Waiting);
    assert_eq!(
        straggler.attempts[0].state,
        crate::report::AttemptState::Lost
    );
    assert_ne!(straggler.usage(), Usage::default());
    assert_eq!(
        view.totals(view.session.expect("resumed")).wall,
        Millis(22_010)
    );
}

#[test]
fn reused_calls_that_point_at_each_other_end() {
    let mut history = sample::ensemble();
    let spec = history
        .records
        .iter()
        .find_map(|record| match &record.event {
            Event::CallCreated { call } => Some(call.clone()),
            _ => None,
        });
    let spec = spec.expect("calls were created");
    history.records.clear();
    let mut view = RunView::replay(&history.plan, &[]);
    view.add_call(&spec, CallState::Reused(spec.id.clone()));
    assert_eq!(view.result(&view.calls[0]), None);
}

proptest! {
    /// Any records in any order, from any point on: everything can still be shown.
    #[test]
    fn no_history_is_too_odd_to_show(picks in prop::collection::vec(0..400_usize, 0..80)) {
        let mut all = sample::ensemble().records;
        all.extend(sample::waiting().records);
        all.extend(sample::failed().records);
        all.extend(sample::hostile().records);
        all.extend(sample::every_event());
        let plan = sample::ensemble().plan;
        let picked: Vec<Record> = picks.iter().map(|pick| all[pick % all.len()].clone()).collect();
        let mut display = crate::report::Display::plain(RunView::new(&plan), std::io::sink());
        for record in &picked {
            display.apply(record).expect("a sink takes everything");
        }
        let view = RunView::replay(&plan, &picked);
        crate::report::render_show(&crate::report::Shown {
            view: &view,
            folder: "x",
            supervisor: crate::report::Supervisor::Gone,
            now: Timestamp(0),
            zone: &jiff::tz::TimeZone::UTC,
            ledgers: &[],
        });
    }

    #[test]
    fn every_prefix_can_be_shown(length in 0..60_usize) {
        let history = sample::waiting();
        let records = &history.records[..length.min(history.records.len())];
        let view = RunView::replay(&history.plan, records);
        let now = view.last.unwrap_or_default();
        prop_assert!(view.totals(now).wall <= now.since(Timestamp(0)));
    }
}
