//! A hand-made history of a feature build: tasks, a refused edit, a task that needs a second try, an
//! audit that sends the run back once; and how else it may end.

use std::mem::discriminant;

use crate::model::{
    Answer, Audit, CallId, ChangeKind, Destination, Failure, FailureKind, PersonAnswer, PhaseName,
    Question, RefusedChange, RunEnd, TaskId, TaskList, Unmerged, VerifyOutcome,
};
use crate::run::{CallEvent, Event, PhaseEvent, Record, RunEvent};

use super::sample::{History, kind as name};
use super::sample_build_parts::{
    answer, applied, closed, distilling, edited, fail, in_phase, only, part_call, pass,
    plan_of_a_build, started, stopped, task, task_call, task_done, tree, verification, verified,
    verify_started,
};
use super::sample_parts::used;

/// Two rounds; the second audit passes, and the changes are in the project.
pub(super) fn build() -> History {
    let mut history = until_second_audit();
    audited(&mut history, 80_000, 2, pass());
    let release = PhaseName::from("release");
    let condition = "inputs.release == yes".to_owned();
    history.add(84_000, PhaseEvent::Skipped { condition }.of(release));
    history.add(84_010, applied(Destination::Tree));
    history.add(84_020, Event::Run(RunEvent::Ended { end: RunEnd::Done }));
    history
}

/// The same, onto a branch.
pub(super) fn build_on_a_branch() -> History {
    let mut history = until_second_audit();
    audited(&mut history, 80_000, 2, pass());
    let branch = "feature/rate-limit".to_owned();
    history.add(84_010, applied(Destination::Branch(branch)));
    history.add(84_020, Event::Run(RunEvent::Ended { end: RunEnd::Done }));
    history
}

/// The second audit fails too, and there is no third round.
pub(super) fn build_that_failed_its_audit() -> History {
    let mut history = until_second_audit();
    audited(&mut history, 80_000, 2, fail());
    history.add(
        84_010,
        Event::Run(RunEvent::ChangesKept {
            blocked: false,
            failed: false,
            tree: tree(5),
            reason: "the last audit's verdict is fail".to_owned(),
        }),
    );
    let end = RunEnd::AuditFailed;
    history.add(84_020, Event::Run(RunEvent::Ended { end }));
    history
}

/// Its owner took it back.
pub(super) fn build_that_was_undone() -> History {
    let mut history = build();
    let unmerged = Unmerged {
        left: Vec::new(),
        marked: vec!["src/server.js".to_owned()],
    };
    history.add(90_000, Event::Run(RunEvent::ChangesUndone { unmerged }));
    history
}

/// The user changed the same lines meanwhile.
pub(super) fn build_that_was_blocked() -> History {
    let mut history = until_second_audit();
    audited(&mut history, 80_000, 2, pass());
    history.add(
        84_010,
        Event::Run(RunEvent::ChangesKept {
            tree: tree(5),
            blocked: true,
            failed: false,
            reason: "src/server.js was changed meanwhile".to_owned(),
        }),
    );
    let end = RunEnd::Waiting;
    history.add(84_020, Event::Run(RunEvent::Ended { end }));
    history
}

/// The second task is given up; what the first one changed is kept.
pub(super) fn build_that_lost_a_task() -> History {
    let mut history = until_execution();
    first_task(&mut history);
    history.create(20_020, task_call("T2", 2));
    history.start(20_030, "execute.task-T2", 1, "gemini-pro");
    let failure = Failure::new(FailureKind::UnknownModel, "google does not know gemini-pro")
        .hint("`opencode models` lists what there is");
    history.fail(22_000, "execute.task-T2", 1, failure.clone(), used(0, 0, 0));
    history.add(
        22_010,
        CallEvent::Failed {
            failure: failure.clone(),
        }
        .of(CallId::from("execute.task-T2")),
    );
    history.add(
        22_020,
        PhaseEvent::TaskFailed {
            task: TaskId::from("T2"),
            failure,
        }
        .of(PhaseName::from("execute")),
    );
    history.add(
        22_030,
        PhaseEvent::Failed {
            failure: Failure::new(FailureKind::NoDeliverable, "1 of 3 tasks was given up"),
        }
        .of(PhaseName::from("execute")),
    );
    let end = RunEnd::Failed;
    history.add(22_040, Event::Run(RunEvent::Ended { end }));
    history
}

/// The first task is stopped at its checkpoint; a fresh process is at work on the rest of it.
pub(super) fn build_in_parts() -> History {
    let mut history = until_execution();
    history.create(9_010, task_call("T1", 1));
    history.start(9_020, "execute.task-T1", 1, "claude-sonnet");
    let limiter = [(ChangeKind::Added, "src/limit.js", 40, 0)];
    let stopped = stopped("task-T1", edited(0, 1, &limiter));
    history.succeed(18_000, "execute.task-T1", 1, stopped);
    history.create(18_010, distilling("T1.part-1"));
    let writer = "execute.distill-T1.part-1";
    history.start(18_020, writer, 1, "claude-haiku");
    history.succeed(20_000, writer, 1, answer(Answer::Document));
    history.create(20_010, part_call("T1.part-2", 1, 1));
    history.start(20_020, "execute.task-T1.part-2", 1, "claude-sonnet");
    history
}

