//! An auditor's verdict decides what becomes of the changes, and what it found is mended before it is asked again.

use crate::support::{Output, Run, Sandbox};

const FAIL: &str = r#"{"verdict": "fail", "summary": "Not yet.", "findings":
  [{"severity": "blocker", "file": "a.txt", "line": 1, "problem": "it says first", "fix": "say second"}]}"#;
const PASS: &str = r#"{"verdict": "pass", "summary": "Well done.", "findings": []}"#;

/// A project with the workflow `ship`: a phase that edits, an audit with these further keys, and then these
/// phases.
fn project(audit: &str, phases: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox
        .write(".gitignore", ".tipstaff/\n")
        .write("a.txt", "start\n")
        .write(
            ".tipstaff/workflows/ship.yaml",
            &format!(
                "name: ship\nphases:\n  - name: integrate\n    model: m1\n    edits: true\n    \
                 context_strategy: distilled\n    retries: 0\n  - name: audit\n    model: m2\n    \
                 context_strategy: fresh\n    input: integrate.handoff\n    retries: 0\n{audit}{phases}"
            ),
        )
        .git_init();
    sandbox
}

const LOOP: &str = "    on_fail: { goto: integrate, max: 1 }\n";

/// The first round writes `first` and every later one `second`; the audits say this, one a round.
fn script(sandbox: &Sandbox, verdicts: &[&str]) {
    let mut yaml = String::from(
        "- when: { call: integrate.work-1 }\n  do: [{ write: { path: a.txt, text: first } }, done]\n\
         - when: { phase: integrate }\n  do: [{ show: a.txt }, { write: { path: a.txt, text: second } }]\n",
    );
    for (verdict, round) in verdicts.iter().zip(1..) {
        let call = match round {
            1 => String::from("audit.work-1"),
            later => format!("audit.work-1@{later}"),
        };
        let text = serde_json::to_string(verdict).unwrap();
        yaml.push_str(&format!(
            "- when: {{ call: \"{call}\" }}\n  do: [{{ write: {{ path: .tipstaff/out/verdict.json, text: {text} }} }}]\n"
        ));
    }
    sandbox.fake_agent(&yaml);
}

fn ship(sandbox: &Sandbox) -> Output {
    sandbox.tipstaff(&["run", "ship", "Ship it"])
}

fn prompt(run: &Run, phase: &str, call: &str) -> String {
    run.read(format!("phases/{phase}/calls/{call}/attempt-1/prompt.md"))
}

#[test]
fn a_verdict_of_fail_keeps_the_changes_out_of_your_tree_and_in_the_run() {
    let sandbox = project("", "");
    script(&sandbox, &[FAIL]);
    let output = ship(&sandbox);
    output.exits_with(3);
    let said = format!("{}{}", output.stdout, output.stderr);
    assert!(said.contains("it says first"), "{output}");
    assert_eq!(sandbox.read("a.txt"), "start\n");
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    let patch = sandbox.run().read("phases/01-integrate/changes.patch");
    assert!(patch.contains("+first"), "{patch}");
}

#[test]
fn a_verdict_of_pass_lets_the_changes_in() {
    let sandbox = project(LOOP, "");
    script(&sandbox, &[PASS]);
    ship(&sandbox).succeeds();
    assert_eq!(sandbox.read("a.txt"), "first");
    assert_eq!(
        sandbox.run().calls("attempt_started"),
        ["audit.work-1", "integrate.work-1"]
    );
}

#[test]
fn what_the_audit_found_is_mended_and_audited_again() {
    let sandbox = project(LOOP, "");
    script(&sandbox, &[FAIL, PASS]);
    ship(&sandbox).succeeds();
    assert_eq!(sandbox.read("a.txt"), "second");
    let run = sandbox.run();
    assert_eq!(run.all("looped_back").len(), 1);
    let first = prompt(&run, "01-integrate", "integrate.work-1");
    let again = prompt(&run, "01-integrate", "integrate.work-1@2");
    for words in ["it says first", "say second"] {
        assert!(!first.contains(words), "{first}");
        assert!(again.contains(words), "{again}");
    }
    // The second round goes on from what the first one did.
    let shown = run.read("phases/01-integrate/calls/integrate.work-1@2/attempt-1/deliverable.md");
    assert_eq!(shown, "a.txt: first\n");
}

