//! Cases that failed once, as small as they became. Each is named after what must not happen again.

use super::cases::{can_die_anywhere, comes_to_the_same, keeps_its_rules};
use super::fault_plan::{
    Fault, FaultPlan, GOOD, HandOn, Hands, Luck, Manner, Person, Proof, SimulatedFailure, Tasks,
    Taste,
};
use super::limits::unlimited;
use super::plans::{Part, Sketch, When, Work};
use crate::model::{AtLimit, FailureKind, MicroUsd, Millis, RunLimits};
use crate::plan::{Distill, Judging, OnNone};

/// A plan of these works.
fn plan<const N: usize>(works: [Work; N]) -> Sketch {
    Sketch::from(works.map(Part::from).to_vec())
}

/// An editing phase by the first model.
fn edits() -> Work {
    Work::Edits {
        chain: vec![0],
        verify: Vec::new(),
        again: false,
    }
}

/// An audit by the last model, which goes back so many phases, so often.
fn audit(back: u8, max: u32) -> Work {
    Work::Audit {
        chain: vec![4],
        back: Some((back, max)),
    }
}

/// A condition that does not hold.
const NEVER: When = When {
    subject: 0,
    value: false,
    negated: false,
};

/// Everything goes well but for the first model.
fn first_model(manner: Manner) -> FaultPlan {
    let mut faults = FaultPlan::default();
    faults.manners[0] = manner;
    faults
}

/// Tasks, each by the first model.
fn tasks(go_on: bool) -> Work {
    Work::Tasks {
        splitter: vec![4],
        workers: vec![0],
        go_on,
        verify: Vec::new(),
    }
}

/// The supervisor dies at this step, before anything of it is on disk.
fn death(step: usize) -> Vec<(usize, Fault)> {
    let (written, recovers) = (0, false);
    vec![(
        step,
        Fault::Death {
            written,
            recovers,
            elsewhere: false,
        },
    )]
}

/// An ensemble of three that is judged as soon as one has proposed.
fn hasty() -> Work {
    Work::Ensemble {
        proposers: vec![vec![0], vec![1], vec![2]],
        judge: vec![3],
        rules: Judging::default(),
        sequential: false,
        quorum: Some(0),
    }
}

#[test]
fn a_loop_to_a_phase_that_was_left_out_ends() {
    let mut sketch = plan([edits(), audit(1, 1)]);
    sketch.parts[0].when = Some(NEVER);
    let faults = FaultPlan {
        passes: vec![false],
        ..FaultPlan::default()
    };
    keeps_its_rules(&sketch, &faults).unwrap();
}

#[test]
fn a_phase_that_was_left_out_gets_its_chance_in_the_next_round() {
    let first = Work::Audit {
        chain: vec![4],
        back: None,
    };
    let mut sketch = plan([edits(), first, Work::Document(vec![0]), audit(3, 1)]);
    sketch.parts[2].when = Some(When {
        subject: 1,
        value: true,
        negated: false,
    });
    let faults = FaultPlan {
        passes: vec![false, true],
        ..FaultPlan::default()
    };
    keeps_its_rules(&sketch, &faults).unwrap();
}

#[test]
fn a_person_can_pick_behind_a_gate() {
    let ensemble = Work::Ensemble {
        proposers: vec![vec![1]],
        judge: vec![0],
        rules: Judging::default(),
        sequential: false,
        quorum: None,
    };
    let mut sketch = plan([ensemble]);
    sketch.parts[0].gate = true;
    let faults = first_model(Manner {
        taste: Taste::Refuses,
        ..GOOD
    });
    keeps_its_rules(&sketch, &faults).unwrap();
}

#[test]
fn what_stands_there_is_not_delivered_again() {
    can_die_anywhere(&plan([edits()]), &FaultPlan::default()).unwrap();
}

#[test]
fn a_run_that_is_interrupted_at_its_delivery_says_nothing_wrong_of_its_changes() {
    let sketch = plan([edits()]);
    let faults = FaultPlan {
        // Begun, ended, closed; the delivery is under way.
        blows: vec![(4, Fault::Interrupt)],
        ..FaultPlan::default()
    };
    comes_to_the_same(&sketch, &faults).unwrap();
}

#[test]
fn a_limit_that_is_reached_when_all_is_done_stops_nothing() {
    let mut sketch = plan([edits()]);
    sketch.limits.wall = Some(Millis(1_150));
    keeps_its_rules(&sketch, &FaultPlan::default()).unwrap();
    sketch.limits.wall = None;
    sketch.limits.tokens = Some(2);
    keeps_its_rules(&sketch, &FaultPlan::default()).unwrap();
}

#[test]
fn a_limit_that_is_reached_when_an_audit_ends_leaves_its_loop() {
    let mut sketch = plan([edits(), audit(1, 1)]);
    sketch.limits.wall = Some(Millis(2_350));
    let faults = FaultPlan {
        passes: vec![false, true],
        ..FaultPlan::default()
    };
    keeps_its_rules(&sketch, &faults).unwrap();
}