/// A person is asked before anything is changed.
pub(super) fn build_at_its_gate() -> History {
    let mut history = until_gate();
    let end = RunEnd::Waiting;
    history.add(8_020, Event::Run(RunEvent::Ended { end }));
    history
}

/// The person says no.
pub(super) fn build_that_was_rejected() -> History {
    let mut history = until_gate();
    history.add(
        8_500,
        PhaseEvent::PersonAnswered {
            answer: PersonAnswer::Rejected {
                reason: "the plan forgets the proxies".to_owned(),
            },
            because: String::new(),
        }
        .of(PhaseName::from("execute")),
    );
    let said = "a person rejected it: the plan forgets the proxies";
    history.add(
        8_505,
        PhaseEvent::Failed {
            failure: Failure::new(FailureKind::Refused, said),
        }
        .of(PhaseName::from("execute")),
    );
    let end = RunEnd::Failed;
    history.add(8_510, Event::Run(RunEvent::Ended { end }));
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
        Event::Call {
            event: CallEvent::AttemptSucceeded { result, .. },
            ..
        } => result.changes.is_some() || !matches!(result.answer, Answer::Document),
        Event::Phase {
            event: PhaseEvent::CallCreated { call },
            ..
        } => call.task.is_some(),
        Event::Phase {
            event: PhaseEvent::Closed { closing, .. },
            ..
        } => closing.patch.is_some(),
        Event::Phase {
            event: PhaseEvent::PersonAsked { .. },
            ..
        } => true,
        _ => false,
    };
    let mut found: Vec<Record> = Vec::new();
    for record in build().records.into_iter().filter(is_variant) {
        let kind = |record: &Record| match &record.event {
            Event::Call {
                event: CallEvent::AttemptSucceeded { result, .. },
                ..
            } => (name(&record.event), Some(discriminant(&result.answer))),
            event => (name(event), None),
        };
        if !found.iter().any(|known| kind(known) == kind(&record)) {
            found.push(record);
        }
    }
    let lasts = [
        build_on_a_branch(),
        build_that_failed_its_audit(),
        build_that_was_rejected(),
        build_that_was_undone(),
    ];
    let is_last = |record: &Record| match &record.event {
        Event::Run(RunEvent::ChangesUndone { .. }) => true,
        Event::Run(RunEvent::ChangesApplied { to, .. }) => matches!(to, Destination::Branch(_)),
        Event::Run(RunEvent::Ended { end }) => *end == RunEnd::AuditFailed,
        Event::Phase {
            event: PhaseEvent::PersonAnswered { answer, .. },
            ..
        } => *answer != PersonAnswer::Approved,
        _ => false,
    };
    let lasts = lasts.into_iter().flat_map(|history| history.records);
    found.extend(lasts.filter(is_last));
    let is_in_parts = |record: &Record| match &record.event {
        Event::Call {
            event: CallEvent::AttemptSucceeded { result, .. },
            ..
        } => result.stopped().is_some(),
        Event::Phase {
            event: PhaseEvent::CallCreated { call },
            ..
        } => call.continues.is_some(),
        _ => false,
    };
    let parts = build_in_parts().records.into_iter();
    found.extend(parts.filter(is_in_parts));
    found
}

fn until_gate() -> History {
    let mut history = History::of(plan_of_a_build());
    history.begin("plan");
    history.create(20, in_phase("plan", "work-1", "claude-opus"));
    history.start(30, "plan.work-1", 1, "claude-opus");
    history.succeed(3_000, "plan.work-1", 1, answer(Answer::Document));
    history.add(3_005, only("plan", "work-1"));
    history.add(3_010, closed("plan", 1, Some("docs/plan.md"), None));
    history.add(3_020, started("decompose"));
    history.create(3_030, in_phase("decompose", "work-1", "claude-opus"));
    history.start(3_040, "decompose.work-1", 1, "claude-opus");
    let tasks = vec![task(1), task(2), task(3)];
    let written = answer(Answer::Tasks(TaskList { tasks }));
    history.succeed(7_900, "decompose.work-1", 1, written);
    history.add(7_905, only("decompose", "work-1"));
    history.add(7_910, closed("decompose", 2, Some("docs/tasks.md"), None));
    history.add(7_990, started("execute"));
    history.add(
        8_000,
        PhaseEvent::PersonAsked {
            question: Question::Approve {
                text: "Is the plan good?".to_owned(),
            },
        }
        .of(PhaseName::from("execute")),
    );
    history
}

fn until_execution() -> History {
    let mut history = until_gate();
    history.add(
        8_900,
        PhaseEvent::PersonAnswered {
            answer: PersonAnswer::Approved,
            because: String::new(),
        }
        .of(PhaseName::from("execute")),
    );
    history
}

