//! The parts that the sample histories of a feature build are made of.

use std::collections::BTreeMap;

use crate::model::{
    Answer, AttemptId, Audit, AuditVerdict, CallId, CallInput, CallResult, CallSpec, Categories,
    ChangeKind, ChangedFile, Changes, Closing, Decider, Destination, Faults, Finding,
    HandoffOrigin, InputSource, Millis, ModelName, PhaseName, Purpose, Severity, Stopped, Task,
    TaskFiles, TaskId, TreeId, Unmerged, Verification, VerifyOutcome, WorkState, WorkspaceSource,
};
use crate::plan::{LoopPlan, OutputKind, PhaseKind, PhasePlan, Plan};
use crate::run::{Event, PhaseEvent, RunEvent};

use super::sample_parts::{artifact, call, document_at, plan, used};

pub(super) fn fail() -> Audit {
    Audit {
        verdict: AuditVerdict::Fail,
        summary: "The counters are never reset, so that a client is locked out for good."
            .to_owned(),
        findings: vec![
            Finding {
                severity: Severity::Minor,
                file: None,
                line: None,
                problem: "The limit is written down nowhere.".to_owned(),
                fix: None,
            },
            Finding {
                severity: Severity::Blocker,
                file: Some("src/limit.js".to_owned()),
                line: Some(12),
                problem:
                    "The window's start is set once, when the first request of a client comes, \
                          and never again."
                        .to_owned(),
                fix: Some("Set it anew when the window is over.".to_owned()),
            },
        ],
    }
}

pub(super) fn pass() -> Audit {
    Audit {
        verdict: AuditVerdict::Pass,
        summary: "The window starts anew; the tests cover it.".to_owned(),
        findings: fail().findings.into_iter().take(1).collect(),
    }
}

pub(super) fn answer(answer: Answer) -> CallResult {
    CallResult {
        built_on: None,
        answer,
        deliverable: None,
        handoff: None,
        changes: None,
        structured: None,
        remarks: Faults::default(),
        usage: used(4_000, 900, 20_000),
    }
}

pub(super) fn edited(base: u32, left: u32, files: &[(ChangeKind, &str, u64, u64)]) -> CallResult {
    let files = files
        .iter()
        .map(|(kind, path, added, removed)| ChangedFile {
            path: (*path).to_owned(),
            kind: *kind,
            from: None,
            lines: Some((*added, *removed)),
        });
    CallResult {
        changes: Some(Changes {
            base: tree(base),
            tree: tree(left),
            files: files.collect(),
            refused: Vec::new(),
            secrets: Vec::new(),
            patch: None,
        }),
        ..answer(Answer::Document)
    }
}

/// Tree 0 is the one that the run begins with.
pub(super) fn tree(number: u32) -> TreeId {
    let two = match number {
        0 => "cd".to_owned(),
        number => format!("{number:02}"),
    };
    TreeId::parse(&two.repeat(20)).expect("an id")
}

pub(super) fn verification(command: &str, outcome: VerifyOutcome, wall: u64) -> Verification {
    Verification {
        command: command.to_owned(),
        outcome,
        exit: Some(i32::from(outcome != VerifyOutcome::Passed)),
        wall: Millis(wall),
        output: artifact("phases/03-execute/verify-1.log"),
    }
}

pub(super) fn verified(
    phase: &str,
    task: Option<&str>,
    on: u32,
    verification: Verification,
) -> Event {
    PhaseEvent::Verified {
        task: task.map(TaskId::from),
        tree: tree(on),
        verification,
        tests_of: None,
    }
    .of(PhaseName::from(phase))
}

pub(super) fn task_done(task: &str, name: &str, left: u32) -> Event {
    PhaseEvent::TaskDone {
        task: TaskId::from(task),
        call: CallId::new(format!("execute.task-{name}")),
        tree: tree(left),
    }
    .of(PhaseName::from("execute"))
}

/// The work of this call is what the phase leaves; there was nothing to choose from.
pub(super) fn only(phase: &str, name: &str) -> Event {
    PhaseEvent::WinnerChosen {
        call: CallId::new(format!("{phase}.{name}")),
        label: None,
        by: Decider::Only,
    }
    .of(PhaseName::from(phase))
}

pub(super) fn verify_started(phase: &str, task: Option<&str>, on: u32, command: &str) -> Event {
    PhaseEvent::VerifyStarted {
        task: task.map(TaskId::from),
        tree: tree(on),
        command: command.to_owned(),
        tests_of: None,
    }
    .of(PhaseName::from(phase))
}

pub(super) fn applied(to: Destination) -> Event {
    let tree = tree(5);
    Event::Run(RunEvent::ChangesApplied {
        tree,
        documents: ["docs/plan.md", "docs/tasks.md", "docs/verdict.md"]
            .map(|path| (path.to_owned(), document_at(path).object))
            .into(),
        to,
        files: 4,
        by_hand: false,
        unmerged: Unmerged::default(),
        held: Vec::new(),
    })
}

pub(super) fn started(phase: &str) -> Event {
    let phase = PhaseName::from(phase);
    PhaseEvent::Started.of(phase)
}

