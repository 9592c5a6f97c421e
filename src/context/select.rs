//! Which inputs a call gets: the context strategies, carried out.

use crate::model::{Artifact, CallInput, InputSource, PhaseName};
use crate::plan::{PhasePlan, PlannedInput, Strategy};

/// A phase that is closed, with what it left in the run folder.
#[derive(Debug, Clone, Copy)]
pub struct FinishedPhase<'a> {
    pub name: &'a PhaseName,
    pub deliverable: &'a Artifact,
    /// Its handoff (`handoff.json`).
    pub handoff: &'a Artifact,
    /// The patch of its changes, if it made any.
    pub patch: Option<&'a Artifact>,
    /// The results of its `verify` commands, rendered, if it has any.
    pub tests: Option<&'a Artifact>,
}

/// The inputs of the calls of `phase`, besides its instructions and the request, without doubles:
/// documents, then files, then handoffs, then changes and test results.
///
/// `finished` are the closed phases in the order of the plan; `files` are what the phase's `file:`
/// inputs matched when the run began, as paths in the project with their frozen copies.
///
/// A named `PHASE.changes` or `PHASE.tests` is an input under every strategy, since no handoff can
/// stand for it; of a phase that changed no file or proved nothing it brings nothing.
pub fn select(
    strategy: Strategy,
    phase: &PhasePlan,
    finished: &[FinishedPhase<'_>],
    files: &[(String, Artifact)],
) -> Vec<CallInput> {
    let mut deliverables = Vec::new();
    let mut handoffs = Vec::new();
    match strategy {
        Strategy::Full => {
            deliverables.extend(finished.iter().map(deliverable));
            handoffs.extend(
                named(phase, finished).filter_map(|(kind, left)| match kind {
                    Named::Output | Named::Changes | Named::Tests => None,
                    Named::Handoff => Some(handoff(left)),
                }),
            );
        }
        Strategy::Distilled | Strategy::Scoped => handoffs.extend(finished.iter().map(handoff)),
        Strategy::Fresh => {
            for (kind, left) in named(phase, finished) {
                match kind {
                    Named::Output => deliverables.push(deliverable(left)),
                    Named::Handoff => handoffs.push(handoff(left)),
                    Named::Changes | Named::Tests => {}
                }
            }
        }
    }
    let files = files.iter().map(|(path, artifact)| CallInput {
        source: InputSource::File(path.clone()),
        artifact: Some(artifact.clone()),
    });
    let proof = named(phase, finished).filter_map(|(kind, left)| match kind {
        Named::Output | Named::Handoff => None,
        Named::Changes => found(InputSource::Changes(left.name.clone()), left.patch),
        Named::Tests => found(InputSource::Tests(left.name.clone()), left.tests),
    });
    let mut inputs: Vec<CallInput> = Vec::new();
    for input in deliverables
        .into_iter()
        .chain(files)
        .chain(handoffs)
        .chain(proof)
    {
        if !inputs.iter().any(|earlier| earlier.source == input.source) {
            inputs.push(input);
        }
    }
    inputs
}

/// What a phase's `input` asks of a finished phase.
enum Named {
    Output,
    Handoff,
    Changes,
    Tests,
}

fn named<'a>(
    phase: &'a PhasePlan,
    finished: &'a [FinishedPhase<'a>],
) -> impl Iterator<Item = (Named, &'a FinishedPhase<'a>)> {
    phase.inputs.iter().filter_map(|input| {
        let (kind, name) = match input {
            PlannedInput::Output(name) => (Named::Output, name),
            PlannedInput::Handoff(name) => (Named::Handoff, name),
            PlannedInput::Changes(name) => (Named::Changes, name),
            PlannedInput::Tests(name) => (Named::Tests, name),
            PlannedInput::Request | PlannedInput::Files(_) => return None,
        };
        let left = finished.iter().find(|left| left.name == name)?;
        Some((kind, left))
    })
}

fn found(source: InputSource, artifact: Option<&Artifact>) -> Option<CallInput> {
    let artifact = Some(artifact?.clone());
    Some(CallInput { source, artifact })
}

