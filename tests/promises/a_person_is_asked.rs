//! Where a workflow asks a person, the one at the terminal is asked there; everybody else has commands.

use crate::support::{Sandbox, Terminal, until};

const CHOICES: &str = "or [l]ater? ";
const RUN: [&str; 3] = ["run", "gated", "Plan it"];

/// A project with the workflow `gated`: a plan, and a note behind a gate. The first call does this first.
fn gated(first: &str) -> Sandbox {
    let sandbox = Sandbox::open();
    sandbox.write(
        ".tipstaff/workflows/gated.yaml",
        "name: gated\nphases:\n  - name: plan\n    model: m1\n    context_strategy: fresh\n    \
         output: docs/plan.md\n  - name: note\n    model: m1\n    context_strategy: distilled\n    \
         gate: Is the plan good?\n    output: docs/note.md\n",
    );
    sandbox.fake_agent(&format!(
        "- when: {{ phase: plan }}\n  do: [{first}done]\n- do: [done]\n"
    ));
    sandbox
}

fn answers(sandbox: &Sandbox) -> Vec<String> {
    let answers = sandbox.run().all("person_answered").into_iter();
    answers.map(|data| data["answer"].to_string()).collect()
}

#[test]
fn an_approval_at_the_terminal_goes_on_in_the_same_process() {
    let sandbox = gated("");
    let mut terminal = Terminal::start(&sandbox, &RUN);
    terminal.until_shows(1, CHOICES);
    assert!(sandbox.run().all("run_ended").is_empty());
    assert!(!sandbox.exists("docs/note.md"));

    terminal.types("perhaps\n").until_shows(2, CHOICES);
    terminal.types("a\n");
    terminal
        .wait()
        .succeeds()
        .stdout_has("note waits for your approval")
        .stdout_has("Is the plan good?")
        .stdout_has("plan: docs/plan.md");
    assert!(sandbox.exists("docs/note.md"));
    assert_eq!(answers(&sandbox), ["\"approved\""]);
    assert_eq!(sandbox.run().calls("attempt_started").len(), 2);
    // One supervisor did all of it.
    assert_eq!(sandbox.run().all("run_ended").len(), 1);
    assert!(sandbox.run().all("run_resumed").is_empty());
}

#[test]
fn a_rejection_gives_its_reason_or_none() {
    for (keys, answer, said) in [
        (
            ["r\n", "too vague\n"],
            r#"{"rejected":{"reason":"too vague"}}"#,
            "a person rejected it: too vague",
        ),
        (
            ["reject\n", "\n"],
            r#"{"rejected":{"reason":""}}"#,
            "a person rejected it without giving a reason",
        ),
    ] {
        let sandbox = gated("");
        let mut terminal = Terminal::start(&sandbox, &RUN);
        terminal.until_shows(1, CHOICES);
        terminal.types(keys[0]).until_shows(1, "why? ");
        terminal.types(keys[1]);
        terminal.wait().exits_with(1).stdout_has(said);
        assert_eq!(answers(&sandbox), [answer]);
        assert!(!sandbox.exists("docs/note.md"));

        // Who goes on with it all the same is asked again.
        sandbox.tipstaff(&["resume"]).exits_with(4);
        let run = sandbox.run().id();
        sandbox.tipstaff(&["approve", &run]).succeeds();
        assert!(sandbox.exists("docs/note.md"));
    }
}

#[test]
fn who_does_not_answer_leaves_it_waiting() {
    let leave: [fn(&mut Terminal); 3] = [
        |terminal| {
            terminal.types("l\n");
        },
        |terminal| {
            terminal.leaves();
        },
        |terminal| {
            terminal.types("\u{3}");
        },
    ];
    for leave in leave {
        let sandbox = gated("");
        let mut terminal = Terminal::start(&sandbox, &RUN);
        terminal.until_shows(1, CHOICES);
        leave(&mut terminal);
        terminal.wait().exits_with(4).stdout_has("tipstaff approve");
        assert_eq!(answers(&sandbox), Vec::<String>::new());
        let mut terminal = Terminal::start(&sandbox, &["resume"]);
        terminal.until_shows(1, CHOICES);
        terminal.types("a\n");
        terminal.wait().succeeds();
    }
}

#[test]
fn what_is_typed_before_the_question_is_no_answer() {
    let beside = tempfile::tempdir().unwrap();
    let (up, go) = (beside.path().join("up"), beside.path().join("go"));
    let sandbox = gated(&format!(
        "{{ touch: {} }}, {{ wait_for_file: {} }}, ",
        up.display(),
        go.display()
    ));
    let mut terminal = Terminal::start(&sandbox, &RUN);
    until("the plan is being made", || up.exists());
    terminal.types("a\n").until_shows(1, "›");
    std::fs::write(go, "").unwrap();
    terminal.until_shows(1, CHOICES);
    terminal.types("l\n");
    terminal.wait().exits_with(4);
    assert_eq!(answers(&sandbox), Vec::<String>::new());
}

#[test]
fn an_answer_from_elsewhere_reaches_the_supervisor_that_asks() {
    let sandbox = gated("");
    let mut terminal = Terminal::start(&sandbox, &RUN);
    terminal.until_shows(1, CHOICES);
    let run = sandbox.run().id();
    let elsewhere = sandbox.tipstaff(&["approve", &run]);
    elsewhere.succeeds().stderr_has("goes on with your answer");
    terminal.types("r too late\n");
    terminal.wait().succeeds();
    assert_eq!(answers(&sandbox), ["\"approved\""]);
    assert!(!sandbox.run().path("answer.json").exists());
    sandbox
        .tipstaff(&["approve", &run])
        .exits_with(2)
        .stderr_has("waits for an approval");
}

#[test]
fn the_winner_is_picked_at_the_terminal_where_no_judge_could() {
    let sandbox = Sandbox::new();
    sandbox.fake_agent(
        "- when: { purpose: judge }\n  do: [{ write: { path: .tipstaff/out/verdict.json, text: \
         '{\"decision\": \"none\", \"rationale\": \"all are poor\"}' } }]\n- do: [done]\n",
    );
    sandbox.trio(&[]);
    let mut terminal = Terminal::start(&sandbox, &["run", "trio", "Plan it"]);
    let choices = "A, B, C, none or later? ";
    terminal.until_shows(1, choices);
    terminal.types("D\n").until_shows(2, choices);
    terminal.types("b\n");
    terminal
        .wait()
        .succeeds()
        .stdout_has("all are poor")
        .stdout_has("deliverable.md (m");
    assert_eq!(answers(&sandbox), ["{\"picked\":\"B\"}"]);
    assert!(sandbox.exists("docs/plan.md"));
}

#[test]
fn nobody_is_asked_where_nobody_is() {
    let sandbox = gated("");
    sandbox
        .tipstaff(&RUN)
        .exits_with(4)
        .stderr_has("tipstaff approve")
        .has_no(CHOICES);
    // A program reads the output.
    let terminal = Terminal::start(&sandbox, &["resume", "--json"]);
    terminal.wait().exits_with(4).has_no(CHOICES);
}

#[test]
fn yes_approves_every_gate() {
    let sandbox = gated("");
    let output = sandbox.tipstaff(&["run", "gated", "Plan it", "--yes", "--json"]);
    output.succeeds().has_no(CHOICES);
    assert_eq!(answers(&sandbox), ["\"approved\""]);
    output.has_no("run_resumed").has_no("waiting");
    let last = output.stdout.lines().last().unwrap();
    assert!(last.contains(r#""end":"done""#), "{last}");
}
