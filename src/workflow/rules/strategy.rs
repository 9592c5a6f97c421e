//! A phase says what it sees. The default, `full`, is the one that pollutes contexts.

use crate::config::Config;
use crate::yaml::Diagnostic;

use super::super::ast::{PhaseType, Workflow};

pub(super) fn check(workflow: &Workflow, _config: &Config, found: &mut Vec<Diagnostic>) {
    for phase in &workflow.phases {
        if phase.has("context_strategy") {
            continue;
        }
        let message = format!(
            "the phase `{}` relies on the default context strategy `full`: every deliverable so far, raw",
            phase.name.value
        );
        let warning = phase.name.spot.warning("default-strategy", message);
        found.push(warning.with_hint(match phase.kind {
            Some(PhaseType::Routed) => {
                "say `context_strategy: scoped`, so that each task sees its own files only"
            }
            Some(PhaseType::Single | PhaseType::Ensemble | PhaseType::Parallel) | None => {
                "say `context_strategy: distilled` or `fresh` (or `full`, if that is what you want)"
            }
        }));
    }
}