fn deliverable(left: &FinishedPhase<'_>) -> CallInput {
    CallInput {
        source: InputSource::Deliverable(left.name.clone()),
        artifact: Some(left.deliverable.clone()),
    }
}

fn handoff(left: &FinishedPhase<'_>) -> CallInput {
    CallInput {
        source: InputSource::Handoff(left.name.clone()),
        artifact: Some(left.handoff.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::testing::{artifact, phase};

    fn selected(strategy: Strategy, inputs: Vec<PlannedInput>) -> Vec<String> {
        let left = ["workshop", "research", "plan"].map(|name| {
            let kinds = ["md", "json", "patch", "tests"];
            let artifacts = kinds.map(|kind| artifact(&format!("{name}.{kind}")));
            (PhaseName::from(name), artifacts)
        });
        let finished = left
            .each_ref()
            .map(|(name, [document, handoff, patch, tests])| {
                let edits = name.as_str() == "plan";
                FinishedPhase {
                    name,
                    deliverable: document,
                    handoff,
                    patch: edits.then_some(patch),
                    tests: edits.then_some(tests),
                }
            });
        let mut phase = phase("execute", strategy);
        phase.inputs = inputs;
        let files = [("docs/a.md".to_owned(), artifact("inputs/1"))];
        select(strategy, &phase, &finished, &files)
            .into_iter()
            .map(|input| {
                assert!(input.artifact.is_some());
                match input.source {
                    InputSource::Deliverable(name) => format!("{name}.output"),
                    InputSource::Handoff(name) => format!("{name}.handoff"),
                    InputSource::File(path) => path,
                    InputSource::Changes(name) => format!("{name}.changes"),
                    InputSource::Tests(name) => format!("{name}.tests"),
                    other => panic!("unexpected {other:?}"),
                }
            })
            .collect()
    }

    fn inputs() -> Vec<PlannedInput> {
        vec![
            PlannedInput::Handoff("plan".into()),
            PlannedInput::Output("workshop".into()),
            PlannedInput::Output("workshop".into()),
            PlannedInput::Output("later".into()),
            PlannedInput::Request,
            PlannedInput::Files("docs/*.md".into()),
        ]
    }

    #[test]
    fn full_brings_every_deliverable_raw() {
        assert_eq!(
            selected(Strategy::Full, inputs()),
            [
                "workshop.output",
                "research.output",
                "plan.output",
                "docs/a.md",
                "plan.handoff"
            ]
        );
    }

    #[test]
    fn distilled_and_scoped_bring_handoffs_and_nothing_raw() {
        for strategy in [Strategy::Distilled, Strategy::Scoped] {
            assert_eq!(
                selected(strategy, inputs()),
                [
                    "docs/a.md",
                    "workshop.handoff",
                    "research.handoff",
                    "plan.handoff"
                ]
            );
        }
    }

    #[test]
    fn fresh_brings_what_is_named_and_as_it_is_named() {
        assert_eq!(
            selected(Strategy::Fresh, inputs()),
            ["workshop.output", "docs/a.md", "plan.handoff"]
        );
        assert_eq!(selected(Strategy::Fresh, Vec::new()), ["docs/a.md"]);
    }

    #[test]
    fn changes_and_tests_come_under_every_strategy_when_named() {
        let named = || {
            vec![
                PlannedInput::Tests("plan".into()),
                PlannedInput::Changes("plan".into()),
                PlannedInput::Changes("workshop".into()),
            ]
        };
        let strategies = [
            Strategy::Full,
            Strategy::Distilled,
            Strategy::Scoped,
            Strategy::Fresh,
        ];
        for strategy in strategies {
            let selected = selected(strategy, named());
            assert!(
                selected.ends_with(&["plan.tests".to_owned(), "plan.changes".to_owned()]),
                "{strategy:?}: {selected:?}"
            );
            assert!(!selected.contains(&"workshop.changes".to_owned()));
        }
    }
}
