//! What a person does for a run to go on counts from there on: words, changed documents, more rounds, other
//! models, proposers that are sent back. Nothing that is finished is paid again.

use super::proposals_are_judged_fairly::judge_says;
use crate::support::{Run, Sandbox, Terminal, has_all, until};

/// A plan, and a note behind a gate; the plan says this.
fn gated(plan: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write(
        ".tipstaff/workflows/gated.yaml",
        "name: gated\nphases:\n  - name: plan\n    model: m1\n    context_strategy: fresh\n    \
         output: docs/plan.md\n  - name: note\n    model: m1\n    context_strategy: distilled\n    \
         gate: Is the plan good?\n    output: docs/note.md\n  - name: sum\n    model: m1\n    \
         context_strategy: full\n    input: plan.output\n",
    );
    let plan = serde_json::to_string(plan).unwrap();
    let handoff = r#"'{"summary": "Use port 80."}'"#;
    sandbox.fake_agent(&format!(
        "- when: {{ phase: plan }}\n  do: [{{ write: {{ path: .tipstaff/out/deliverable.md, text: {plan} }} }}, \
         {{ write: {{ path: .tipstaff/out/handoff.json, text: {handoff} }} }}]\n- do: [done]\n"
    ));
    sandbox
        .tipstaff(&["run", "gated", "Plan it"])
        .exits_with(4)
        .stderr_has("tipstaff approve");
    sandbox
}

const PLAN: &str = "# Plan\n\n- Port 80.\n- Two workers.\n";

fn prompt(run: &Run, phase: &str, call: &str) -> String {
    run.read(format!("phases/{phase}/calls/{call}/attempt-1/prompt.md"))
}

fn note(run: &Run) -> String {
    prompt(run, "02-note", "note.work-1")
}

