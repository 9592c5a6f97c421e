//! What the phases of each type become in the plan.

use crate::model::{Categories, ModelName, OtherCategories};
use crate::plan::{Distill, LensPlan, OutputKind, PhaseKind, PhasePlan, PlannedInput};

use super::{LIBRARY, bindings, compiled, refused};
use crate::workflow::Library;

const TASKS: &str = "\
phases:
  - { name: cut, model: planner, context_strategy: fresh }
  - name: work
    type: routed
    context_strategy: scoped
    input: cut.output
";

fn phase(text: &str, index: usize) -> PhasePlan {
    compiled(text, &bindings("x")).plan.phases[index].clone()
}

fn names(chain: &[ModelName]) -> Vec<&str> {
    chain.iter().map(ModelName::as_str).collect()
}

fn yields(keys: &str) -> OutputKind {
    let text = format!("phases:\n  - {{ model: planner, context_strategy: fresh, {keys} }}\n");
    match phase(&text, 0).kind {
        PhaseKind::Single { yields, .. } => yields,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_single_phase_leaves_what_it_is_there_for() {
    let any = || {
        OutputKind::Tasks(Categories {
            named: Vec::new(),
            others: OtherCategories::Any,
        })
    };
    assert_eq!(yields("name: note"), OutputKind::Document);
    assert_eq!(yields("name: note, edits: true"), OutputKind::Edits);
    assert_eq!(yields("name: integrate"), OutputKind::Edits);
    assert_eq!(
        yields("name: integrate, edits: false"),
        OutputKind::Document
    );
    assert_eq!(yields("name: audit"), OutputKind::Audit);
    assert_eq!(yields("name: decompose"), any());
    assert_eq!(yields("name: cut, yields: tasks"), any());
    assert_eq!(yields("name: look, yields: verdict"), OutputKind::Audit);
    assert_eq!(yields("name: build, yields: edits"), OutputKind::Edits);
    assert_eq!(
        yields("name: execute, yields: document"),
        OutputKind::Document
    );
    let text = "\
phases:
  - { name: look, model: planner, context_strategy: fresh }
  - { name: note, model: planner, context_strategy: fresh, when: look.verdict == fail }
";
    assert!(matches!(
        phase(text, 0).kind,
        PhaseKind::Single {
            yields: OutputKind::Audit,
            ..
        }
    ));
}

#[test]
fn the_template_of_a_phase_counts_like_its_name() {
    let text = "\
phases:
  - { name: check, model: planner, context_strategy: fresh, prompt: audit }
";
    let bindings = crate::workflow::Bindings {
        library: Library {
            prompts: &|_| Some("Instructions".to_owned()),
            ..LIBRARY
        },
        ..bindings("x")
    };
    assert!(matches!(
        compiled(text, &bindings).plan.phases[0].kind,
        PhaseKind::Single {
            yields: OutputKind::Audit,
            ..
        }
    ));
}

#[test]
fn a_phase_cannot_be_two_things() {
    let text = "\
phases:
  - { name: audit, model: planner, context_strategy: fresh, edits: true }
  - { name: decompose, model: planner, context_strategy: fresh, on_fail: { goto: audit } }
";
    insta::assert_snapshot!(refused(text, &bindings("x")), @r"
    error: the phase `audit` cannot edit files (it has `edits: true`) and give a verdict (it is called `audit`)
      --> w.yaml:2:13
      |
    2 |   - { name: audit, model: planner, context_strategy: fresh, edits: true }
      |             ^^^^^
    hint: whoever judges the work must not be its author: edit in one phase, audit in another

    error: the phase `decompose` cannot give a verdict (it has `on_fail`) and leave tasks (it is called `decompose`)
      --> w.yaml:3:13
      |
    3 |   - { name: decompose, model: planner, context_strategy: fresh, on_fail: { goto: audit } }
      |             ^^^^^^^^^
    hint: make two phases of it, or choose another name
    ");
}

#[test]
fn tasks_go_to_their_category_then_to_the_default_of_the_phase_then_to_the_role_of_that_name() {
    let text = format!(
        "{TASKS}    routing: {{ ui: frontend, backend: gpt-4o, default: quick }}\n    fallback: claude-opus\n    on_task_fail: continue\n"
    );
    let PhaseKind::Single {
        yields: OutputKind::Tasks(categories),
        ..
    } = phase(&text, 0).kind
    else {
        panic!("no tasks");
    };
    assert_eq!(categories.named, ["ui", "backend"]);
    assert_eq!(categories.others, OtherCategories::Any);
    let plan = compiled(&text, &bindings("x")).plan;
    let PhaseKind::Routed {
        tasks,
        routing,
        named,
        go_on,
    } = &plan.phases[1].kind
    else {
        panic!("not routed");
    };
    assert_eq!((tasks.as_str(), *go_on), ("cut", true));
    assert_eq!(*named, ["ui", "backend", "default"]);
    assert_eq!(names(&routing["ui"]), ["gemini-2.5-pro", "claude-opus"]);
    // The workflow's own word counts before the role.
    assert_eq!(names(&routing["backend"]), ["gpt-4o", "claude-opus"]);
    assert_eq!(names(&routing["default"]), ["claude-haiku", "claude-opus"]);
    // So does its `default`.
    assert_eq!(routing.len(), 3);
    for model in routing.values().flatten() {
        assert!(plan.agents.contains_key(&plan.models[model].agent));
    }
    assert!(plan.phases[1].edits);
    let stop = format!("{TASKS}    routing: {{ ui: frontend }}\n");
    let PhaseKind::Routed {
        routing,
        go_on: false,
        ..
    } = &phase(&stop, 1).kind
    else {
        panic!("not routed");
    };
    assert_eq!(names(&routing["reviewer"]), ["claude-opus"]);
}

#[test]
fn tasks_come_from_the_decomposition_wherever_it_is_named() {
    let text = "\
phases:
  - { name: note, model: planner, context_strategy: fresh }
  - { name: decompose, model: planner, context_strategy: fresh, input: note.output }
  - name: work
    type: routed
    context_strategy: distilled
    routing: { ui: frontend }
    input: [note.output, decompose.output]
  - { name: sum, model: planner, context_strategy: fresh, input: [work.changes, work.tests] }
";
    let plan = compiled(text, &bindings("x")).plan;
    let PhaseKind::Routed { tasks, .. } = &plan.phases[2].kind else {
        panic!("not routed");
    };
    assert_eq!(tasks.as_str(), "decompose");
    assert_eq!(
        plan.phases[3].inputs,
        [
            PlannedInput::Changes("work".into()),
            PlannedInput::Tests("work".into())
        ]
    );
}

#[test]
fn a_routed_phase_without_tasks_is_told_how_to_get_them() {
    let text = "\
phases:
  - { name: plan, type: ensemble, models: [claude-opus], judge: judge, context_strategy: fresh }
  - { name: note, model: planner, context_strategy: fresh }
  - { name: a, type: routed, routing: { ui: frontend }, context_strategy: scoped, input: plan.output }
  - { name: b, type: routed, routing: { ui: frontend }, context_strategy: scoped, input: note.handoff }
  - { name: c, type: routed, routing: { ui: frontend }, context_strategy: scoped, edits: false }
";
    insta::assert_snapshot!(refused(text, &bindings("x")), @r"
    error: a routed phase needs the tasks of an earlier phase
      --> w.yaml:4:83
      |
    4 |   - { name: a, type: routed, routing: { ui: frontend }, context_strategy: scoped, input: plan.output }
      |                                                                                   ^^^^^
    hint: `plan` is no single phase: put a single phase `decompose` with `input: plan.output` between them, and name `decompose.output` here

    error: a routed phase needs the tasks of an earlier phase
      --> w.yaml:5:83
      |
    5 |   - { name: b, type: routed, routing: { ui: frontend }, context_strategy: scoped, input: note.handoff }
      |                                                                                   ^^^^^
    hint: name its output: `input: note.output`

    error: a routed phase needs the tasks of an earlier phase
      --> w.yaml:6:13
      |
    6 |   - { name: c, type: routed, routing: { ui: frontend }, context_strategy: scoped, edits: false }
      |             ^
    hint: put a single phase `decompose` before it, and say `input: decompose.output`

    error: a routed phase edits: its tasks are changes to files
      --> w.yaml:6:90
      |
    6 |   - { name: c, type: routed, routing: { ui: frontend }, context_strategy: scoped, edits: false }
      |                                                                                          ^^^^^
    hint: for several documents at once take `type: parallel`
    ");
}

fn lenses(text: &str) -> (Vec<LensPlan>, Option<Vec<ModelName>>) {
    match phase(text, 0).kind {
        PhaseKind::Parallel { lenses, judge } => (lenses, judge),
        other => panic!("{other:?}"),
    }
}

#[test]
fn lenses_share_the_phases_instructions_and_add_their_own() {
    let text = "\
phases:
  - name: look
    type: parallel
    model: reviewer
    judge: judge
    context_strategy: fresh
    prompt: Look at {feature}.
    lenses:
      speed: Only how fast it is.
      all: { model: quick }
      own: { model: gpt-4o, prompt: prompts/mine.md }
";
    let (found, judge) = lenses(text);
    let shown: Vec<String> = found
        .iter()
        .map(|lens| format!("{} {:?} {:?}", lens.name, names(&lens.chain), lens.prompt))
        .collect();
    assert_eq!(
        shown,
        [
            r#"speed ["claude-opus"] "Look at x.\n\n## Your part: speed\n\nOnly how fast it is.""#,
            r#"all ["claude-haiku"] "Look at x.""#,
            r#"own ["gpt-4o"] "Look at x.\n\n## Your part: own\n\nMine.""#,
        ]
    );
    assert_eq!(judge.as_deref().map(names), Some(vec!["claude-opus"]));
    // Without instructions of the phase a lens's own are all; a list is as good as a map.
    let list = "\
phases:
  - name: look
    type: parallel
    model: reviewer
    context_strategy: fresh
    lenses:
      - speed: Only how fast it is.
      - { name: plan, prompt: plan, model: quick }
";
    let (found, judge) = lenses(list);
    assert_eq!(found[0].prompt, "Only how fast it is.");
    assert!(found[1].prompt.starts_with("Instructions of plan for x"));
    assert_eq!(judge, None);
}

#[test]
fn several_models_may_be_asked_the_same() {
    let text = "\
phases:
  - name: look
    type: parallel
    models: [gpt-4o, 'opencode:x/y@low', gpt-4o]
    context_strategy: fresh
    prompt: Look here.
";
    let (found, _) = lenses(text);
    let names: Vec<&str> = found.iter().map(|lens| lens.name.as_str()).collect();
    assert_eq!(names, ["gpt-4o", "opencode-x-y-low", "gpt-4o-2"]);
    assert!(found.iter().all(|lens| lens.prompt == "Look here."));
}

#[test]
fn a_prompt_of_a_lens_that_is_not_there_is_a_mistake() {
    let text = "\
phases:
  - { name: look, type: parallel, model: quick, context_strategy: fresh, lenses: { a: gone.md, b: plann } }
";
    assert_eq!(refused(text, &bindings("x")).matches("error: ").count(), 2);
}

#[test]
fn another_model_may_distill() {
    let text = "\
phases:
  - { name: a, model: planner, context_strategy: fresh, distill: quick }
  - { name: b, model: planner, context_strategy: fresh, distill: none }
  - { name: c, model: planner, context_strategy: fresh, distill: { by: self } }
";
    let plan = compiled(text, &bindings("x")).plan;
    let distill: Vec<&Distill> = plan.phases.iter().map(|phase| &phase.distill).collect();
    let quick = Distill::Model(vec!["claude-haiku".into()]);
    assert_eq!(distill, [&quick, &Distill::Nobody, &Distill::Agent]);
    assert!(plan.models.contains_key(&ModelName::new("claude-haiku")));
}
