//! Earlier phases that are asked for something: their verdict, their tests.

use crate::yaml::{Diagnostic, Spot, did_you_mean};

use super::super::ast::{Phase, PhaseType, Workflow};

/// The phase of that name, which has to come before the one at `index`.
///
/// # Errors
///
/// There is no such phase, or it comes later.
pub(super) fn earlier<'w>(
    workflow: &'w Workflow,
    index: usize,
    name: &str,
    spot: &Spot,
) -> Result<&'w Phase, Box<Diagnostic>> {
    let phases = &workflow.phases;
    match phases.iter().position(|phase| phase.name.value == name) {
        Some(position) if position < index => Ok(&phases[position]),
        Some(_) => {
            let message = format!("the phase `{name}` is not over when this one begins");
            let mistake = spot.error("later-phase", message);
            Err(Box::new(mistake.with_hint("name an earlier phase")))
        }
        None => {
            let known = phases[..index]
                .iter()
                .map(|phase| phase.name.value.as_str());
            let known = known.filter(|name| !name.is_empty());
            let mistake = spot.error("unknown-phase", format!("unknown phase `{name}`"));
            Err(Box::new(mistake.with_hint_opt(did_you_mean(name, known))))
        }
    }
}

/// What is wrong with asking this phase for its tests, if anything is.
pub(super) fn no_tests(phase: &Phase, spot: &Spot) -> Option<Diagnostic> {
    // Tasks bring their own commands. A mistaken type is reported elsewhere.
    if phase.has("verify") || matches!(phase.kind, Some(PhaseType::Routed) | None) {
        return None;
    }
    let name = &phase.name.value;
    let mistake = spot.error("no-tests", format!("the phase `{name}` runs no tests"));
    Some(mistake.with_hint(format!("give `{name}` a `verify` command")))
}
