//! A hand-made history of a feature build: tasks, a refused edit, a task that needs a second try, an
//! audit that sends the run back once; and how else it may end.

use std::mem::discriminant;

use crate::model::{
    Answer, Audit, CallId, ChangeKind, Destination, Event, Failure, FailureKind, PersonAnswer,
    PhaseName, Purpose, Question, Record, RefusedChange, RunEnd, TaskId, TaskList, VerifyOutcome,
};

use super::sample::History;
use super::sample_build_parts::{
    answer, applied, closed, edited, fail, in_phase, pass, plan_of_a_build, started, task,
    task_call, task_done, tree, verification, verified,
};
use super::sample_parts::used;

/// Two rounds; the second audit passes, and the changes stand in the project.
pub(super) fn build() -> History {
    let mut history = until_second_audit();
    audited(&mut history, 80_000, 2, pass());
    let release = PhaseName::from("release");
    let condition = "inputs.release == yes".to_owned();
    history.add(
        84_000,
        Event::PhaseSkipped {
            phase: release,
            condition,
        },
    );
    history.add(84_010, applied(Destination::Tree));
    history.add(84_020, Event::RunEnded { end: RunEnd::Done });
    history
}

/// The same, onto a branch.
pub(super) fn build_on_a_branch() -> History {
    let mut history = until_second_audit();
    audited(&mut history, 80_000, 2, pass());
    let branch = "feature/rate-limit".to_owned();
    history.add(84_010, applied(Destination::Branch(branch)));
    history.add(84_020, Event::RunEnded { end: RunEnd::Done });
    history
}

/// The second audit fails too, and there is no third round.
pub(super) fn build_that_failed_its_audit() -> History {
    let mut history = until_second_audit();
    audited(&mut history, 80_000, 2, fail());
    history.add(
        84_010,
        Event::ChangesKept {
            blocked: true,
            tree: tree(5),
            reason: "the last audit's verdict is fail".to_owned(),
        },
    );
    let end = RunEnd::AuditFailed;
    history.add(84_020, Event::RunEnded { end });
    history
}

/// The second task is given up; what the first one changed is kept.
pub(super) fn build_that_lost_a_task() -> History {
    let mut history = until_execution();
    history.add(9_000, started("execute"));
    first_task(&mut history);
    history.create(20_020, task_call(2, &task(2)));
    history.start(20_030, "execute.task-2", 1, "gemini-pro");
    let failure = Failure::new(FailureKind::UnknownModel, "google does not know gemini-pro")
        .hint("`opencode models` lists what there is");
    history.fail(22_000, "execute.task-2", 1, failure.clone(), used(0, 0, 0));
    history.add(
        22_010,
        Event::CallFailed {
            call: CallId::from("execute.task-2"),
            failure: failure.clone(),
        },
    );
    history.add(
        22_020,
        Event::TaskFailed {
            phase: PhaseName::from("execute"),
            task: TaskId::from("T2"),
            failure,
        },
    );
    history.add(
        22_030,
        Event::PhaseFailed {
            phase: PhaseName::from("execute"),
            failure: Failure::new(FailureKind::NoDeliverable, "1 of 3 tasks was given up"),
        },
    );
    let end = RunEnd::Failed;
    history.add(22_040, Event::RunEnded { end });
    history
}

/// A person is asked before anything is changed.
pub(super) fn build_at_its_gate() -> History {
    let mut history = until_gate();
    let end = RunEnd::Waiting;
    history.add(8_020, Event::RunEnded { end });
    history
}

/// The person says no.
pub(super) fn build_that_was_rejected() -> History {
    let mut history = until_gate();
    history.add(
        8_500,
        Event::PersonAnswered {
            phase: PhaseName::from("execute"),
            answer: PersonAnswer::Rejected {
                reason: "the plan forgets the proxies".to_owned(),
            },
        },
    );
    let end = RunEnd::Failed;
    history.add(8_510, Event::RunEnded { end });
    history
}