#[test]
fn audit_of_unchanged_work_is_asked_anew_in_each_round() {
    let sandbox = project(LOOP, "");
    let says = |call: &str, verdict: &str| {
        let text = serde_json::to_string(verdict).unwrap();
        format!(
            "- when: {{ call: {call:?} }}\n  do: [{{ write: {{ path: .tipstaff/out/verdict.json, text: {text} }} }}]\n"
        )
    };
    // Every round of the work leaves the same files and the same words.
    sandbox.fake_agent(&format!(
        "{}{}{}- do: [{{ write: {{ path: a.txt, text: same }} }}, {{ write: {{ path: \
         .tipstaff/out/handoff.json, text: '{{\"summary\": \"Same.\"}}' }} }}]\n",
        says("audit.work-1", FAIL),
        says("audit.work-1@2", FAIL),
        says("audit.work-1@3", PASS),
    ));
    ship(&sandbox).exits_with(3);
    let run = sandbox.run();
    sandbox.tipstaff(&["resume", "--rounds", "1"]).succeeds();
    assert_eq!(sandbox.read("a.txt"), "same");
    let started = run.calls("attempt_started");
    let audits = started.iter().filter(|call| call.starts_with("audit"));
    assert_eq!(audits.count(), 3, "{started:?}");
}

#[test]
fn after_the_last_round_a_verdict_of_fail_stands() {
    let sandbox = project(LOOP, "");
    script(&sandbox, &[FAIL, FAIL, PASS]);
    ship(&sandbox).exits_with(3);
    assert_eq!(sandbox.read("a.txt"), "start\n");
    let run = sandbox.run();
    assert_eq!(run.all("looped_back").len(), 1);
    assert_eq!(run.calls("attempt_started").len(), 4);
}

#[test]
fn an_audit_cannot_edit() {
    let sandbox = project("", "");
    let text = serde_json::to_string(PASS).unwrap();
    sandbox.fake_agent(&format!(
        "- when: {{ phase: audit }}\n  do: [{{ write: {{ path: a.txt, text: stray }} }}, \
         {{ write: {{ path: .tipstaff/out/verdict.json, text: {text} }} }}]\n\
         - do: [{{ write: {{ path: b.txt, text: mine }} }}, done]\n"
    ));
    ship(&sandbox).succeeds();
    assert_eq!(sandbox.read("a.txt"), "start\n");
    assert_eq!(sandbox.read("b.txt"), "mine");
}

#[test]
fn a_phase_whose_condition_does_not_hold_is_left_out() {
    let more = "  - name: celebrate\n    model: m3\n    context_strategy: distilled\n    \
                when: audit.verdict == pass\n    output: party.md\n\
                \u{20} - name: mourn\n    model: m3\n    context_strategy: distilled\n    \
                when: audit.verdict == fail\n    output: wake.md\n";
    for (verdict, code, there, absent) in [
        (PASS, 0, "party.md", "wake.md"),
        (FAIL, 3, "wake.md", "party.md"),
    ] {
        let sandbox = project("", more);
        script(&sandbox, &[verdict]);
        ship(&sandbox).exits_with(code);
        assert!(sandbox.exists(there), "no {there}");
        assert!(!sandbox.exists(absent), "{absent} is there");
        assert_eq!(sandbox.run().all("phase_skipped").len(), 1);
    }
}

/// The workflow `look`: two lenses at once, with these further keys.
fn lenses(more: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write(
        ".tipstaff/workflows/look.yaml",
        &format!(
            "name: look\nphases:\n  - name: review\n    type: parallel\n    model: m1\n    \
             lenses: {{ safety: Look for danger., speed: Look for waste. }}\n    \
             context_strategy: distilled\n    output: review.md\n    retries: 0\n{more}"
        ),
    );
    // Each of the two waits for the other: one after another they would never end.
    let meet = |own: &str, other: &str| {
        format!(
            "- when: {{ call: review.lens-{own} }}\n  do: [{{ touch: {} }}, {{ wait_for_file: {} }}, \
             {{ write: {{ path: .tipstaff/out/deliverable.md, text: \"{own} is fine\\n\" }} }}]\n",
            sandbox.outside(own).display(),
            sandbox.outside(other).display()
        )
    };
    let script = meet("safety", "speed") + &meet("speed", "safety") + "- do: [done]\n";
    sandbox.fake_agent(&script);
    sandbox
}

