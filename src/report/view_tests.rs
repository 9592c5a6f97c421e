//! Tests of the fold, over whole histories and over odd ones.

use proptest::prelude::*;

use super::*;
use crate::model::{Decider, Label, Rung, TaskId, Usage};
use crate::report::view_task::{TaskState, TaskView};
use crate::report::{sample, sample_build};
use crate::run::{AttemptEnd, Event, PhaseEvent, RunEvent};

#[test]
fn the_states_of_an_ensemble() {
    let history = sample::ensemble();
    let view = RunView::replay(&history.plan, &history.records);
    let state = |id: &str| view.call(&CallId::from(id)).map(progress);
    assert_eq!(state("plan.propose-1"), Some(CallProgress::Done));
    let straggler = state("plan.propose-2");
    assert!(matches!(straggler, Some(CallProgress::Cancelled(_))));
    let phase = view.phases().next().expect("planned");
    assert!(matches!(phase.status(), PhaseStatus::Closed(_)));
    let behind = phase
        .labels()
        .iter()
        .find(|(label, _)| label.as_str() == "B");
    assert_eq!(behind.expect("B is sealed").1.as_str(), "plan.propose-1");
    let verdict = view.verdict(phase).expect("the judge judged");
    assert_eq!(short_name(verdict.call), "judge");
    assert_eq!(verdict.judgement.winner, Some(Label::from("B")));
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
        Millis(39_400 + 9_030)
    );
    let now = view.state.last.expect("there are records");
    let worked = view.state.worked(now);
    let phase = view.phases().next().expect("planned");
    assert_eq!(phase.state.time(worked), Some(Millis(39_390 + 9_030)));
}

#[test]
fn a_killed_supervisor_leaves_lost_attempts_and_waiting_calls() {
    let mut history = sample::ensemble();
    history.records.truncate(history.until("quorum_reached"));
    let mut resumed = history.records[0].clone();
    resumed.at = Timestamp(resumed.at.0 + 1_000_000);
    resumed.event = Event::Run(RunEvent::Resumed {
        version: "0.2.0".to_owned(),
        sandbox: Rung::None,
        elsewhere: Vec::new(),
    });
    history.records.push(resumed);
    let view = RunView::replay(&history.plan, &history.records);
    let straggler = view.call(&CallId::from("plan.propose-2")).expect("created");
    assert_eq!(progress(straggler), CallProgress::Waiting);
    assert_eq!(straggler.attempts[0].end(), Some(&AttemptEnd::Lost));
    assert_ne!(usage(straggler), Usage::default());
    let resumed = view.state.last.expect("resumed");
    assert_eq!(view.totals(resumed).wall, Millis(22_010));
    // Nor does the attempt take longer than it was worked on, whatever ends it after the resume.
    let took = straggler.attempts[0].time(resumed);
    assert!(took <= Millis(22_010), "{took}");
}

#[test]
fn a_call_that_takes_its_own_result_has_none() {
    let mut history = sample::ensemble();
    let mut events = history.records.drain(..).map(|record| record.event);
    let spec = events.find_map(|event| match event {
        Event::Phase {
            event: PhaseEvent::CallCreated { call },
            ..
        } => Some(call),
        _ => None,
    });
    drop(events);
    let call = spec.expect("calls were created");
    let (phase, from) = (call.phase.clone(), call.id.clone());
    history.add(0, PhaseEvent::CallReused { call, from }.of(phase));
    let view = RunView::replay(&history.plan, &history.records);
    assert_eq!(view.state.calls().next().and_then(CallState::result), None);
}

#[test]
fn a_task_is_waiting_running_checked_and_done_and_open_again_when_a_loop_takes_it_up() {
    let history = sample_build::build();
    let state = |count: usize| {
        let view = RunView::replay(&history.plan, &history.records[..count]);
        let phase = view.phase(&"execute".into()).expect("planned");
        let tasks = view.tasks(phase);
        let task = tasks.iter().find(|task| task.task.id == TaskId::from("T1"));
        format!("{:?}", task.expect("it was written down").state)
    };
    let done = history.until("task_done");
    let verified = history.until("verified");
    assert_eq!(state(history.until("person_answered")), "Waiting");
    assert_eq!(state(verified - 3), "Running");
    assert_eq!(state(verified), "Checking");
    assert_eq!(state(done), "Done");
    let looped = history.until("looped_back");
    assert_eq!(state(looped), "Done");
    assert_eq!(state(looped + 2), "Running");
}

