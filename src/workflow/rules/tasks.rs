//! A routed phase has tasks to route.

use crate::config::Config;
use crate::yaml::{Diagnostic, nearest};

use super::super::ast::{Phase, PhaseType, Workflow};
use super::super::input::Input;
use super::super::output_kind::{DEFAULT, Uses};

pub(super) fn check(workflow: &Workflow, _config: &Config, found: &mut Vec<Diagnostic>) {
    let uses = Uses::of(workflow);
    for (index, phase) in workflow.phases.iter().enumerate() {
        for category in phase.routing.iter().map(|route| &route.category) {
            if category.value != DEFAULT && nearest(&category.value, [DEFAULT]).is_some() {
                let message = format!("`{}` is taken for a category", category.value);
                let warning = category.spot.warning("unknown-key", message);
                found.push(warning.with_hint(format!("did you mean `{DEFAULT}`?")));
            }
        }
        if phase.kind != Some(PhaseType::Routed) || uses.source(index).is_some() {
            continue;
        }
        let others: Vec<Option<&Phase>> = phase
            .input
            .iter()
            .filter_map(|input| match &input.value {
                Input::Phase { phase, .. } => Some(phase),
                Input::Request | Input::Files(_) => None,
            })
            .map(|name| {
                workflow
                    .phases
                    .iter()
                    .find(|other| &other.name.value == name)
            })
            .collect();
        // An input that is mistaken by itself has been reported, and may be the tasks.
        if others
            .iter()
            .any(|other| other.is_none_or(|other| other.kind.is_none()))
        {
            continue;
        }
        let message = "a routed phase needs the tasks of an earlier phase";
        let spot = if phase.has("input") {
            phase.key_spot("input")
        } else {
            &phase.name.spot
        };
        let mistake = spot.error("no-tasks-to-route", message);
        found.push(mistake.with_hint(hint(&others)));
    }
}

fn hint(others: &[Option<&Phase>]) -> String {
    let single = others
        .iter()
        .flatten()
        .find(|other| other.kind == Some(PhaseType::Single));
    match (single, others.iter().flatten().next()) {
        (Some(single), _) => format!("name its output: `input: {}.output`", single.name.value),
        (None, Some(other)) => format!(
            "`{}` is no single phase: put a single phase `decompose` with `input: {}.output` between \
             them, and name `decompose.output` here",
            other.name.value, other.name.value
        ),
        (None, None) => {
            "put a single phase `decompose` before it, and say `input: decompose.output`".to_owned()
        }
    }
}
