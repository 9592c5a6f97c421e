//! A parallel phase has questions, each with a name and a model.

use crate::config::Config;
use crate::yaml::Diagnostic;

use super::super::ast::{Lens, Phase, PhaseType, Workflow};
use super::ensembles::MAX_PROPOSALS;
use super::names::why_unusable;

pub(super) fn check(workflow: &Workflow, _config: &Config, found: &mut Vec<Diagnostic>) {
    for phase in &workflow.phases {
        if phase.kind != Some(PhaseType::Parallel) {
            continue;
        }
        if phase.has("lenses") && phase.has("models") {
            let message = "`lenses` and `models` exclude each other";
            let mistake = phase.key_spot("models").error("key-of-other-type", message);
            found.push(mistake.with_hint("a lens may name its own `model`"));
        }
        if let Some(models) = &phase.models {
            check_number(models.value.len(), "models", phase, found);
        }
        if let Some(lenses) = &phase.lenses {
            check_number(lenses.value.len(), "lenses", phase, found);
            check_lenses(phase, &lenses.value, found);
        }
    }
}

fn check_number(count: usize, key: &str, phase: &Phase, found: &mut Vec<Diagnostic>) {
    if count == 0 {
        let message = format!("`{key}` is empty");
        found.push(phase.key_spot(key).error("empty", message));
    } else if count > MAX_PROPOSALS {
        let message = format!("{count} {key} are too many: at most {MAX_PROPOSALS}");
        found.push(phase.key_spot(key).error("out-of-range", message));
    }
}

fn check_lenses(phase: &Phase, lenses: &[Lens], found: &mut Vec<Diagnostic>) {
    for (index, lens) in lenses.iter().enumerate() {
        let name = &lens.name;
        if let Some(reason) = why_unusable(&name.value) {
            let message = format!("`{}` is no name for a lens: {reason}", name.value);
            found.push(name.spot.error("bad-name", message));
        }
        if lenses[..index]
            .iter()
            .any(|other| other.name.value == name.value)
        {
            let message = format!("two lenses are called `{}`", name.value);
            found.push(name.spot.error("duplicate-lens", message));
        }
        if lens.model.is_none() && !phase.has("model") {
            let message = format!("the lens `{}` has no `model`", name.value);
            let mistake = name.spot.error("missing-key", message);
            found.push(mistake.with_hint("give it one, or give the phase one for all of them"));
        }
        if lens.prompt.is_none() && !phase.has("prompt") {
            let message = format!("the lens `{}` has no `prompt`", name.value);
            let mistake = name.spot.error("missing-key", message);
            found.push(mistake.with_hint(format!("say what it looks at: `{}: …`", name.value)));
        }
    }
}
