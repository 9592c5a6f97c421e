//! Phases have names that can be in references and in folders, each only once.

use crate::config::Config;
use crate::yaml::Diagnostic;

use super::super::ast::Workflow;

/// A phase's name becomes a folder with a number before it.
const MAX_NAME: usize = 64;

pub(super) fn check(workflow: &Workflow, _config: &Config, found: &mut Vec<Diagnostic>) {
    for (index, phase) in workflow.phases.iter().enumerate() {
        let name = &phase.name;
        if name.value.is_empty() {
            continue;
        }
        if let Some(reason) = why_unusable(&name.value) {
            let message = format!("`{}` is no name for a phase: {reason}", name.value);
            found.push(name.spot.error("bad-name", message));
        }
        let first = workflow.phases[..index]
            .iter()
            .find(|earlier| earlier.name.value == name.value);
        if let Some(first) = first {
            let message = format!(
                "two phases are called `{}`, the first in line {}",
                name.value, first.name.spot.place.line
            );
            found.push(name.spot.error("duplicate-phase", message));
        }
    }
}

/// Why a name can be neither in a reference nor in a folder, to follow it.
pub(in crate::workflow) fn why_unusable(name: &str) -> Option<&'static str> {
    let usable = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    if !name.chars().all(usable) {
        return Some("letters, digits, `-` and `_` only");
    }
    (name.len() > MAX_NAME).then_some("it is too long")
}
