//! Work in parts, told as examples: what exactly is called in which order.

use super::fault_plan::{FaultPlan, GOOD, Luck, Manner, Proof, Reach, SimulatedFailure};
use super::invariants::check;
use super::part::states_of;
use super::plans::{Part, Sketch, Work, model};
use super::run::Run;
use super::trace::{Moment, Trace};
use crate::model::{CallSpec, FailureKind, HandoffOrigin, Purpose, RunEnd};
use crate::plan::Distill;
use crate::run::{Event, PhaseEvent};

/// A model that is stopped so often before its work is done, the parts of these bits without a change.
fn stopped(stops: u32, idle: u16) -> Manner {
    let begins = 10;
    Manner {
        reach: Reach {
            stops,
            idle,
            begins,
        },
        ..GOOD
    }
}

/// A phase that edits, by the first model, with a checkpoint. Its states are distilled by this one.
fn edits(distill: Distill) -> Part {
    let work = Work::Edits {
        chain: vec![0],
        verify: vec![0],
        again: false,
    };
    Part {
        distill,
        checkpoint: Some(100),
        ..Part::from(work)
    }
}

/// The first model is like that; the commands pass.
fn first(manner: Manner) -> FaultPlan {
    let mut faults = FaultPlan::default();
    faults.manners[0] = manner;
    faults
}

fn quick() -> Distill {
    Distill::Model(vec![model(1)])
}

/// The run of these phases, and how it ends.
fn lived(parts: Vec<Part>, faults: &FaultPlan) -> (Trace, Option<RunEnd>) {
    live(Run::new(Sketch::from(parts).plan(), faults))
}

fn live(mut run: Run<'_>) -> (Trace, Option<RunEnd>) {
    let end = run.live().unwrap();
    check(&run.trace).unwrap();
    (run.trace, end)
}

/// The calls in their order.
fn calls(trace: &Trace) -> Vec<CallSpec> {
    let created = trace.moments.iter().filter_map(|moment| match moment {
        Moment::Wrote(record) => match &record.event {
            Event::Phase {
                event: PhaseEvent::CallCreated { call },
                ..
            } => Some(call.clone()),
            _ => None,
        },
        Moment::Heard(_) | Moment::Ordered(_) | Moment::Died | Moment::Did(..) => None,
    });
    created.map(|call| CallSpec::clone(&call)).collect()
}

fn ids(trace: &Trace) -> Vec<String> {
    calls(trace)
        .iter()
        .map(|call| call.id.to_string())
        .collect()
}

#[test]
fn each_part_is_followed_by_who_distills_it_and_by_the_next_one() {
    let (trace, end) = lived(vec![edits(quick())], &first(stopped(2, 0)));
    assert_eq!(end, Some(RunEnd::Done));
    assert_eq!(
        ids(&trace),
        [
            "p0.work-1",
            "p0.distill-1.part-1",
            "p0.work-1.part-2",
            "p0.distill-1.part-2",
            "p0.work-1.part-3",
        ]
    );
}

#[test]
fn a_second_try_and_a_second_round_have_parts_of_their_own() {
    let audit = Work::Audit {
        chain: vec![4],
        back: Some((1, 1)),
    };
    let faults = FaultPlan {
        proofs: vec![Proof::FailsFirst],
        passes: vec![false, true],
        ..first(stopped(1, 0))
    };
    let (trace, end) = lived(vec![edits(Distill::Nobody), audit.into()], &faults);
    assert_eq!(end, Some(RunEnd::Done));
    assert_eq!(
        ids(&trace),
        [
            "p0.work-1",
            "p0.work-1.part-2",
            "p0.work-1.2",
            "p0.work-1.2.part-2",
            "p1.work-1",
            "p0.work-1@2",
            "p0.work-1.part-2@2",
            "p0.work-1.2@2",
            "p0.work-1.2.part-2@2",
            "p1.work-1@2",
        ]
    );
}

#[test]
fn each_task_has_parts_of_its_own() {
    let tasks = Work::Tasks {
        splitter: vec![4],
        workers: vec![0],
        go_on: false,
        verify: Vec::new(),
    };
    let part = Part {
        checkpoint: Some(100),
        ..Part::from(tasks)
    };
    let (trace, end) = lived(vec![part], &first(stopped(1, 0)));
    assert_eq!(end, Some(RunEnd::Done));
    assert_eq!(
        ids(&trace)[1..],
        [
            "p0-tasks.task-T0",
            "p0-tasks.distill-T0.part-1",
            "p0-tasks.task-T0.part-2",
        ]
    );
}

#[test]
fn the_working_model_distills_or_the_one_that_is_named_or_nobody_and_rules_stand_in() {
    let broken = Luck::Broken(SimulatedFailure {
        kind: FailureKind::Auth,
        retry_after: None,
    });
    for (distill, luck, writer, origin) in [
        (
            Distill::Agent,
            Luck::Good,
            Some(0),
            HandoffOrigin::Distilled,
        ),
        (quick(), Luck::Good, Some(1), HandoffOrigin::Distilled),
        (quick(), broken, Some(1), HandoffOrigin::Extracted),
        (Distill::Nobody, Luck::Good, None, HandoffOrigin::Extracted),
    ] {
        let mut faults = first(stopped(1, 0));
        faults.manners[1].luck = luck;
        let (trace, end) = lived(vec![edits(distill)], &faults);
        assert_eq!(end, Some(RunEnd::Done));
        let calls = calls(&trace);
        let asked = calls.iter().find(|call| call.purpose == Purpose::Distill);
        assert_eq!(asked.map(|call| &call.chain[0]), writer.map(model).as_ref());
        let (state, _) = states_of(calls.last().unwrap()).next().unwrap();
        assert_eq!(state.origin, origin);
    }
}

#[test]
fn work_that_stands_still_fails_and_a_resumed_run_tries_its_last_part_once_more() {
    let still = first(stopped(u32::MAX, 0b1101));
    let (trace, end) = lived(vec![edits(Distill::Nobody)], &still);
    assert_eq!(end, Some(RunEnd::Failed));
    assert_eq!(calls(&trace).len(), 4);

    let (trace, end) = live(Run::after(trace, &still));
    assert_eq!(end, Some(RunEnd::Failed));
    assert_eq!(ids(&trace)[4..], ["p0.work-1.part-4"]);

    let moved = first(stopped(4, 0b0101));
    let (trace, end) = live(Run::after(trace, &moved));
    assert_eq!(end, Some(RunEnd::Done));
    assert_eq!(ids(&trace)[5..], ["p0.work-1.part-4", "p0.work-1.part-5"]);
}

#[test]
fn the_tenth_part_is_not_stopped_any_more() {
    let faults = first(stopped(u32::MAX, 0));
    let (trace, end) = lived(vec![edits(Distill::Nobody)], &faults);
    assert_eq!(end, Some(RunEnd::Done));
    let checkpoints: Vec<_> = calls(&trace).iter().map(|call| call.checkpoint).collect();
    assert_eq!(checkpoints[..9], [Some(100); 9]);
    assert_eq!(checkpoints[9..], [None]);
}

#[test]
fn a_part_that_begins_near_the_checkpoint_or_beyond_it_has_room_for_a_quarter() {
    for (begins, next) in [(10, 100), (75, 100), (99, 124), (400, 425)] {
        let mut manner = stopped(1, 0);
        manner.reach.begins = begins;
        let (trace, _) = lived(vec![edits(Distill::Nobody)], &first(manner));
        let checkpoints: Vec<_> = calls(&trace).iter().map(|call| call.checkpoint).collect();
        assert_eq!(checkpoints, [Some(100), Some(next)]);
    }
}
