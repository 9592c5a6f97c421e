//! What specialists, lenses, joiners and distillers get to see.

use super::*;
use crate::context::{Neighbour, tasks};
use crate::model::{Task, TaskId, TreeId};

fn task(id: &str) -> Task {
    let text = tasks::EXAMPLE.replace("T1", id);
    let read = tasks::read(&text, &crate::model::Categories::default()).expect("valid");
    read.tasks.tasks.into_iter().next().expect("one")
}

fn task_call(id: &str) -> CallSpec {
    let inputs = vec![input(
        InputSource::Handoff("workshop".into()),
        "handoff.json",
    )];
    let task = task(id);
    CallSpec {
        edits: Some(EditScope::Only(task.files.edit.clone())),
        workspace: WorkspaceSource::Scoped {
            tree: TreeId::sample("base"),
            edit: task.files.edit.clone(),
            read: vec!["src/b.rs".to_owned()],
            always: vec!["Cargo.toml".to_owned()],
            imports: true,
            import_tokens: 100,
        },
        task: Some(task),
        profile: Profile::Worker,
        ..call(Purpose::Task, inputs, Contract::Edits)
    }
}

/// Files next to the task's, as many as there are sizes, for a limit of 100 tokens.
fn neighbours(sizes: &[u64]) -> Neighbours {
    let file = |(number, tokens): (usize, &u64)| Neighbour {
        path: format!("src/n{number}.rs"),
        why: match number {
            0 | 1 => "imported by src/a.rs".to_owned(),
            _ => "imports src/a.rs".to_owned(),
        },
        bytes: tokens * 4,
        tokens: *tokens,
    };
    Neighbours::within(100, sizes.iter().enumerate().map(file))
}

/// Assembles with a phase of that kind.
fn with_kind(call: &CallSpec, kind: PhaseKind) -> Result<Assembled, ContextError> {
    let mut phase = phase("plan", Strategy::Scoped);
    phase.kind = kind;
    assemble(&Assembly {
        plan: &plan(vec![phase]),
        call,
        model: &"claude-opus".into(),
        contents: &contents(call),
        project_instructions: None,
        workspace_files: None,
        neighbours: Some(&neighbours(&[40, 30, 20, 900])),
    })
}

fn routed() -> PhaseKind {
    PhaseKind::Routed {
        tasks: "decompose".into(),
        routing: BTreeMap::new(),
        named: Vec::new(),
        go_on: false,
    }
}

fn part(assembled: &Assembled, name: &str) -> String {
    let parts = unframe(&assembled.prompt);
    let found = parts.into_iter().find(|(known, _)| known == name);
    found.unwrap_or_else(|| panic!("no part {name}")).1
}

#[test]
fn a_specialist_sees_its_task_and_what_it_may_touch() {
    let assembled = with_kind(&task_call("T1"), routed()).expect("assembled");
    assert_eq!(
        names(&assembled),
        [
            "request",
            "output contract",
            "handoff of workshop",
            "instructions",
            "task",
            "workspace",
            "how to end"
        ]
    );
    assert_eq!(source(&assembled, "task"), "phase decompose, task T1");
    let task = part(&assembled, "task");
    for expected in [
        "T1: a few words\n",
        "all that is to be done",
        "Files to edit or create:\n\n- `src/a.rs`",
        "Files to read:\n\n- `src/b.rs`",
        "Done when:\n\n- what holds when it is done",
        "Proved by: `command that shows it`",
    ] {
        assert!(task.contains(expected), "{expected} is not in {task}");
    }
    let workspace = part(&assembled, "workspace");
    assert!(workspace.contains("only the files"), "{workspace}");
    assert!(workspace.contains("To be read: `src/b.rs`, `Cargo.toml`"));
    for expected in [
        "To be read (imported by src/a.rs): `src/n0.rs`, `src/n1.rs`\n",
        "To be read (imports src/a.rs): `src/n2.rs`\n",
        "Left out for size: `src/n3.rs`\n",
    ] {
        assert!(
            workspace.contains(expected),
            "{expected} is not in {workspace}"
        );
    }
    let told = assembled.ledger.neighbours.expect("a scoped call");
    assert_eq!((told.added.len(), told.left_out.len()), (3, 1));
    assert!(workspace.contains("Change or create only `src/a.rs`; any other change is refused"));
    let addressed = " name=\"task\" to=\"you\">\n";
    assert!(assembled.prompt.contains(addressed));
}

#[test]
fn a_prompt_does_not_grow_with_the_number_of_tasks_or_the_size_of_documents() {
    let sizes = ["T1", "T2", "T7"].map(|id| {
        let assembled = with_kind(&task_call(id), routed()).expect("assembled");
        assembled.prompt.len()
    });
    assert!(sizes.iter().all(|size| *size == sizes[0]), "{sizes:?}");
    // Instructions, task, request, one handoff, workspace and contract: no more than a page or two.
    assert!(sizes[0] < 6_000, "{sizes:?}");
}