#[test]
fn a_straggler_that_was_left_behind_wants_no_call() {
    let ensemble = Work::Ensemble {
        proposers: vec![vec![0], vec![1]],
        judge: vec![2],
        rules: Judging::default(),
        sequential: false,
        quorum: Some(0),
    };
    let mut sketch = plan([ensemble]);
    sketch.limits.calls = Some(3);
    let faults = FaultPlan {
        // The straggler's time is over before it answers.
        choices: vec![0, 1, 0],
        ..FaultPlan::default()
    };
    keeps_its_rules(&sketch, &faults).unwrap();
}

#[test]
fn tasks_with_names_like_tries_are_tasks_of_their_own() {
    let list = Tasks {
        tasks: vec![(0, Some(0)), (0, None)],
        reversed: false,
        alike: true,
    };
    let faults = FaultPlan {
        lists: vec![list],
        proofs: vec![Proof::FailsFirst],
        ..FaultPlan::default()
    };
    keeps_its_rules(&plan([tasks(false)]), &faults).unwrap();
}

#[test]
fn a_task_that_is_tried_afresh_waits_for_the_one_under_way() {
    let list = Tasks {
        tasks: vec![(0, Some(0)), (0, None), (0, None)],
        ..Tasks::default()
    };
    let mut faults = FaultPlan {
        lists: vec![list],
        proofs: vec![Proof::Fails],
        ..FaultPlan::default()
    };
    for step in 1..16 {
        faults.blows = death(step);
        comes_to_the_same(&plan([tasks(true)]), &faults).unwrap();
    }
}

#[test]
fn a_decided_phase_remembers_the_tasks_that_were_given_up() {
    let list = Tasks {
        tasks: vec![(0, Some(0)), (0, None)],
        ..Tasks::default()
    };
    let faults = FaultPlan {
        lists: vec![list],
        proofs: vec![Proof::Fails],
        ..FaultPlan::default()
    };
    can_die_anywhere(&plan([tasks(true)]), &faults).unwrap();
}

#[test]
fn a_straggler_is_not_asked_again_in_the_next_round() {
    let sketch = plan([hasty(), audit(1, 1)]);
    let mut faults = FaultPlan {
        passes: vec![false],
        // One proposes, and the time of the others is over before they do.
        choices: vec![0, 2],
        ..FaultPlan::default()
    };
    keeps_its_rules(&sketch, &faults).unwrap();
    // One of them takes so long to end that the next round begins meanwhile.
    faults.choices = vec![0, 2, 0, 1, 1, 1];
    keeps_its_rules(&sketch, &faults).unwrap();
}

#[test]
fn what_a_limit_stopped_is_not_closed_all_the_same() {
    let mut sketch = plan([Work::Document(vec![0])]);
    sketch.parts[0].distill = Distill::Model(vec!["m1".into()]);
    sketch.limits.tokens = Some(3);
    let mut faults = first_model(Manner {
        hands_off: false,
        ..GOOD
    });
    // The distilling call goes a step further, and has ended by the time it is told to stop.
    faults.choices = vec![0, 200, 1];
    keeps_its_rules(&sketch, &faults).unwrap();
}

#[test]
fn an_audit_has_its_loops_for_itself() {
    let sketch = plan([Work::Document(vec![0]), audit(0, 2), audit(1, 1)]);
    let faults = FaultPlan {
        passes: vec![false, true, false],
        ..FaultPlan::default()
    };
    keeps_its_rules(&sketch, &faults).unwrap();
}

#[test]
fn what_was_given_up_in_one_round_leaves_the_work_of_others_known() {
    let first = Work::Audit {
        chain: vec![4],
        back: None,
    };
    let list = |proof, needs| Tasks {
        tasks: vec![(0, None), (0, proof), (needs, None)],
        ..Tasks::default()
    };
    let mut faults = FaultPlan {
        proofs: vec![Proof::Fails],
        passes: vec![false],
        repeats: true,
        ..FaultPlan::default()
    };
    // The second round has findings that the first and the third one have not: its tasks are others.
    faults.lists = vec![list(Some(0), 0)];
    let sketch = plan([first.clone(), tasks(true), audit(1, 1), audit(3, 1)]);
    can_die_anywhere(&sketch, &faults).unwrap();
    // A task is given up in the second round that nobody worked on, since one that it needs failed.
    let good = list(None, 0b10);
    faults.lists = vec![good.clone(), list(Some(0), 0b10), good];
    let sketch = plan([first, tasks(true), audit(2, 1), audit(3, 1)]);
    can_die_anywhere(&sketch, &faults).unwrap();
}

#[test]
fn what_a_person_does_about_results_changes_nothing_about_their_delivery() {
    let sketch = plan([edits(), tasks(false)]);
    use HandOn::{Apply, ApplyPart, ApplyToBranch, Undo, UndoPart};
    for hands in [
        [Apply, Undo],
        [ApplyPart, Undo],
        [ApplyPart, Apply],
        [Apply, UndoPart],
        [ApplyToBranch, Undo],
        [Undo, Undo],
    ] {
        for step in 1..30 {
            let faults = FaultPlan {
                hands_on: hands.to_vec(),
                blows: death(step),
                ..FaultPlan::default()
            };
            keeps_its_rules(&sketch, &faults).unwrap();
        }
    }
}