/// A build in which everything that models write is what a terminal would obey.
pub(super) fn hostile_build() -> History {
    const EVIL: &str = "evil\x1b[2J\x1b]0;title\x07\r\n\u{202e}text";
    let mut history = build_that_failed_its_audit();
    let evil = serde_json::to_string(EVIL).expect("a text");
    let evil = evil.trim_matches('"');
    for record in &mut history.records {
        let mut json = serde_json::to_string(record).expect("plain data");
        for said in [
            "Count requests per client",
            "backend",
            "src/limit.js",
            "package.json",
            "the task may not change it",
            "npm test",
            "npm run lint",
            "The limit is written down nowhere.",
            "Set it anew",
            "The counters are never reset",
            "Is the plan good?",
            "the last audit's verdict",
        ] {
            json = json.replace(said, evil);
        }
        *record = serde_json::from_str(&json).expect("still a record");
    }
    history
}

/// Records whose kind others have too, but which hold something else.
pub(super) fn variants() -> Vec<Record> {
    let is_variant = |record: &Record| match &record.event {
        Event::AttemptSucceeded { result, .. } => {
            result.changes.is_some() || !matches!(result.answer, Answer::Document)
        }
        Event::CallCreated { call } => call.task.is_some(),
        Event::PhaseClosed { closing, .. } => closing.patch.is_some(),
        Event::PersonAsked { .. } => true,
        _ => false,
    };
    let mut found: Vec<Record> = Vec::new();
    for record in build().records.into_iter().filter(is_variant) {
        let kind = |record: &Record| match &record.event {
            Event::AttemptSucceeded { result, .. } => (
                discriminant(&record.event),
                Some(discriminant(&result.answer)),
            ),
            event => (discriminant(event), None),
        };
        if !found.iter().any(|known| kind(known) == kind(&record)) {
            found.push(record);
        }
    }
    let lasts = [
        build_on_a_branch(),
        build_that_failed_its_audit(),
        build_that_was_rejected(),
    ];
    let is_last = |record: &Record| match &record.event {
        Event::ChangesApplied { .. } => true,
        Event::RunEnded { end } => *end == RunEnd::AuditFailed,
        Event::PersonAnswered { answer, .. } => *answer != PersonAnswer::Approved,
        _ => false,
    };
    let lasts = lasts.into_iter().flat_map(|history| history.records);
    found.extend(lasts.filter(is_last));
    found
}

fn until_gate() -> History {
    let mut history = History::of(plan_of_a_build());
    history.begin("plan");
    history.create(20, in_phase("plan", Purpose::Work, 1, "claude-opus"));
    history.start(30, "plan.work-1", 1, "claude-opus");
    history.succeed(3_000, "plan.work-1", 1, answer(Answer::Document));
    history.add(3_010, closed("plan", 1, Some("docs/plan.md"), None));
    history.add(3_020, started("decompose"));
    history.create(
        3_030,
        in_phase("decompose", Purpose::Work, 1, "claude-opus"),
    );
    history.start(3_040, "decompose.work-1", 1, "claude-opus");
    let tasks = vec![task(1), task(2), task(3)];
    let written = answer(Answer::Tasks(TaskList { tasks }));
    history.succeed(7_900, "decompose.work-1", 1, written);
    history.add(7_910, closed("decompose", 2, Some("docs/tasks.md"), None));
    history.add(
        8_000,
        Event::PersonAsked {
            phase: PhaseName::from("execute"),
            question: Question::Approve {
                text: "Is the plan good?".to_owned(),
            },
        },
    );
    history
}

fn until_execution() -> History {
    let mut history = until_gate();
    history.add(
        8_900,
        Event::PersonAnswered {
            phase: PhaseName::from("execute"),
            answer: PersonAnswer::Approved,
        },
    );
    history
}

/// One file beside the task's own was touched; it was not taken over.
fn first_task(history: &mut History) {
    history.create(9_010, task_call(1, &task(1)));
    history.start(9_020, "execute.task-1", 1, "claude-sonnet");
    let mut result = edited(
        0,
        1,
        &[
            (ChangeKind::Added, "src/limit.js", 40, 0),
            (ChangeKind::Modified, "src/server.js", 6, 1),
        ],
    );
    if let Some(changes) = &mut result.changes {
        changes.refused.push(RefusedChange {
            path: "package.json".to_owned(),
            reason: "the task may not change it".to_owned(),
        });
    }
    history.succeed(18_000, "execute.task-1", 1, result);
    let passed = verification("node --test test/limit.test.js", VerifyOutcome::Passed, 900);
    history.add(19_000, verified("execute", Some("T1"), 1, passed));
    history.add(19_010, task_done("T1", 1, 1));
}

