//! Conditions, gates, loops, proofs, and where the changes go.

use crate::model::Destination;
use crate::plan::{Condition, LoopPlan, PhaseKind, PhasePlan, Proof, ScopePlan, Subject};
use crate::workflow::Bindings;

use super::{bindings, compiled, refused};

fn edit(keys: &str) -> String {
    format!(
        "inputs: {{ depth: {{ default: shallow }} }}\nphases:\n  - name: fix\n    model: planner\n    \
         context_strategy: fresh\n    edits: true\n    verify: make test\n{keys}"
    )
}

fn then(keys: &str) -> String {
    edit(&format!(
        "  - {{ name: next, model: planner, context_strategy: fresh, {keys} }}\n"
    ))
}

fn last(text: &str) -> PhasePlan {
    let mut plan = compiled(text, &bindings("x")).plan;
    plan.phases.pop().unwrap()
}

#[test]
fn conditions_look_at_inputs_verdicts_and_tests() {
    let condition =
        |when: &str| -> Condition { last(&then(&format!("when: '{when}'"))).when.unwrap() };
    let input = || Subject::Input("shallow".to_owned());
    for (when, subject, value, negated) in [
        ("depth == deep", input(), "deep", false),
        ("inputs.depth != \"very deep\"", input(), "very deep", true),
        (
            "inputs.feature==x",
            Subject::Input("x".to_owned()),
            "x",
            false,
        ),
        (
            "fix.tests == fail",
            Subject::Tests("fix".into()),
            "fail",
            false,
        ),
    ] {
        let text = when.to_owned();
        let value = value.to_owned();
        let expected = Condition {
            text,
            subject,
            value,
            negated,
        };
        assert_eq!(condition(when), expected);
    }
    let text = "\
phases:
  - { name: audit, model: planner, context_strategy: fresh }
  - { name: next, model: planner, context_strategy: fresh, when: audit.verdict != pass }
";
    let subject = last(text).when.unwrap().subject;
    assert_eq!(subject, Subject::Verdict("audit".into()));
}

#[test]
fn an_audit_goes_back_to_who_mends() {
    let plan = last(&then("on_fail: { goto: fix, max: 3 }"));
    let expected = LoopPlan {
        goto: "fix".into(),
        max: 3,
    };
    assert_eq!(plan.on_fail, Some(expected));
    let idle = then("on_fail: { goto: next }");
    let warnings = compiled(&idle, &bindings("x")).warnings;
    assert_eq!(warnings[0].code, "idle-loop");
}

#[test]
fn what_proves_the_changes_and_who_is_asked_stands_in_the_plan() {
    let plan = last(&edit(
        "    gate: Mend {feature}?\n    checkpoint: { after_tokens: 90_000 }\n",
    ));
    assert_eq!(plan.verify, [Proof::Command("make test".to_owned())]);
    assert_eq!(plan.gate.as_deref(), Some("Mend x?"));
    assert_eq!(plan.checkpoint, Some(90_000));
    let asks = |gate: &str| last(&edit(&format!("    gate: {gate}\n"))).gate;
    assert_eq!(asks("true").as_deref(), Some("Go on with the phase `fix`?"));
    assert_eq!(asks("false"), None);
    let two = "\
phases:
  - name: fix
    model: planner
    edits: true
    context_strategy: fresh
    verify: [make lint, 'test \"${A}\" = {feature}']
";
    // Braces are the shell's here.
    let commands = ["make lint", "test \"${A}\" = {feature}"];
    let commands = commands.map(|command| Proof::Command(command.to_owned()));
    assert_eq!(last(two).verify, commands);
}

