//! Workflow and bindings to plan.

use std::collections::BTreeMap;

use crate::model::{Budget, MicroUsd, Millis};
use crate::plan::{EnsembleMode, OutputKind, PhaseKind, PlannedInput, Strategy};
use crate::workflow::{Bindings, Library};

use super::{LIBRARY, bindings, compiled, refused, shown};

const ENSEMBLE: &str = "\
name: e
phases:
  - name: plan
    type: ensemble
    models: [claude-sonnet, frontend]
    judge: judge
    context_strategy: distilled
    output: docs/{feature}.md
";

fn one_phase(keys: &str) -> String {
    format!("phases:\n  - name: note\n    context_strategy: fresh\n    model: planner\n{keys}")
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

fn chains(text: &str, bindings: &Bindings<'_>) -> (Vec<Vec<String>>, Vec<String>, u32) {
    let plan = compiled(text, bindings).plan;
    let PhaseKind::Ensemble {
        proposers,
        judge,
        quorum,
        ..
    } = &plan.phases[0].kind
    else {
        panic!("no ensemble");
    };
    let names = |chain: &Vec<crate::model::ModelName>| -> Vec<String> {
        chain.iter().map(ToString::to_string).collect()
    };
    for model in proposers.iter().flatten().chain(&judge.panel[0]) {
        let spec = &plan.models[model];
        assert!(plan.agents.contains_key(&spec.agent));
    }
    (
        proposers.iter().map(names).collect(),
        names(&judge.panel[0]),
        *quorum,
    )
}

#[test]
fn names_and_defaults_are_resolved() {
    let plan = compiled(ENSEMBLE, &bindings("Add a thing")).plan;
    let phase = &plan.phases[0];
    assert_eq!(phase.output.as_deref(), Some("docs/add-a-thing.md"));
    assert_eq!(phase.limits.timeout, Millis::minutes(30));
    assert_eq!(phase.strategy, Strategy::Distilled);
    assert!(phase.project_instructions && !phase.edits);
    assert_eq!(
        phase.prompt,
        "Instructions of plan for add-a-thing, {\"json\": {unknown}}"
    );
    let (proposers, judge, quorum) = chains(ENSEMBLE, &bindings("x"));
    assert_eq!(proposers, [["claude-sonnet"], ["gemini-2.5-pro"]]);
    assert_eq!((judge, quorum), (vec!["claude-opus".to_owned()], 2));
    assert_eq!(plan.models.len(), 3);
    assert_eq!(plan.limits.calls, Some(40));
}

#[test]
fn one_proposal_is_one_call() {
    let bindings = Bindings {
        depth: Some(1),
        ..bindings("x")
    };
    let plan = compiled(ENSEMBLE, &bindings).plan;
    let PhaseKind::Single {
        chain,
        yields: OutputKind::Document,
    } = &plan.phases[0].kind
    else {
        panic!("not one call");
    };
    assert_eq!(*chain, ["claude-sonnet".into()]);
    assert_eq!(plan.models.len(), 1, "nobody judges");
}

#[test]
fn nearly_an_input_in_a_prompt_is_a_warning_with_its_place() {
    let text = one_phase(
        "    prompt: |\n\n      For {feature}.\n\n      Read {{ request }}, write {featrue}: {\"a\": {b}}\n",
    );
    let warnings = compiled(&text, &bindings("x")).warnings;
    insta::assert_snapshot!(shown(&warnings, &text), @r#"
    warning: `{{ request }}` is not how an input is written
      --> w.yaml:9:12
      |
    9 |       Read {{ request }}, write {featrue}: {"a": {b}}
      |            ^^^^^^^^^^^^^
    hint: write `{request}`

    warning: `{featrue}` is no input, and stays as it is
      --> w.yaml:9:33
      |
    9 |       Read {{ request }}, write {featrue}: {"a": {b}}
      |                                 ^^^^^^^^^
    hint: did you mean `feature`?
    "#);
    let text = one_phase("    prompt: mine.md\n");
    let library = Library {
        read_file: &|_| Ok("Mine.\nOf {reqest}.\n".to_owned()),
        ..LIBRARY
    };
    let bindings = Bindings {
        library,
        ..bindings("x")
    };
    insta::assert_snapshot!(shown(&compiled(&text, &bindings).warnings, &text), @r"
    warning: `{reqest}` is no input, and stays as it is
      --> prompt mine.md:2:4
    hint: did you mean `request`?
    ");
    let text = one_phase("    prompt: reviw\n");
    assert!(refused(&text, &bindings).contains("hint: did you mean `review`?"));
}

#[test]
fn depth_takes_the_first_or_goes_round_again() {
    let at = |depth| {
        chains(
            ENSEMBLE,
            &Bindings {
                depth: Some(depth),
                ..bindings("x")
            },
        )
    };
    assert_eq!(
        at(3).0,
        [["claude-sonnet"], ["gemini-2.5-pro"], ["claude-sonnet"]]
    );
    assert_eq!(at(3).2, 3);
    for depth in [0, 27, u32::MAX] {
        let text = refused(
            ENSEMBLE,
            &Bindings {
                depth: Some(depth),
                ..bindings("x")
            },
        );
        assert!(text.contains("--> --depth"), "{text}");
    }
    let named = format!(
        "{}    quorum: 3\n    mode: sequential\n",
        ENSEMBLE.replace("[claude-sonnet", "[gpt-4o, claude-sonnet")
    );
    let compiled = compiled(
        &named,
        &Bindings {
            depth: Some(2),
            ..bindings("x")
        },
    );
    assert_eq!(compiled.warnings[0].code, "lowered-quorum");
    assert!(matches!(
        compiled.plan.phases[0].kind,
        PhaseKind::Ensemble {
            quorum: 2,
            quorum_named: true,
            mode: EnsembleMode::Sequential,
            ..
        }
    ));
}

#[test]
fn flags_replace_roles_and_models() {
    let with = |flags: &[(&str, &str)]| {
        chains(
            ENSEMBLE,
            &Bindings {
                model_overrides: map(flags),
                ..bindings("x")
            },
        )
    };
    assert_eq!(with(&[("judge", "gpt-4o")]).1, ["gpt-4o"]);
    // A model that a role stands for is replaced too; a flag's right side is final.
    assert_eq!(
        with(&[("claude-opus", "backend"), ("claude-sonnet", "quick")]).1,
        ["claude-sonnet"]
    );
    assert_eq!(
        with(&[("frontend", "opencode:x/y@low")]).0,
        [["claude-sonnet"], ["opencode:x/y@low"]]
    );
    let flags = map(&[("jugde", "gpt-4o"), ("judge", "gpt4o")]);
    let text = refused(
        ENSEMBLE,
        &Bindings {
            model_overrides: flags,
            ..bindings("x")
        },
    );
    insta::assert_snapshot!(text, @r"
    error: unknown model or role `gpt4o`
      --> --model judge=gpt4o
    hint: did you mean `gpt-4o`?

    error: unknown model or role `jugde`
      --> --model jugde=gpt-4o
    hint: did you mean `judge`?
    ");
}

#[test]
fn substitutes_propose_twice_only_where_they_are_named() {
    let phase = |substitute: &str| {
        let roles = "roles: { many: [claude-sonnet, gpt-4o] }\n";
        let text = format!("{roles}{ENSEMBLE}    substitute: {substitute}\n");
        let plan = compiled(&text, &bindings("x")).plan;
        let names = plan.phases[0].substitutes.iter();
        names.map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(phase("claude-sonnet"), ["claude-sonnet"]);
    assert_eq!(phase("many"), ["gpt-4o"]);
}

#[test]
fn fallbacks_follow_each_chain_once() {
    let text = format!("{ENSEMBLE}    fallback: [claude-opus, quick]\n");
    let (proposers, judge, _) = chains(&text, &bindings("x"));
    assert_eq!(
        proposers[0],
        ["claude-sonnet", "claude-opus", "claude-haiku"]
    );
    assert_eq!(judge, ["claude-opus", "claude-haiku"]);
}

#[test]
fn a_workflow_lays_its_own_configuration_over() {
    let text = "\
models: { mine: { agent: local } }
agents: { local: { kind: command, command: ./agent } }
roles: { planner: [mine, claude-opus] }
limits: { cost: 1.5 }
defaults: { timeout: 1h30m, project_instructions: false }
phases:
  - { name: note, model: planner, context_strategy: distilled, retries: 0, idle_timeout: 90s }
";
    let plan = compiled(text, &bindings("x")).plan;
    assert_eq!(plan.workflow, "w");
    assert_eq!(plan.limits.cost, Some(MicroUsd(1_500_000)));
    assert_eq!(plan.agents.len(), 2);
    let limits = plan.phases[0].limits;
    assert_eq!(
        (limits.timeout, limits.idle_timeout, limits.retries),
        (Millis::minutes(90), Millis::seconds(90), 0)
    );
    assert!(!plan.phases[0].project_instructions);
}

#[test]
fn declared_inputs_are_bound() {
    let text = "\
inputs:
  ticket: { description: The ticket }
  area: { default: core }
  note: { required: false }
phases:
  - name: note
    model: planner
    context_strategy: fresh
    output: docs/{area}/{ticket}-{feature}.md
    prompt: Do {ticket} in {area}; {note}{nothing}
";
    let set = |sets: &[(&str, &str)]| Bindings {
        sets: map(sets),
        ..bindings("Go on")
    };
    let plan = compiled(text, &set(&[("ticket", "T-1")])).plan;
    assert_eq!(
        plan.phases[0].output.as_deref(),
        Some("docs/core/T-1-go-on.md")
    );
    assert_eq!(plan.phases[0].prompt, "Do T-1 in core; {nothing}");
    assert_eq!(plan.inputs["area"], "core");
    let plan = compiled(text, &set(&[("ticket", "{area}"), ("feature", "f")])).plan;
    assert_eq!(
        plan.phases[0].output.as_deref(),
        Some("docs/core/{area}-f.md")
    );
    insta::assert_snapshot!(refused(text, &set(&[("tiket", "T-1"), ("request", "x")])), @r"
    error: the request is no input to set
      --> --set request
    hint: write it after the workflow's name

    error: the workflow has no input `tiket`
      --> --set tiket
    hint: did you mean `ticket`?

    error: the input `ticket` needs a value
      --> w.yaml:2:3
      |
    2 |   ticket: { description: The ticket }
      |   ^^^^^^
    hint: give it with `--set ticket=…`
    ");
}

#[test]
fn no_value_leads_out_of_its_folder() {
    let too_long = "x".repeat(201);
    for value in [
        "../..",
        "a/b",
        "a\\b",
        "..",
        "a\nb",
        "a\0b",
        "",
        " ",
        too_long.as_str(),
    ] {
        let sets = map(&[("feature", value)]);
        let text = refused(
            ENSEMBLE,
            &Bindings {
                sets,
                ..bindings("x")
            },
        );
        assert!(
            text.contains("the value of `feature` cannot be in a path"),
            "{value:?}: {text}"
        );
        assert!(text.contains("w.yaml:8:18"), "{text}");
    }
    let text = one_phase("    output: \"{feature}/config\"\n");
    for value in [".git", ".tipstaff", ".GIT"] {
        let sets = map(&[("feature", value)]);
        assert!(
            refused(
                &text,
                &Bindings {
                    sets,
                    ..bindings("x")
                }
            )
            .contains("lies in"),
            "{value}"
        );
    }
    let text = "\
inputs: [a]
phases:
  - { name: x, model: planner, context_strategy: fresh, output: 'docs/{a}.md' }
  - { name: y, model: planner, context_strategy: fresh, output: 'docs/{feature}.md' }
";
    let sets = map(&[("a", "same"), ("feature", "same")]);
    assert!(
        refused(
            text,
            &Bindings {
                sets,
                ..bindings("x")
            }
        )
        .contains("publishes to `docs/same.md` already")
    );
}

#[test]
fn a_prompt_is_a_template_a_file_or_a_text() {
    let prompt = |keys: &str| {
        compiled(&one_phase(keys), &bindings("x")).plan.phases[0]
            .prompt
            .clone()
    };
    assert!(prompt("").starts_with("Instructions of general"));
    assert!(prompt("    prompt: plan\n").starts_with("Instructions of plan"));
    assert_eq!(prompt("    prompt: prompts/mine.md\n"), "Mine.");
    assert_eq!(
        prompt("    prompt: this and/or that.md\n"),
        "this and/or that.md"
    );
    assert_eq!(
        prompt("    prompt: |\n      Two\n      lines\n"),
        "Two\nlines\n"
    );
    for keys in [
        "    prompt: plann\n",
        "    prompt: gone.md\n",
        "    prompt: empty.md\n",
    ] {
        let text = one_phase(keys);
        let refused = refused(&text, &bindings("x"));
        assert!(refused.contains("w.yaml:5:13"));
        assert_eq!(refused.matches("error: ").count(), 1);
    }
}

#[test]
fn a_budget_may_be_larger_than_the_limits_of_the_run() {
    let text = format!(
        "limits: {{ tokens: 500, cost: 1 }}\n{}",
        one_phase("    budget: { calls: 3, tokens: 1000, cost: 2.5 }\n")
    );
    let compiled = compiled(&text, &bindings("x"));
    assert_eq!(compiled.warnings, []);
    let budget = Budget {
        calls: Some(3),
        tokens: Some(1000),
        cost: Some(MicroUsd(2_500_000)),
    };
    assert_eq!(compiled.plan.phases[0].budget, budget);
}

#[test]
fn a_handoff_has_the_chosen_sections_and_all_if_none_is_chosen() {
    let sections = |keys: &str| {
        let plan = compiled(&one_phase(keys), &bindings("x")).plan;
        serde_json::to_value(&plan.phases[0].sections).unwrap()
    };
    assert_eq!(
        sections("    distill: { sections: [files, summary, risks] }\n"),
        serde_json::json!(["risks", "files"])
    );
    assert_eq!(
        sections("    distill: { by: none, sections: gotchas }\n"),
        serde_json::json!(["gotchas"])
    );
    assert_eq!(
        sections("    distill: { sections: [] }\n"),
        serde_json::json!([])
    );
    for all in ["", "    distill: quick\n", "    distill: { by: quick }\n"] {
        assert_eq!(sections(all).as_array().unwrap().len(), 7, "{all}");
    }
}

#[test]
fn inputs_of_all_kinds_are_planned() {
    let text = "\
phases:
  - { name: a, model: planner, context_strategy: fresh, edits: true, verify: make test }
  - { name: b, model: planner, context_strategy: fresh, input: [a.output, a.handoff, a.changes, a.tests, request, 'file:docs/**/*.md'] }
";
    let plan = compiled(text, &bindings("x")).plan;
    assert_eq!(
        plan.phases[1].inputs,
        [
            PlannedInput::Output("a".into()),
            PlannedInput::Handoff("a".into()),
            PlannedInput::Changes("a".into()),
            PlannedInput::Tests("a".into()),
            PlannedInput::Request,
            PlannedInput::Files("docs/**/*.md".into()),
        ]
    );
}

#[test]
fn phase_that_edits_and_names_no_proof_has_that_of_the_configuration() {
    let text = "\
verify: npm test
phases:
  - { name: look, model: planner, context_strategy: fresh }
  - { name: mend, model: planner, context_strategy: fresh, edits: true }
  - { name: own, model: planner, context_strategy: fresh, edits: true, verify: make check }
  - { name: none, model: planner, context_strategy: fresh, edits: true, verify: [] }
";
    let plan = compiled(text, &bindings("x")).plan;
    let proofs: Vec<usize> = plan.phases.iter().map(|phase| phase.verify.len()).collect();
    assert_eq!(proofs, [0, 1, 1, 0]);
    let npm = crate::plan::Proof::Command("npm test".to_owned());
    assert!(plan.phases[1].verify == [npm.clone()] && plan.phases[2].verify != [npm]);
}
