//! A single phase leaves one kind of thing: tasks, a verdict, edits, or a document.

use crate::config::Config;
use crate::yaml::Diagnostic;

use super::super::ast::{Leaves, Workflow};
use super::super::output_kind::{Reason, Uses};

pub(super) fn check(workflow: &Workflow, _config: &Config, found: &mut Vec<Diagnostic>) {
    let uses = Uses::of(workflow);
    for (index, phase) in workflow.phases.iter().enumerate() {
        let reasons = uses.reasons(index);
        let Some((first, rest)) = reasons.split_first() else {
            continue;
        };
        let Some(other) = rest.iter().find(|other| other.leaves != first.leaves) else {
            continue;
        };
        let message = format!(
            "the phase `{}` cannot {} ({}) and {} ({})",
            phase.name.value,
            first.leaves.words(),
            first.reason,
            other.leaves.words(),
            other.reason
        );
        let mistake = phase.name.spot.error("two-deliverables", message);
        found.push(mistake.with_hint(hint(first, other)));
    }
}

fn hint(first: &Reason, other: &Reason) -> &'static str {
    let both = [first.leaves, other.leaves];
    if both.contains(&Leaves::Edits) && both.contains(&Leaves::Verdict) {
        "whoever judges the work must not be its author: edit in one phase, audit in another"
    } else {
        "make two phases of it, or choose another name"
    }
}