#[test]
fn words_of_an_approval_reach_the_prompt() {
    let sandbox = gated(PLAN);
    let run = sandbox.run();
    let no = ["reject", &run.id(), "--because", "mind the proxies"];
    sandbox.tipstaff(&no).exits_with(1);
    sandbox.tipstaff(&["resume"]).exits_with(4);
    let yes = ["approve", &run.id(), "--because", "keep it short"];
    sandbox
        .tipstaff(&yes)
        .succeeds()
        .stderr_has("keep it short");
    has_all(&note(&run), &["mind the proxies", "keep it short"]);
    let ledger = run.read("phases/02-note/calls/note.work-1/attempt-1/context.json");
    has_all(&ledger, &[r#""source": "person""#]);
    // The document was as its author left it.
    assert!(run.all("document_edited").is_empty());
    assert!(!note(&run).contains("a person changed"));
}

#[test]
fn a_document_changed_at_a_gate_is_the_document() {
    let published = |sandbox: &Sandbox, text: &str| {
        sandbox.write("docs/plan.md", text);
    };
    let own = |sandbox: &Sandbox, text: &str| {
        std::fs::write(sandbox.run().path("phases/01-plan/output.md"), text).unwrap();
    };
    for (edit, diff) in [
        (&published as &dyn Fn(&Sandbox, &str), true),
        (&own as &dyn Fn(&Sandbox, &str), false),
    ] {
        let sandbox = gated(PLAN);
        let run = sandbox.run();
        edit(&sandbox, "# Plan\n\n- Port 8080.\n- Two workers.\n");
        let approve = sandbox.tipstaff(&["approve", &run.id()]);
        approve
            .succeeds()
            .stderr_has("a person changed the document");
        let edited = run.all("document_edited");
        assert_eq!(edited.len(), 1);
        assert_eq!(
            (&edited[0]["phase"], &edited[0]["by"]),
            (&"plan".into(), &"person".into())
        );
        has_all(&note(&run), &["Port 8080."]);
        if diff {
            has_all(&note(&run), &["Use port 80.", "says no more: - Port 80."]);
        }
        let last = prompt(&run, "03-sum", "sum.work-1");
        has_all(&last, &["- Port 8080.\n- Two workers."]);
        assert!(!last.contains("- Port 80.\n"), "{last}");
        has_all(&run.read("phases/01-plan/output.md"), &["8080"]);
    }
}

#[test]
fn a_document_changed_at_a_gate_takes_back_no_edits() {
    let sandbox = Sandbox::new();
    let edits = |name: &str| {
        format!("  - {{ name: {name}, model: m1, edits: true, context_strategy: distilled }}\n")
    };
    let phases = format!(
        "name: two\nphases:\n{}{}  - {{ name: note, model: m1, gate: Is it good?, context_strategy: distilled }}\n",
        edits("first"),
        edits("second")
    );
    sandbox
        .write(".tipstaff/workflows/two.yaml", &phases)
        .git_init();
    let writes = |phase: &str| {
        format!(
            "- when: {{ phase: {phase} }}\n  do: [{{ write: {{ path: {phase}.txt, text: x }} }}, done]\n"
        )
    };
    let script = format!("{}{}- do: [done]\n", writes("first"), writes("second"));
    sandbox.fake_agent(&script);
    sandbox.tipstaff(&["run", "two", "Do it"]).exits_with(4);
    let run = sandbox.run();
    std::fs::write(run.path("phases/01-first/output.md"), "# Done\n").unwrap();
    let approve = sandbox.tipstaff(&["approve", &run.id()]);
    approve
        .succeeds()
        .stderr_has("a person changed the document");
    assert_eq!(
        ["first.txt", "second.txt"].map(|path| sandbox.read(path)),
        ["x", "x"]
    );
}

#[test]
fn a_document_changed_before_an_answer_at_the_terminal_counts() {
    let sandbox = gated(PLAN);
    let run = sandbox.run();
    let mut terminal = Terminal::start(&sandbox, &["resume"]);
    terminal.until_shows(1, "or [l]ater? ");
    sandbox.write("docs/plan.md", "# Plan\n\n- Port 8080.\n- Two workers.\n");
    terminal.types("a\n");
    terminal.wait().succeeds();
    has_all(&note(&run), &["Port 8080."]);
}

#[test]
fn work_is_sent_back_at_a_gate_with_a_comment() {
    let sandbox = gated(PLAN);
    let run = sandbox.run();
    let again = |comment: &str| sandbox.tipstaff(&["reject", &run.id(), "--again", comment]);
    again(" ").exits_with(2).stderr_has("needs a comment");
    for round in 2..=6 {
        let comment = format!("mind proxy {round}");
        again(&comment)
            .exits_with(4)
            .stderr_has("Is the plan good?");
        let plan = prompt(&run, "01-plan", &format!("plan.work-1@{round}"));
        has_all(&plan, &["mind proxy 2", &comment]);
    }
    again("once more").exits_with(2).stderr_has("often enough");
    sandbox.tipstaff(&["approve", &run.id()]).succeeds();
    let note = prompt(&run, "02-note", "note.work-1@6");
    assert!(!note.contains("mind proxy"));
}

#[test]
fn a_note_reaches_the_calls_to_come() {
    let sandbox = gated(PLAN);
    let run = sandbox.run();
    let say = |words: &[&str]| sandbox.tipstaff(&[&["note", &run.id()], words].concat());
    say(&["note", "mind the proxies"])
        .succeeds()
        .stderr_has("resume");
    say(&["keep it short"]).succeeds();
    say(&["plan", "too late for it"])
        .succeeds()
        .stderr_has("warning: phase `plan` is closed");
    say(&["nte", "x"])
        .exits_with(2)
        .stderr_has("did you mean `note`");
    say(&[" "]).exits_with(2).stderr_has("empty");
    sandbox.tipstaff(&["approve", &run.id()]).succeeds();
    has_all(&note(&run), &["mind the proxies", "keep it short"]);
    let last = prompt(&run, "03-sum", "sum.work-1");
    has_all(&last, &["keep it short"]);
    assert!(!last.contains("mind the proxies"), "{last}");
    say(&["too late"])
        .exits_with(2)
        .stderr_has("tipstaff rerun");
}

#[test]
fn a_run_under_way_takes_a_note_for_its_next_calls() {
    let sandbox = Sandbox::new();
    let held = sandbox.outside("go");
    sandbox.write(
        ".tipstaff/workflows/two.yaml",
        "name: two\nphases:\n  - { name: one, model: m1, context_strategy: fresh }\n  - { name: two, model: m1, \
         context_strategy: distilled }\n",
    );
    sandbox.fake_agent(&format!(
        "- when: {{ phase: one }}\n  do: [{{ wait_for_file: {} }}, done]\n- do: [done]\n",
        held.display()
    ));
    let working = sandbox.start(&["run", "two", "Do it"]);
    let runs = sandbox.project().join(".tipstaff/runs");
    until("there is a run", || {
        let entries = std::fs::read_dir(&runs).into_iter().flatten().flatten();
        entries
            .map(|run| run.path().join("journal.jsonl"))
            .any(|journal| journal.exists())
    });
    let run = sandbox.run();
    run.until(1, "attempt_spawned");
    let said = sandbox.tipstaff(&["note", &run.id(), "mind the proxies"]);
    said.succeeds()
        .stderr_has("the one under way does not see it");
    std::fs::write(held, "").unwrap();
    working.wait().succeeds();
    assert!(!prompt(&run, "01-one", "one.work-1").contains("mind the proxies"));
    has_all(&prompt(&run, "02-two", "two.work-1"), &["mind the proxies"]);
}

#[test]
fn a_gate_before_any_work_sends_nothing_back() {
    let sandbox = Sandbox::new();
    sandbox.fake_agent("- do: [done]\n");
    sandbox.trio(&["gate: Shall I begin?"]);
    sandbox.run_trio(&[]).exits_with(4);
    let again = sandbox.tipstaff(&["reject", "--again", "do it well"]);
    again.exits_with(2).stderr_has("nothing was done before");
}

#[test]
fn who_is_asked_looks_changes_and_sends_back() {
    let mut sandbox = gated(PLAN);
    sandbox.env("GIT_EDITOR", "sed -i s/80/8080/");
    sandbox.env("GIT_PAGER", "sed s/^/paged:/");
    let run = sandbox.run();
    let mut terminal = Terminal::start(&sandbox, &["resume"]);
    terminal.until_shows(1, "or [l]ater? ");
    terminal.types("v\n");
    terminal.until_shows(1, "paged:- Port 80.");
    terminal.types("b\n");
    terminal.until_shows(1, "what is wrong with it? ");
    terminal.types("mind the proxies\n");
    terminal.until_shows(3, "or [l]ater? ");
    terminal.types("e\n");
    terminal.until_shows(4, "or [l]ater? ");
    terminal.types("a\n");
    terminal.wait().succeeds();
    has_all(
        &prompt(&run, "01-plan", "plan.work-1@2"),
        &["mind the proxies"],
    );
    has_all(&prompt(&run, "02-note", "note.work-1@2"), &["Port 8080."]);
}

const FAIL: &str = r#"{"verdict": "fail", "summary": "Not yet.", "findings": [{"severity": "blocker", "problem": "unfinished"}]}"#;
const PASS: &str = r#"{"verdict": "pass", "summary": "Well done.", "findings": []}"#;

#[test]
fn an_audit_gets_more_rounds() {
    let sandbox = Sandbox::new();
    sandbox.write("a.txt", "start\n").write(
        ".tipstaff/workflows/ship.yaml",
        "name: ship\nphases:\n  - name: change\n    model: m1\n    edits: true\n    \
         context_strategy: distilled\n  - name: audit\n    model: m2\n    context_strategy: fresh\n    \
         input: [change.handoff, change.changes]\n    on_fail: { goto: change, max: 1 }\n  - name: after\n    model: m1\n    \
         context_strategy: distilled\n",
    );
    let says = |call: &str, text: &str| {
        let text = serde_json::to_string(text).unwrap();
        format!(
            "- when: {{ call: \"audit.work-1{call}\" }}\n  do: [{{ write: {{ path: \
             .tipstaff/out/verdict.json, text: {text} }} }}]\n"
        )
    };
    let script = [
        says("", FAIL),
        says("@2", FAIL),
        says("@3", FAIL),
        says("@4", PASS),
    ]
    .concat();
    sandbox.fake_agent(&format!(
        "{script}- when: {{ phase: change }}\n  do: [{{ append: {{ path: a.txt, text: x }} }}, done]\n"
    ));
    let output = sandbox.tipstaff(&["run", "ship", "Ship it"]);
    output.exits_with(3).stderr_has("--rounds 1");
    let run = sandbox.run();
    assert_eq!(run.all("looped_back").len(), 1);
    sandbox.tipstaff(&["resume"]).exits_with(3);
    assert_eq!(run.all("looped_back").len(), 1);

    sandbox.tipstaff(&["resume", "--rounds", "3"]).succeeds();
    assert_eq!(run.all("looped_back").len(), 3);
    assert_eq!(sandbox.read("a.txt"), "start\nxxxx");
    let rounds = sandbox.tipstaff(&["resume", &run.id(), "--rounds", "1"]);
    rounds.succeeds().stderr_has("done already");
}

#[test]
fn rounds_need_an_audit_that_says_fail() {
    let sandbox = gated(PLAN);
    let rounds = sandbox.tipstaff(&["resume", "--rounds", "1"]);
    rounds.exits_with(2).stderr_has("no audit");
}

#[test]
fn a_refused_model_is_replaced_and_finished_calls_are_kept() {
    let sandbox = Sandbox::new();
    sandbox.fake_agent("- when: { model: m3 }\n  do: [{ exit: 1 }]\n- do: [done]\n");
    sandbox.trio(&["quorum: 3"]);
    sandbox.run_trio(&[]).exits_with(1);
    let run = sandbox.run();
    let before = run.calls("attempt_started");

    let wrong = sandbox.tipstaff(&["resume", "--model", "m33=m2"]);
    wrong
        .exits_with(2)
        .stderr_has("no such model")
        .stderr_has("m3");
    let wrong = sandbox.tipstaff(&["resume", "--model", "m3=nobody"]);
    wrong.exits_with(2).stderr_has("nobody");
    assert!(run.all("model_replaced").is_empty());

    let plan = run.read("plan.json");
    let resumed = sandbox.tipstaff(&["resume", "--model", "m3=m2"]);
    resumed
        .succeeds()
        .stderr_has("m2 is used in the place of m3");
    assert_eq!(run.read("plan.json"), plan);
    let started = run.all("attempt_started");
    let new: Vec<_> = started[before.len()..].iter().collect();
    let new: Vec<_> = new
        .iter()
        .map(|data| (&data["call"], &data["model"]))
        .collect();
    let expected = [("plan.propose-3", "m2"), ("plan.judge-1", "m4")];
    let expected = expected.map(|(call, model)| (call.into(), model.into()));
    assert!(
        new.into_iter()
            .eq(expected.iter().map(|(call, model)| (call, model)))
    );
}

#[test]
fn proposers_are_sent_back_with_the_reason() {
    let sandbox = Sandbox::new();
    let verdict = r#"{"decision":"none","winner":null,"rationale":"All miss the point."}"#;
    sandbox.fake_agent(&judge_says(verdict));
    sandbox.trio(&["gate: Shall I begin?"]);
    sandbox
        .run_trio(&["--yes"])
        .exits_with(4)
        .stderr_has("none --because");
    let run = sandbox.run();
    let pick =
        |more: &[&str]| sandbox.tipstaff(&[&["pick", &run.id(), "plan", "none"], more].concat());
    pick(&[]).exits_with(2).stderr_has("--because");
    for round in 2..=6 {
        let reason = format!("think of proxy {round}");
        // The gate was opened before.
        pick(&["--because", &reason])
            .exits_with(4)
            .stderr_has("All miss");
        assert_eq!(run.calls("attempt_started").len(), 4 * round);
        let again = prompt(&run, "01-plan", &format!("plan.propose-1@{round}"));
        has_all(&again, &["think of proxy 2", &reason]);
    }
    pick(&["--because", "once more"])
        .exits_with(2)
        .stderr_has("5 times");
    sandbox
        .tipstaff(&["pick", &run.id(), "plan", "A"])
        .succeeds();
    assert!(sandbox.exists("docs/plan.md"));
}

#[test]
fn undo_leaves_a_document_that_a_person_changed_at_a_gate() {
    let sandbox = gated(PLAN);
    let id = sandbox.run().id();
    let mine = "# Plan\n\n- Port 8080.\n- Two workers.\n";
    sandbox.write("docs/plan.md", mine);
    sandbox.tipstaff(&["approve", &id]).succeeds();
    assert!(sandbox.exists("docs/note.md"));
    let undone = sandbox.tipstaff(&["undo", &id]);
    let stays = "stays, because you changed it at a gate: docs/plan.md";
    undone.succeeds().stderr_has(stays);
    assert_eq!(sandbox.read("docs/plan.md"), mine);
    assert!(!sandbox.exists("docs/note.md"));
    let shown = sandbox.tipstaff(&["show", &id, "--all"]);
    let shown = &shown.succeeds().stdout;
    has_all(shown, &["nothing of it is in your project", "docs/plan.md"]);
    // It is nobody's obstacle.
    sandbox.tipstaff(&["apply", &id]).succeeds();
    sandbox.tipstaff(&["undo", &id]).succeeds();
    assert_eq!(sandbox.read("docs/plan.md"), mine);
    assert!(!sandbox.exists("docs/note.md"));
}