#[test]
fn what_proved_an_earlier_phase_can_prove_a_later_one() {
    let text = |proof: &str| {
        format!(
            "phases:\n  - {{ name: note, model: planner, context_strategy: fresh }}\n  \
             - {{ name: fix, model: planner, context_strategy: fresh, edits: true, verify: make test }}\n  \
             - {{ name: mend, model: planner, context_strategy: fresh, edits: true, verify: [{proof}] }}\n"
        )
    };
    let again = Proof::TestsOf {
        tests_of: "fix".into(),
    };
    let own = |command: &str| Proof::Command(command.to_owned());
    assert_eq!(
        last(&text("fix.tests, make lint")).verify,
        [again, own("make lint")]
    );
    assert_eq!(last(&text("./fix.tests")).verify, [own("./fix.tests")]);
    let refusals = ["fx.tests", "note.tests", "mend.tests"];
    let refusals = refusals.map(|proof| refused(&text(proof), &bindings("x")));
    insta::assert_snapshot!(refusals.join("\n"), @r"
    error: unknown phase `fx`
      --> w.yaml:4:82
      |
    4 |   - { name: mend, model: planner, context_strategy: fresh, edits: true, verify: [fx.tests] }
      |                                                                                  ^^^^^^^^
    hint: did you mean `fix`?

    error: the phase `note` runs no tests
      --> w.yaml:4:82
      |
    4 |   - { name: mend, model: planner, context_strategy: fresh, edits: true, verify: [note.tests] }
      |                                                                                  ^^^^^^^^^^
    hint: give `note` a `verify` command

    error: the phase `mend` is not over when this one begins
      --> w.yaml:4:82
      |
    4 |   - { name: mend, model: planner, context_strategy: fresh, edits: true, verify: [mend.tests] }
      |                                                                                  ^^^^^^^^^^
    hint: name an earlier phase
    ");
}

#[test]
fn nothing_is_verified_where_nothing_is_changed() {
    let text = "\
phases:
  - { name: note, model: planner, context_strategy: fresh, verify: make test }
";
    insta::assert_snapshot!(refused(text, &bindings("x")), @r"
    error: the phase `note` changes no files, so there is nothing to verify
      --> w.yaml:2:60
      |
    2 |   - { name: note, model: planner, context_strategy: fresh, verify: make test }
      |                                                            ^^^^^^
    hint: give `verify` to the phase that edits, or this one `edits: true`
    ");
}

#[test]
fn a_checkpoint_needs_files_to_go_on_with_and_an_agent_that_tells_its_tokens() {
    let text = "\
agents: { local: { kind: command, command: ./agent } }
models: { mine: { agent: local } }
roles: { worker: [claude-sonnet, mine] }
phases:
  - { name: note, model: planner, context_strategy: fresh, checkpoint: { after_tokens: 9 } }
  - { name: fix, model: worker, context_strategy: fresh, edits: true, checkpoint: { after_tokens: 9 } }
";
    insta::assert_snapshot!(refused(text, &bindings("x")), @r"
    error: the phase `note` changes no files, so a fresh process would have nothing to go on with
      --> w.yaml:5:60
      |
    5 |   - { name: note, model: planner, context_strategy: fresh, checkpoint: { after_tokens: 9 } }
      |                                                            ^^^^^^^^^^
    hint: give `checkpoint` to the phase that edits, or this one `edits: true`

    warning: the agent `local` of the model `mine` does not count the tokens of each step: with it, the checkpoint of the phase `fix` is never reached
      --> w.yaml:6:25
      |
    6 |   - { name: fix, model: worker, context_strategy: fresh, edits: true, checkpoint: { after_tokens: 9 } }
      |                         ^^^^^^
    ");
    let supported = edit("    checkpoint: { after_tokens: 90_000 }\n");
    let compiled = compiled(&supported, &bindings("x"));
    assert_eq!(compiled.warnings, []);
    assert!(matches!(
        compiled.plan.phases[0].kind,
        PhaseKind::Single { .. }
    ));
}

#[test]
fn a_scope_says_which_files_there_are() {
    let scope = |keys: &str| {
        let text = format!(
            "phases:\n  - name: fix\n    model: planner\n    edits: true\n    context_strategy: scoped\n{keys}"
        );
        let compiled = compiled(&text, &bindings("x"));
        let codes: Vec<&str> = compiled.warnings.iter().map(|found| found.code).collect();
        (compiled.plan.phases[0].scope.clone(), codes.join(" "))
    };
    let full = ScopePlan {
        files: vec!["src/**".to_owned()],
        always: vec!["Cargo.toml".to_owned()],
        imports: false,
        import_tokens: 0,
    };
    let keys =
        |more: &str| format!("    scope: {{ files: 'src/**', always: [Cargo.toml]{more} }}\n");
    assert_eq!(scope(&keys("")), (full.clone(), String::new()));
    for (more, tokens) in [
        (", expand: imports", 30_000),
        (", expand: true", 30_000),
        (", expand: imports, expand_tokens: 500", 500),
    ] {
        let expanded = ScopePlan {
            imports: true,
            import_tokens: tokens,
            ..full.clone()
        };
        assert_eq!(scope(&keys(more)), (expanded, String::new()));
    }
    let unused = scope(&keys(", expand_tokens: 500"));
    assert_eq!(unused, (full, "unused-scope".to_owned()));
    let (none, warned) = scope("");
    assert_eq!(
        (none, warned.as_str()),
        (ScopePlan::default(), "empty-scope")
    );
}

#[test]
fn changes_go_where_the_user_says() {
    let at = |text: &str, destination| {
        let bindings = Bindings {
            destination,
            ..bindings("x")
        };
        let compiled = compiled(text, &bindings);
        let codes: Vec<&str> = compiled.warnings.iter().map(|found| found.code).collect();
        (compiled.plan.destination, codes.join(" "))
    };
    let branch = || Destination::Branch("topic/x".to_owned());
    for destination in [Destination::Tree, branch(), Destination::Nowhere] {
        let planned = at(&edit(""), destination.clone());
        assert_eq!(planned, (destination, String::new()));
    }
    let note = "phases:\n  - { name: note, model: planner, context_strategy: fresh }\n";
    assert_eq!(at(note, branch()), (branch(), String::new()));
    let bindings = Bindings {
        destination: Destination::Branch("a b".to_owned()),
        ..bindings("x")
    };
    insta::assert_snapshot!(refused(&edit(""), &bindings), @r"
    error: `a b` is no name for a branch: it has a character in it that git forbids
      --> --branch a b
    ");
}
