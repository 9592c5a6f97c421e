//! Inputs come from earlier phases, and from phases that have such a thing.

use crate::config::Config;
use crate::plan::Strategy;
use crate::yaml::{Diagnostic, Spanned, nearest, quoted_list};

use super::super::ast::{Phase, PhaseType, Workflow};
use super::super::input::{Input, Part};
use super::super::output_kind::Uses;
use super::asked::no_tests;

pub(super) fn check(workflow: &Workflow, _config: &Config, found: &mut Vec<Diagnostic>) {
    let uses = Uses::of(workflow);
    for (index, phase) in workflow.phases.iter().enumerate() {
        for input in &phase.input {
            if let Input::Phase { phase: name, part } = &input.value {
                let wrong = mistake(workflow, index, input, name, *part);
                // Tasks come as data; a routed phase that has none is told so.
                let routed = phase.kind == Some(PhaseType::Routed);
                let source = uses.source(index).map(|source| &source.name.value);
                let tasks = routed && source.is_none_or(|source| source == name);
                let distilled = || distilled(phase, input, name).filter(|_| !tasks);
                found.extend(wrong.or_else(|| (*part == Part::Output).then(distilled)?));
            }
        }
    }
}

/// A document that comes as its handoff all the same.
fn distilled(phase: &Phase, input: &Spanned<Input>, name: &str) -> Option<Diagnostic> {
    let strategy = match phase.strategy.as_ref()?.value {
        Strategy::Distilled => "distilled",
        Strategy::Scoped => "scoped",
        Strategy::Full | Strategy::Fresh => return None,
    };
    let message = format!("under `{strategy}`, `{name}.output` comes as its handoff");
    let warning = input.spot.warning("distilled-output", message);
    Some(warning.with_hint(format!(
        "write `{name}.handoff` if that will do; `context_strategy: fresh` brings the document itself"
    )))
}

fn mistake(
    workflow: &Workflow,
    index: usize,
    input: &Spanned<Input>,
    name: &str,
    part: Part,
) -> Option<Diagnostic> {
    let phases = &workflow.phases;
    let Some(position) = phases.iter().position(|phase| phase.name.value == name) else {
        let hint = suggest(workflow, index, name, part);
        let mistake = input
            .spot
            .error("unknown-phase", format!("unknown phase `{name}`"));
        return Some(mistake.with_hint_opt(hint));
    };
    if position == index {
        let message = format!("the phase `{name}` has itself as an input");
        return Some(input.spot.error("cycle", message));
    }
    if position > index {
        return Some(later(phases, index, position, input));
    }
    unavailable(&phases[position], input, part)
}

/// An earlier phase of a like name, otherwise all earlier ones, written as inputs.
fn suggest(workflow: &Workflow, index: usize, name: &str, part: Part) -> Option<String> {
    let earlier = workflow.phases[..index]
        .iter()
        .map(|phase| phase.name.value.as_str())
        .filter(|name| !name.is_empty());
    if let Some(phase) = nearest(name, earlier.clone()) {
        return Some(format!("did you mean `{phase}.{}`?", part.word()));
    }
    let known: Vec<&str> = earlier.collect();
    match known.as_slice() {
        [] => None,
        [only] => Some(format!("the only earlier phase is `{only}`")),
        _ => Some(format!("earlier phases are {}", quoted_list(known))),
    }
}

fn later(phases: &[Phase], index: usize, position: usize, input: &Spanned<Input>) -> Diagnostic {
    let (own, other) = (&phases[index].name.value, &phases[position].name.value);
    match path(phases, position, index) {
        Some(path) => {
            let message = format!("the phases wait for each other: {own} ← {path}");
            input.spot.error("cycle", message)
        }
        None => {
            let message = format!("the phase `{other}` comes later");
            let mistake = input.spot.error("later-phase", message);
            mistake.with_hint(format!("put `{other}` before `{own}`"))
        }
    }
}

/// How a phase depends on another, in words, if it does. Breadth first, so the shortest way.
fn path(phases: &[Phase], from: usize, to: usize) -> Option<String> {
    let mut ways: Vec<Vec<usize>> = vec![vec![from]];
    let mut seen = vec![from];
    let mut next = 0;
    while let Some(way) = ways.get(next).cloned() {
        next += 1;
        let last = way[way.len() - 1];
        if last == to {
            let names: Vec<&str> = way
                .iter()
                .map(|phase| phases[*phase].name.value.as_str())
                .collect();
            return Some(names.join(" ← "));
        }
        for input in &phases[last].input {
            let Input::Phase { phase, .. } = &input.value else {
                continue;
            };
            let position = phases.iter().position(|other| &other.name.value == phase);
            if let Some(position) = position
                && !seen.contains(&position)
            {
                seen.push(position);
                let mut longer = way.clone();
                longer.push(position);
                ways.push(longer);
            }
        }
    }
    None
}

fn unavailable(phase: &Phase, input: &Spanned<Input>, part: Part) -> Option<Diagnostic> {
    let name = &phase.name.value;
    match part {
        Part::Output | Part::Handoff => None,
        Part::Changes if phase.may_edit() || phase.kind.is_none() => None,
        Part::Changes => {
            let message = format!("the phase `{name}` changes no files");
            let mistake = input.spot.error("no-changes", message);
            Some(mistake.with_hint("a single phase may with `edits: true`"))
        }
        Part::Tests => no_tests(phase, &input.spot),
    }
}