/// One file beside the task's own was touched; it was not taken over.
fn first_task(history: &mut History) {
    history.create(9_010, task_call("T1", 1));
    history.start(9_020, "execute.task-T1", 1, "claude-sonnet");
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
    history.succeed(18_000, "execute.task-T1", 1, result);
    let of = ("execute", Some("T1"));
    prove(history, 18_010, of, 1, VerifyOutcome::Passed);
    history.add(19_010, task_done("T1", "T1", 1));
}

fn until_second_audit() -> History {
    let mut history = until_execution();
    first_task(&mut history);
    history.create(20_020, task_call("T2", 2));
    history.start(20_030, "execute.task-T2", 1, "gemini-pro");
    let page = [(ChangeKind::Modified, "public/app.js", 9, 2)];
    history.succeed(26_000, "execute.task-T2", 1, edited(1, 2, &page));
    history.add(26_010, task_done("T2", "T2", 2));
    third_task(&mut history);
    history.add(39_990, only("execute", "task-T3.2"));
    history.add(40_000, closed("execute", 3, None, Some(3)));
    integrated(&mut history, 40_010, 1);
    audited(&mut history, 50_000, 1, fail());
    history.add(
        60_000,
        Event::Run(RunEvent::LoopedBack {
            from: PhaseName::from("audit"),
            to: PhaseName::from("execute"),
            round: 1,
        }),
    );
    history.add(60_010, started("execute"));
    history.create(60_020, task_call("T1@2", 1));
    history.start(60_030, "execute.task-T1@2", 1, "claude-sonnet");
    let mended = [(ChangeKind::Modified, "src/limit.js", 5, 3)];
    history.succeed(66_000, "execute.task-T1@2", 1, edited(4, 5, &mended));
    let of = ("execute", Some("T1"));
    prove(&mut history, 66_010, of, 5, VerifyOutcome::Passed);
    history.add(67_010, task_done("T1", "T1@2", 5));
    history.add(67_015, only("execute", "task-T1@2"));
    history.add(67_020, closed("execute", 3, None, Some(5)));
    integrated(&mut history, 67_030, 2);
    history
}

/// Its first try does not pass; the second one goes on from what the first one left.
fn third_task(history: &mut History) {
    for (name, at, base, left, outcome) in [
        ("T3", 27_000, 2, 9, VerifyOutcome::Failed),
        ("T3.2", 33_000, 9, 3, VerifyOutcome::Passed),
    ] {
        let id = format!("execute.task-{name}");
        history.create(at, task_call(name, 3));
        history.start(at + 10, &id, 1, "claude-sonnet");
        let tests = match base {
            2 => (ChangeKind::Added, "test/limit.test.js", 33, 0),
            _ => (ChangeKind::Modified, "test/limit.test.js", 4, 1),
        };
        history.succeed(at + 4_000, &id, 1, edited(base, left, &[tests]));
        prove(history, at + 4_010, ("execute", Some("T3")), left, outcome);
    }
    history.add(38_210, task_done("T3", "T3.2", 3));
}

/// tipstaff runs a task's own command, or the phase's.
fn prove(
    history: &mut History,
    at: u64,
    (phase, task): (&str, Option<&str>),
    tree: u32,
    outcome: VerifyOutcome,
) {
    let command = match (task, outcome) {
        (Some(_), _) => "node --test test/limit.test.js",
        (None, VerifyOutcome::AlreadyFailing) => "npm run lint",
        (None, _) => "npm test",
    };
    history.add(at, verify_started(phase, task, tree, command));
    let result = verification(command, outcome, 980);
    history.add(at + 980, verified(phase, task, tree, result));
}

/// The second round finds nothing to do.
fn integrated(history: &mut History, at: u64, round: u32) {
    let (name, result, left) = match round {
        1 => {
            let server = [(ChangeKind::Modified, "src/server.js", 2, 2)];
            ("work-1", edited(3, 4, &server), 4)
        }
        _ => ("work-1@2", edited(5, 5, &[]), 5),
    };
    history.add(at, started("integrate"));
    history.create(at + 10, in_phase("integrate", name, "claude-sonnet"));
    let id = format!("integrate.{name}");
    history.start(at + 20, &id, 1, "claude-sonnet");
    history.succeed(at + 4_000, &id, 1, result);
    let of = ("integrate", None);
    prove(history, at + 4_010, of, left, VerifyOutcome::Passed);
    prove(history, at + 5_000, of, left, VerifyOutcome::AlreadyFailing);
    history.add(at + 6_000, only("integrate", name));
    history.add(at + 6_010, closed("integrate", 4, None, Some(left)));
}

fn audited(history: &mut History, at: u64, round: u32, audit: Audit) {
    let name = if round == 1 { "work-1" } else { "work-1@2" };
    let id = format!("audit.{name}");
    history.add(at, started("audit"));
    history.create(at + 10, in_phase("audit", name, "claude-opus"));
    history.start(at + 20, &id, 1, "claude-opus");
    history.succeed(at + 3_000, &id, 1, answer(Answer::Audit(audit)));
    history.add(at + 3_005, only("audit", name));
    history.add(
        at + 3_010,
        closed("audit", 5, Some("docs/verdict.md"), None),
    );
}