#[test]
fn a_document_that_is_changed_late_takes_back_no_edits() {
    let mut sketch = plan([edits(), edits(), Work::Document(vec![0])]);
    sketch.parts[2].gate = true;
    for silent in 0..2 {
        // Which document is changed depends on how often the person was asked.
        let mut people = vec![Person::Silent; silent];
        people.push(Person::Corrects);
        let faults = FaultPlan {
            people,
            ..FaultPlan::default()
        };
        keeps_its_rules(&sketch, &faults).unwrap();
    }
}

#[test]
fn a_document_that_is_changed_after_an_undo_is_in_the_project() {
    let mut sketch = plan([Work::Document(vec![0]), Work::Document(vec![0])]);
    sketch.parts[0].output = true;
    sketch.parts[1].gate = true;
    let faults = FaultPlan {
        people: vec![Person::Corrects],
        hands_on: vec![HandOn::Undo],
        ..FaultPlan::default()
    };
    keeps_its_rules(&sketch, &faults).unwrap();
}

#[test]
fn tasks_after_candidates_end_alike_wherever_the_supervisor_dies() {
    let candidates = Work::Candidates {
        proposers: vec![vec![0], vec![0]],
        judge: vec![0],
        rules: Judging::default(),
        verify: vec![0],
        on_none: OnNone::Repair,
        crosses: false,
    };
    let tasks = Work::Tasks {
        splitter: vec![1],
        workers: vec![1],
        go_on: true,
        verify: Vec::new(),
    };
    let mut sketch = plan([candidates, tasks]);
    sketch.limits = unlimited(1);
    sketch.allowed = 4;
    for part in &mut sketch.parts {
        part.distill = Distill::Agent;
    }
    let hands = Hands::Grabbing;
    let mut faults = first_model(Manner {
        hands: Hands::Busy,
        ..GOOD
    });
    faults.manners[1] = Manner { hands, ..GOOD };
    faults.proofs = vec![
        Proof::Passes,
        Proof::AlreadyFails,
        Proof::FailsAtTimes,
        Proof::Passes,
    ];
    faults.lists = vec![Tasks {
        tasks: vec![(145, Some(3)), (212, Some(2)), (233, None)],
        reversed: false,
        alike: true,
    }];
    faults.repeats = true;
    faults.attended = true;
    faults.choices = vec![
        91, 255, 79, 121, 32, 107, 84, 186, 18, 120, 202, 215, 148, 228, 78, 249, 238, 241, 196,
        253, 112, 48, 66, 123, 226, 4, 102, 186, 244,
    ];
    can_die_anywhere(&sketch, &faults).unwrap();
}

#[test]
fn what_was_lost_has_told_nothing_of_its_model() {
    let candidates = Work::Candidates {
        proposers: vec![vec![0], vec![4], vec![4]],
        judge: vec![0],
        rules: Judging::default(),
        verify: Vec::new(),
        on_none: OnNone::Repair,
        crosses: false,
    };
    let mut sketch = plan([candidates]);
    sketch.limits = RunLimits {
        tokens: Some(27),
        ..unlimited(3)
    };
    let mut faults = first_model(Manner { spends: 9, ..GOOD });
    faults.manners[4].spends = 17;
    // One is cancelled, the others are lost; then each is started again at once.
    faults.choices = vec![19, 51, 4];
    faults.blows = vec![(2, Fault::Interrupt)];
    keeps_its_rules(&sketch, &faults).unwrap();
}

#[test]
fn a_part_before_a_limit_is_gone_on_with() {
    let mut sketch = plan([edits()]);
    sketch.parts[0].checkpoint = Some(1);
    sketch.parts[0].budget.tokens = Some(1);
    sketch.parts[0].at_limit = AtLimit::Fail;
    let mut faults = first_model(Manner { spends: 1, ..GOOD });
    faults.manners[0].reach.stops = 1;
    keeps_its_rules(&sketch, &faults).unwrap();
}

#[test]
fn what_ended_without_a_supervisor_passes_a_limit() {
    let lenses = vec![vec![4], vec![1], vec![2]];
    let mut sketch = plan([Work::Lenses {
        lenses,
        judge: None,
    }]);
    sketch.limits = RunLimits {
        tokens: Some(16),
        cost: Some(MicroUsd(16)),
        ..unlimited(3)
    };
    let mut faults = FaultPlan::default();
    let retry_after = None;
    let kind = FailureKind::NoDeliverable;
    let luck = Luck::Flaky(1, SimulatedFailure { kind, retry_after });
    faults.manners[1] = Manner {
        spends: 1,
        luck,
        ..GOOD
    };
    faults.manners[2] = Manner { luck, ..GOOD };
    faults.manners[4] = Manner { spends: 16, ..GOOD };
    faults.choices = vec![67];
    let [recovers, elsewhere] = [true; 2];
    let death = Fault::Death {
        written: 2,
        recovers,
        elsewhere,
    };
    faults.blows = vec![(2, death)];
    keeps_its_rules(&sketch, &faults).unwrap();
}