fn until_second_audit() -> History {
    let mut history = until_execution();
    history.add(9_000, started("execute"));
    first_task(&mut history);
    history.create(20_020, task_call(2, &task(2)));
    history.start(20_030, "execute.task-2", 1, "gemini-pro");
    let page = [(ChangeKind::Modified, "public/app.js", 9, 2)];
    history.succeed(26_000, "execute.task-2", 1, edited(1, 2, &page));
    history.add(26_010, task_done("T2", 2, 2));
    third_task(&mut history);
    history.add(40_000, closed("execute", 3, None, Some(3)));
    integrated(&mut history, 40_010, 1);
    audited(&mut history, 50_000, 1, fail());
    history.add(
        60_000,
        Event::LoopedBack {
            from: PhaseName::from("audit"),
            to: PhaseName::from("execute"),
            round: 1,
        },
    );
    history.add(60_010, started("execute"));
    history.create(60_020, task_call(5, &task(1)));
    history.start(60_030, "execute.task-5", 1, "claude-sonnet");
    let mended = [(ChangeKind::Modified, "src/limit.js", 5, 3)];
    history.succeed(66_000, "execute.task-5", 1, edited(4, 5, &mended));
    let passed = verification("node --test test/limit.test.js", VerifyOutcome::Passed, 800);
    history.add(67_000, verified("execute", Some("T1"), 5, passed));
    history.add(67_010, task_done("T1", 5, 5));
    history.add(67_020, closed("execute", 3, None, Some(5)));
    integrated(&mut history, 67_030, 2);
    history
}

/// Its first try does not pass; the second one starts anew.
fn third_task(history: &mut History) {
    const COMMAND: &str = "node --test test/limit.test.js";
    for (slot, at, outcome) in [
        (3, 27_000, VerifyOutcome::Failed),
        (4, 33_000, VerifyOutcome::Passed),
    ] {
        let id = format!("execute.task-{slot}");
        history.create(at, task_call(slot, &task(3)));
        history.start(at + 10, &id, 1, "claude-sonnet");
        let tests = [(
            ChangeKind::Added,
            "test/limit.test.js",
            30 + u64::from(slot),
            0,
        )];
        let left = if slot == 4 { 3 } else { 9 };
        history.succeed(at + 4_000, &id, 1, edited(2, left, &tests));
        let result = verification(COMMAND, outcome, 1_200);
        history.add(at + 5_200, verified("execute", Some("T3"), left, result));
    }
    history.add(38_210, task_done("T3", 4, 3));
}

/// The first round adds a file that the second one leaves alone.
fn integrated(history: &mut History, at: u64, round: u32) {
    let id = format!("integrate.work-{round}");
    history.add(at, started("integrate"));
    history.create(
        at + 10,
        in_phase("integrate", Purpose::Work, round, "claude-sonnet"),
    );
    history.start(at + 20, &id, 1, "claude-sonnet");
    let (result, left) = match round {
        1 => (
            edited(3, 4, &[(ChangeKind::Modified, "src/server.js", 2, 2)]),
            4,
        ),
        _ => (edited(5, 5, &[]), 5),
    };
    history.succeed(at + 4_000, &id, 1, result);
    let passed = verification("npm test", VerifyOutcome::Passed, 2_500);
    history.add(at + 6_500, verified("integrate", None, left, passed));
    let lint = verification("npm run lint", VerifyOutcome::AlreadyFailing, 700);
    history.add(at + 7_200, verified("integrate", None, left, lint));
    history.add(at + 7_210, closed("integrate", 4, None, Some(left)));
}

fn audited(history: &mut History, at: u64, round: u32, audit: Audit) {
    let id = format!("audit.work-{round}");
    history.add(at, started("audit"));
    history.create(
        at + 10,
        in_phase("audit", Purpose::Work, round, "claude-opus"),
    );
    history.start(at + 20, &id, 1, "claude-opus");
    history.succeed(at + 3_000, &id, 1, answer(Answer::Audit(audit)));
    history.add(
        at + 3_010,
        closed("audit", 5, Some("docs/verdict.md"), None),
    );
}
