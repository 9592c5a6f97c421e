//! Keys belong to their phase type, and a type has the keys it needs.

use crate::config::Config;
use crate::yaml::{Diagnostic, quoted_list};

use super::super::ast::{Phase, PhaseType, Workflow};
use super::super::keys::PHASE_KEYS;

pub(super) fn check(workflow: &Workflow, _config: &Config, found: &mut Vec<Diagnostic>) {
    for phase in &workflow.phases {
        let Some(kind) = phase.kind else {
            continue;
        };
        for key in &phase.keys {
            let known = PHASE_KEYS.iter().find(|known| known.name == key.value);
            if let Some(known) = known
                && !known.belongs_to(kind.word())
            {
                let belongs = quoted_list(known.of.iter().copied());
                let message = format!(
                    "`{}` does not belong to a phase of type `{}`",
                    key.value,
                    kind.word()
                );
                let mistake = key.spot.error("key-of-other-type", message);
                found.push(mistake.with_hint(hint(&key.value, kind, &belongs)));
            }
        }
        missing(phase, kind, found);
    }
}

fn hint(key: &str, kind: PhaseType, belongs: &str) -> String {
    match (key, kind) {
        ("model", PhaseType::Ensemble) => "an ensemble has `models` and a `judge`".to_owned(),
        ("models", PhaseType::Single) => {
            "a single phase has one `model`; add `type: ensemble` to let several propose".to_owned()
        }
        ("on_fail", _) => {
            "let a single phase audit the work, and give that one `on_fail`".to_owned()
        }
        ("verify", _) => "give it to the phase that edits".to_owned(),
        ("model" | "models", PhaseType::Routed) => {
            "a routed phase has `routing`: a model for each category".to_owned()
        }
        _ => format!("it belongs to {belongs}"),
    }
}

fn missing(phase: &Phase, kind: PhaseType, found: &mut Vec<Diagnostic>) {
    let needed: &[(&str, &str)] = match kind {
        PhaseType::Single => &[(
            "model",
            "`model: claude-sonnet`, or a role such as `planner`",
        )],
        PhaseType::Ensemble => &[
            ("models", "`models: [claude-sonnet, gemini-pro]`"),
            ("judge", "`judge: claude-opus`"),
        ],
        PhaseType::Routed => &[("routing", "`routing: { backend: claude-sonnet }`")],
        PhaseType::Parallel if phase.has("models") => &[],
        PhaseType::Parallel => &[(
            "lenses",
            "`lenses: { security: Look for holes, simplicity: Look for what is not needed }`",
        )],
    };
    for (key, example) in needed {
        if !phase.has(key) {
            let message = format!(
                "the phase `{}` of type `{}` has no `{key}`",
                phase.name.value,
                kind.word()
            );
            let mistake = phase.name.spot.error("missing-key", message);
            found.push(mistake.with_hint(format!("for example {example}")));
        }
    }
    if kind == PhaseType::Routed && phase.has("routing") && phase.routing.is_empty() {
        let message = "`routing` names no category";
        found.push(phase.key_spot("routing").error("empty", message));
    }
}