#[test]
fn a_long_list_of_files_left_out_is_cut_in_the_prompt_and_whole_in_the_ledger() {
    let left_out = neighbours(&[900; 50]);
    let assembled = assemble(&Assembly {
        plan: &plan(vec![phase("plan", Strategy::Scoped)]),
        call: &task_call("T1"),
        model: &"claude-opus".into(),
        contents: &contents(&task_call("T1")),
        project_instructions: None,
        workspace_files: None,
        neighbours: Some(&left_out),
    })
    .expect("assembled");
    let workspace = part(&assembled, "workspace");
    assert!(
        workspace.contains("`src/n19.rs` and 30 more\n"),
        "{workspace}"
    );
    assert!(!workspace.contains("src/n20.rs"), "{workspace}");
    assert_eq!(assembled.ledger.neighbours, Some(left_out));
}

#[test]
fn feedback_and_findings_stand_where_they_can_be_mended() {
    let mut call = task_call("T1");
    let failed = vec!["`npm test` failed after your changes".to_owned()];
    call.inputs.push(CallInput {
        source: InputSource::Feedback(failed.into()),
        artifact: None,
    });
    for (command, number, log) in [("npm test", 1, "verify.log"), ("lint", 2, "empty.log")] {
        let command = command.to_owned();
        let source = InputSource::Printed { command, number };
        call.inputs.push(input(source, log));
    }
    call.inputs
        .push(input(InputSource::Findings("audit".into()), "audit.txt"));
    let mut loaded = contents(&call);
    loaded.insert("verify.log".to_owned(), "not ok 2".to_owned());
    loaded.insert("empty.log".to_owned(), "\n".to_owned());
    loaded.insert(
        "audit.txt".to_owned(),
        r#"{"verdict": "fail", "summary": "No.", "findings": [{"severity": "major", "problem": "off by one"}]}"#.to_owned(),
    );
    let assembled = assembled(&call, &loaded).expect("assembled");
    assert!(part(&assembled, "feedback").contains("- `npm test` failed"));
    assert_eq!(
        part(&assembled, "what failed, 1").trim(),
        "The end of what `npm test` printed:\n\nnot ok 2"
    );
    assert_eq!(
        part(&assembled, "what failed, 2").trim(),
        "`lint` printed nothing."
    );
    assert!(part(&assembled, "findings of audit").contains("1. **major**: off by one"));
    loaded.insert("audit.txt".to_owned(), "fine".to_owned());
    let error = super::assembled(&call, &loaded).expect_err("no findings");
    assert!(matches!(error, ContextError::BadFindings { .. }), "{error}");
}

#[test]
fn each_lens_gets_its_own_question() {
    let lens = |name: &str| LensPlan {
        name: name.to_owned(),
        chain: Vec::new(),
        prompt: format!("Is it {name}?"),
    };
    let kind = PhaseKind::Parallel {
        lenses: vec![lens("right"), lens("safe")],
        judge: None,
    };
    let mut call = call(Purpose::Lens, Vec::new(), Contract::Document);
    call.slot = 2;
    let assembled = with_kind(&call, kind.clone()).expect("assembled");
    assert_eq!(part(&assembled, "instructions"), "Is it safe?\n");
    assert_eq!(source(&assembled, "instructions"), "phase plan, lens safe");
    call.slot = 3;
    let error = with_kind(&call, kind).expect_err("no such lens");
    assert!(matches!(error, ContextError::UnknownLens { .. }), "{error}");
}

#[test]
fn answers_of_lenses_are_joined_and_not_chosen_from() {
    let inputs = vec![
        input(InputSource::Lens("right".to_owned()), "1.md"),
        input(InputSource::Lens("safe".to_owned()), "2.md"),
    ];
    let call = call(Purpose::Judge, inputs, Contract::Document);
    let assembled = assembled(&call, &contents(&call)).expect("assembled");
    assert_eq!(source(&assembled, "instructions"), "built-in template join");
    let names = names(&assembled);
    assert!(names.contains(&"answer of right".to_owned()), "{names:?}");
}

#[test]
fn a_distiller_sees_the_document_and_nothing_else() {
    let inputs = vec![input(InputSource::Deliverable("plan".into()), "plan.md")];
    let mut call = call(Purpose::Distill, inputs, Contract::Handoff);
    call.workspace = WorkspaceSource::Empty;
    call.profile = Profile::Writer;
    let assembled = assembled(&call, &contents(&call)).expect("assembled");
    assert_eq!(
        names(&assembled),
        [
            "output contract",
            "instructions",
            "document of plan",
            "workspace",
            "how to end"
        ]
    );
    assert_eq!(
        source(&assembled, "instructions"),
        "built-in template distill"
    );
}

#[test]
fn a_task_without_its_task_never_starts() {
    let mut call = task_call("T1");
    call.task = None;
    let error = with_kind(&call, routed()).expect_err("no task");
    assert!(matches!(error, ContextError::MissingTask { .. }), "{error}");
    assert_eq!(task("T9").id, TaskId::from("T9"));
}

#[test]
fn a_worker_is_told_whose_edits_count() {
    let mut call = task_call("T1");
    for (workspace, edits, expected) in [
        (
            WorkspaceSource::Tree(TreeId::sample("1")),
            Some(EditScope::Anywhere),
            "taken over",
        ),
        (WorkspaceSource::Snapshot, None, "thrown away"),
    ] {
        call.workspace = workspace;
        call.edits = edits;
        let workspace = part(&with_kind(&call, routed()).expect("assembled"), "workspace");
        assert!(workspace.contains(expected), "{workspace}");
        assert!(!workspace.contains("only"), "{workspace}");
    }
}