pub(super) fn closed(
    phase: &str,
    number: u32,
    published: Option<&str>,
    left: Option<u32>,
) -> Event {
    let file = |name: &str| artifact(&format!("phases/{number:02}-{phase}/{name}"));
    PhaseEvent::Closed {
        closing: Box::new(Closing {
            deliverable: file("output.md"),
            handoff: file("handoff.json"),
            origin: HandoffOrigin::Agent,
            document: published.map(document_at),
            published: published.map(str::to_owned),
            previous: None,
            tree: left.map(tree),
            patch: left.map(|_| file("changes.patch")),
            tests: left.map(|_| file("tests.md")),
            remarks: Faults::default(),
            contradictions: match phase {
                "execute" => {
                    "git shows changes that the handoff does not describe: `public/app.js`"
                        .to_owned()
                        .into()
                }
                _ => Faults::default(),
            },
        }),
    }
    .of(PhaseName::from(phase))
}

pub(super) fn in_phase(phase: &str, name: &str, model: &str) -> CallSpec {
    CallSpec {
        phase: PhaseName::from(phase),
        ..call(&format!("{phase}.{name}"), Purpose::Work, 1, model)
    }
}

/// The call of a try of a task: `T1`, `T1.2`, `T1@2`.
pub(super) fn task_call(name: &str, number: u32) -> CallSpec {
    let task = task(number);
    let model = match task.category.as_str() {
        "frontend" => "gemini-pro",
        _ => "claude-sonnet",
    };
    CallSpec {
        purpose: Purpose::Task,
        slot: number,
        task: Some(task),
        ..in_phase("execute", &format!("task-{name}"), model)
    }
}

/// A call's result when it was stopped at its checkpoint.
pub(super) fn stopped(call: &str, result: CallResult) -> CallResult {
    let folder = format!("phases/03-execute/calls/execute.{call}/attempt-1");
    CallResult {
        answer: Answer::Unfinished(Stopped {
            began: 6_100,
            context: 93_200,
            worklog: artifact(&format!("{folder}/worklog.md")),
            extracted: artifact(&format!("{folder}/extracted.json")),
        }),
        usage: used(240_000, 4_000, 500_000),
        ..result
    }
}

/// The call that distills the state of a stopped one.
pub(super) fn distilling(name: &str) -> CallSpec {
    CallSpec {
        purpose: Purpose::Distill,
        ..in_phase("execute", &format!("distill-{name}"), "claude-haiku")
    }
}

/// The call that goes on with a task's first, on this tree.
pub(super) fn part_call(name: &str, number: u32, on: u32) -> CallSpec {
    let first = task_call(&format!("T{number}"), number);
    let state = WorkState {
        of: first.id.clone(),
        origin: HandoffOrigin::Distilled,
        files: vec!["src/limit.js".to_owned()],
        refused: Vec::new(),
    };
    let words = "phases/03-execute/calls/execute.distill-T1.part-1/attempt-1/handoff.json";
    CallSpec {
        id: CallId::new(format!("execute.task-{name}")),
        inputs: vec![CallInput {
            source: InputSource::State(state),
            artifact: Some(artifact(words)),
        }],
        workspace: WorkspaceSource::Tree(tree(on)),
        checkpoint: Some(90_000),
        continues: Some(AttemptId {
            call: first.id.clone(),
            attempt: 1,
        }),
        ..first
    }
}

pub(super) fn task(number: u32) -> Task {
    let (title, category, edit, depends_on) = match number {
        1 => ("Count requests per client", "backend", "src/limit.js", None),
        2 => ("Show 429 on the page", "frontend", "public/app.js", None),
        _ => ("Test the limit", "test", "test/limit.test.js", Some("T1")),
    };
    Task {
        id: TaskId::new(format!("T{number}")),
        title: title.to_owned(),
        category: category.to_owned(),
        instructions: "Do it.".to_owned(),
        files: TaskFiles {
            edit: vec![edit.to_owned()],
            read: Vec::new(),
        },
        depends_on: depends_on.into_iter().map(TaskId::from).collect(),
        acceptance: vec!["the tests pass".to_owned()],
        verify: (number != 2).then(|| "node --test test/limit.test.js".to_owned()),
    }
}

pub(super) fn plan_of_a_build() -> Plan {
    let chain = |model: &str| vec![ModelName::from(model)];
    let single = |model: &str, yields| PhaseKind::Single {
        chain: chain(model),
        yields,
    };
    let routing = BTreeMap::from_iter([
        ("backend".to_owned(), chain("claude-sonnet")),
        ("frontend".to_owned(), chain("gemini-pro")),
        ("test".to_owned(), chain("claude-sonnet")),
        ("reviewer".to_owned(), chain("claude-opus")),
    ]);
    let execute = PhaseKind::Routed {
        tasks: PhaseName::from("decompose"),
        routing,
        named: ["backend", "frontend", "test"].map(str::to_owned).to_vec(),
        go_on: false,
    };
    let mut plan = plan();
    let model = plan.phases.remove(0);
    let phase = |name: &str, kind| PhasePlan {
        name: PhaseName::from(name),
        kind,
        edits: matches!(name, "execute" | "integrate"),
        on_fail: (name == "audit").then(|| LoopPlan {
            goto: PhaseName::from("execute"),
            max: 1,
        }),
        ..model.clone()
    };
    plan.workflow = "feature-build".to_owned();
    plan.phases = vec![
        phase("plan", single("claude-opus", OutputKind::Document)),
        phase(
            "decompose",
            single("claude-opus", OutputKind::Tasks(Categories::default())),
        ),
        phase("execute", execute),
        phase("integrate", single("claude-sonnet", OutputKind::Edits)),
        phase("audit", single("claude-opus", OutputKind::Audit)),
        phase("release", single("claude-sonnet", OutputKind::Edits)),
    ];
    plan
}