#[test]
fn a_loop_begins_the_phases_from_there_on_again_and_keeps_what_they_left() {
    let mut history = sample_build::build();
    let whole = RunView::replay(&history.plan, &history.records);
    history.records.truncate(history.until("looped_back"));
    let view = RunView::replay(&history.plan, &history.records);
    let rounds: Vec<u32> = view.phases().map(|phase| phase.state.round()).collect();
    assert_eq!(rounds, [1, 1, 2, 2, 2, 1]);
    let audit = view.phases().nth(4).expect("planned");
    assert_eq!(audit.status(), PhaseStatus::Waiting);
    assert!(audit.state.closing().is_some());
    let now = view.state.last.expect("there are records");
    let time = |view: &RunView| {
        let audit = view.phases().nth(4)?;
        audit.state.time(view.state.worked(now))
    };
    assert_eq!(time(&view), Some(Millis(3_010)));
    assert_eq!(time(&whole), Some(Millis(6_020)));
}

#[test]
fn calls_of_tasks_are_known_by_try_and_title() {
    let history = sample_build::build();
    let view = RunView::replay(&history.plan, &history.records);
    let name = |id: &str| view.call(&CallId::from(id)).map(short_name);
    let names = ["execute.task-T1", "execute.task-T3.2", "execute.task-T1@2"].map(name);
    let expected = [
        "T1 Count requests per client",
        "T3.2 Test the limit",
        "T1@2 Count requests per client",
    ];
    assert_eq!(names, expected.map(|name| Some(name.into())));
    assert_eq!(name("plan.work-1"), Some("work-1".into()));
}

#[test]
fn a_resumed_run_gives_tasks_that_were_given_up_another_chance() {
    let mut history = sample_build::build_that_lost_a_task();
    let states = |history: &sample::History| {
        let view = RunView::replay(&history.plan, &history.records);
        let tasks = view.tasks(view.phases().nth(2).expect("planned"));
        let failed = |task: &TaskView<'_>| matches!(task.state, TaskState::Failed(_));
        tasks.iter().map(failed).collect::<Vec<_>>()
    };
    assert_eq!(states(&history), [false, true, false]);
    let resumed = || {
        Event::Run(RunEvent::Resumed {
            version: "0.1.0".to_owned(),
            sandbox: Rung::None,
            elsewhere: Vec::new(),
        })
    };
    let mut decided = sample_build::build_that_lost_a_task();
    let winner = PhaseEvent::WinnerChosen {
        call: "execute.task-T1".into(),
        label: None,
        by: Decider::Only,
    }
    .of("execute");
    decided.add(29_000, winner);
    decided.add(30_000, resumed());
    assert_eq!(states(&decided), [false, true, false]);
    history.add(30_000, resumed());
    assert_eq!(states(&history), [false, false, false]);
}

proptest! {
    /// Any records in any order, from any point on: everything can still be shown.
    #[test]
    fn no_history_is_too_odd_to_show(
        picks in prop::collection::vec(0..400_usize, 0..80),
        builds in any::<bool>(),
    ) {
        let mut all = sample::ensemble().records;
        all.extend(sample::waiting().records);
        all.extend(sample::failed().records);
        all.extend(sample::hostile().records);
        all.extend(sample::every_event());
        all.extend(sample_build::build().records);
        all.extend(sample_build::build_that_lost_a_task().records);
        let plan = if builds { sample_build::build().plan } else { sample::ensemble().plan };
        let picked: Vec<Record> = picks.iter().map(|pick| all[pick % all.len()].clone()).collect();
        let mut display = crate::report::Display::plain(RunView::replay(&plan, &[]), std::io::sink());
        for record in &picked {
            display.apply(record).expect("a sink takes everything");
        }
        let view = RunView::replay(&plan, &picked);
        let viewer = crate::report::Viewer { width: 60, ..crate::report::Viewer::anywhere(&view) };
        let shown = crate::report::Shown {
            view: &view,
            folder: "x",
            viewer: &viewer,
            supervisor: crate::report::Supervisor::Gone,
            now: Timestamp(0),
            zone: &jiff::tz::TimeZone::UTC,
            ledgers: &[],
        };
        crate::report::render_show(&shown, &crate::report::ShowPart::ALL);
        let result = crate::report::render_summary(&shown);
        prop_assert!(result.lines().count() <= 20, "{result}");
    }

    #[test]
    fn every_prefix_can_be_shown(length in 0..60_usize) {
        let history = sample::waiting();
        let records = &history.records[..length.min(history.records.len())];
        let view = RunView::replay(&history.plan, records);
        let now = view.state.last.unwrap_or_default();
        prop_assert!(view.totals(now).wall <= now.since(Timestamp(0)));
    }
}