#[test]
fn lenses_look_at_once_and_are_put_one_below_the_other() {
    let sandbox = lenses("");
    sandbox.tipstaff(&["run", "look", "Look"]).succeeds();
    let review = sandbox.read("review.md");
    let (safety, speed) = (review.find("safety is fine"), review.find("speed is fine"));
    assert!(safety.is_some() && safety < speed, "{review}");
    let run = sandbox.run();
    let asked = |lens: &str| prompt(&run, "01-review", &format!("review.lens-{lens}"));
    assert!(
        asked("safety").contains("Look for danger.")
            && !asked("safety").contains("Look for waste.")
    );
    assert!(asked("speed").contains("Look for waste."));
}

#[test]
fn a_judge_joins_what_the_lenses_saw() {
    let sandbox = lenses("    judge: m4\n");
    sandbox.tipstaff(&["run", "look", "Look"]).succeeds();
    let asked = prompt(&sandbox.run(), "01-review", "review.work-1");
    for words in ["safety is fine", "speed is fine"] {
        assert!(asked.contains(words), "{asked}");
    }
    assert!(
        sandbox
            .read("review.md")
            .contains("A document of the fake agent.")
    );
}

#[test]
fn in_a_later_round_the_lenses_of_that_round_are_put_together() {
    let audit = "  - name: audit\n    model: m2\n    context_strategy: fresh\n    input: review.output\n    \
                 on_fail: { goto: review, max: 1 }\n";
    let sandbox = lenses(audit);
    let says = |call: &str, file: &str, text: &str| {
        let text = serde_json::to_string(text).unwrap();
        format!(
            "- when: {{ call: \"{call}\" }}\n  do: [{{ write: {{ path: .tipstaff/out/{file}, text: {text} }} }}]\n"
        )
    };
    let mut script = says("audit.work-1", "verdict.json", FAIL);
    script += &says("audit.work-1@2", "verdict.json", PASS);
    for lens in ["safety", "speed"] {
        for (call, word) in [(lens.to_owned(), "old"), (format!("{lens}@2"), "new")] {
            let call = format!("review.lens-{call}");
            script += &says(&call, "deliverable.md", &format!("{word} {lens}\n"));
        }
    }
    sandbox.fake_agent(&script);
    sandbox.tipstaff(&["run", "look", "Look"]).succeeds();
    let review = sandbox.read("review.md");
    assert_eq!(review, "# safety\n\nnew safety\n\n# speed\n\nnew speed\n\n");
}

#[test]
fn what_an_audit_is_told_of_tests_is_true_of_the_work_as_it_is() {
    let sandbox = project(LOOP, "");
    let workflow = sandbox.read(".tipstaff/workflows/ship.yaml");
    let proved = workflow
        .replace(
            "edits: true\n",
            "edits: true\n    verify: grep good a.txt\n",
        )
        .replace(
            "input: integrate.handoff",
            "input: [integrate.handoff, integrate.tests]",
        );
    sandbox.write(".tipstaff/workflows/ship.yaml", &proved);
    let write = |call: &str, text: &str| {
        format!(
            "- when: {{ call: \"{call}\" }}\n  do: [{{ write: {{ path: a.txt, text: {text} }} }}, \
             {{ write: {{ path: .tipstaff/out/handoff.json, text: '{{\"summary\": \"{call}\"}}' }} }}]\n"
        )
    };
    // The second round spoils what the first one did, and makes it good again.
    let mut script = write("integrate.work-1", "good");
    script += &write("integrate.work-1@2", "bad");
    script += &write("integrate.work-1.2@2", "good");
    for (call, verdict) in [("audit.work-1", FAIL), ("audit.work-1@2", PASS)] {
        let text = serde_json::to_string(verdict).unwrap();
        script += &format!(
            "- when: {{ call: \"{call}\" }}\n  do: [{{ write: {{ path: .tipstaff/out/verdict.json, text: {text} }} }}]\n"
        );
    }
    sandbox.fake_agent(&script);
    ship(&sandbox).succeeds();
    let run = sandbox.run();
    assert_eq!(run.all("verified").len(), 2);
    let asked = prompt(&run, "02-audit", "audit.work-1@2");
    assert!(
        asked.contains("passed") && !asked.contains("fails"),
        "{asked}"
    );
    assert_eq!(sandbox.read("a.txt"), "good");
}

#[test]
fn calls_side_by_side_may_not_edit() {
    let sandbox = lenses("    edits: true\n");
    sandbox
        .tipstaff(&["run", "look", "Look"])
        .exits_with(2)
        .stderr_has("a phase of type `parallel` cannot edit")
        .stderr_has("parallel editors overwrite each other");
    assert!(!sandbox.exists(".tipstaff/runs"), "something ran");
}
