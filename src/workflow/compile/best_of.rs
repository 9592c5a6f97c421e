//! `--best-of N`: the one phase that edits makes several candidates, as if the workflow had an ensemble there.

use std::collections::BTreeMap;

use crate::config::Config;
use crate::yaml::{Diagnostic, Spanned, quoted_list};

use super::super::ast::{JudgeRule, Phase, PhaseType, Workflow};

/// The role that decides among them.
const JUDGE: &str = "judge";

/// The workflow with so many candidates.
///
/// # Errors
///
/// There is not exactly one phase in which candidates could compete.
pub(super) fn best_of(
    workflow: &Workflow,
    count: u32,
    overrides: &BTreeMap<String, String>,
    config: &Config,
) -> Result<Workflow, Box<Diagnostic>> {
    let mut workflow = workflow.clone();
    let name = workflow.name.clone();
    let mut editing: Vec<&mut Phase> = workflow
        .phases
        .iter_mut()
        .filter(|phase| phase.may_edit())
        .collect();
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    match editing.as_mut_slice() {
        [] => {
            let hint = "`--depth N` says how many proposals its ensembles have";
            let message = format!("no phase of `{name}` edits files");
            return Err(mistake(message, hint));
        }
        [phase] => match phase.kind {
            Some(PhaseType::Single) if count > 1 => to_ensemble(phase, count, overrides, config),
            Some(PhaseType::Ensemble) => resize(phase, count),
            Some(PhaseType::Routed) => {
                let message = format!(
                    "the phase `{}` of `{name}` does its tasks one after another",
                    phase.name.value
                );
                return Err(mistake(message, WHERE));
            }
            Some(PhaseType::Single | PhaseType::Parallel) | None => {}
        },
        several => {
            let names = quoted_list(several.iter().map(|phase| phase.name.value.as_str()));
            let message = format!("several phases of `{name}` edit files: {names}");
            return Err(mistake(message, WHERE));
        }
    }
    Ok(workflow)
}

const WHERE: &str = "candidates compete in a single phase that edits alone, as in `quick`, `debug` and `best-of`; a \
                     phase of your own can be `type: ensemble` with `edits: true`";

fn mistake(message: String, hint: &str) -> Box<Diagnostic> {
    Box::new(Diagnostic::error("no-candidates", "--best-of", message).with_hint(hint))
}

/// Each model of the phase's chain makes a candidate, and again from the first if there are fewer.
fn to_ensemble(
    phase: &mut Phase,
    count: usize,
    overrides: &BTreeMap<String, String>,
    config: &Config,
) {
    let Some(model) = phase.model.take() else {
        return;
    };
    let spot = model.spot.clone();
    let mut names = Vec::new();
    for name in std::iter::once(&model).chain(&phase.fallback) {
        let meant = overrides.get(&name.value).unwrap_or(&name.value);
        let chain = config.chain(meant).unwrap_or_default();
        // One that stands for one is named as it was, so that messages and `--model` know it.
        match chain.as_slice() {
            [] | [_] => names.push(name.value.clone()),
            several => names.extend(several.iter().map(ToString::to_string)),
        }
    }
    phase.fallback.clear();
    let names = names.into_iter().map(|value| Spanned {
        value,
        spot: spot.clone(),
    });
    phase.kind = Some(PhaseType::Ensemble);
    phase.edits = Some(Spanned {
        value: true,
        spot: spot.clone(),
    });
    phase.yields = None;
    phase.models = Some(Spanned {
        value: names.collect(),
        spot: spot.clone(),
    });
    let judge = Spanned {
        value: JUDGE.to_owned(),
        spot: spot.clone(),
    };
    phase.judge = Some(Spanned {
        value: JudgeRule {
            by: vec![judge],
            ..JudgeRule::default()
        },
        spot: spot.clone(),
    });
    phase.keys.retain(|key| {
        let of_single = ["model", "yields", "fallback"];
        !of_single.contains(&key.value.as_str())
    });
    phase.keys.extend(["models", "judge"].map(|key| Spanned {
        value: key.to_owned(),
        spot: spot.clone(),
    }));
    resize(phase, count);
}

fn resize(phase: &mut Phase, count: usize) {
    if let Some(models) = &mut phase.models {
        let all = models.value.iter().cycle();
        models.value = all.take(count).cloned().collect();
    }
    if let Some(quorum) = &mut phase.quorum {
        quorum.value = quorum.value.min(u32::try_from(count).unwrap_or(u32::MAX));
    }
}
