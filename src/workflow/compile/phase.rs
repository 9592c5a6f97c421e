//! One phase of the plan.

use std::collections::BTreeMap;

use crate::config::Config;
use crate::model::{CallLimits, PhaseName};
use crate::plan::{
    Distill, EnsembleMode, PhaseKind, PhasePlan, PlannedInput, ScopePlan, Strategy, Unsupported,
    Yields,
};
use crate::yaml::{Diagnostic, Spanned};

use super::super::ast::{DistillBy, Phase, PhaseType};
use super::super::input::{Input, Part};
use super::super::template::fill;
use super::models::Picker;
use super::unsupported::unsupported;

/// Makes phases; what is the same for all of them.
pub(super) struct Maker<'a> {
    /// With the workflow's own layer.
    pub(super) config: &'a Config,
    /// Proposals of each ensemble, if set by the user.
    pub(super) depth: Option<u32>,
    /// Values of inputs.
    pub(super) values: &'a BTreeMap<String, String>,
}

impl Maker<'_> {
    /// A checked phase with its output path and its instructions. None only if it is mistaken after
    /// all, which is then among the findings.
    pub(super) fn make(
        &self,
        phase: &Phase,
        output: Option<String>,
        prompt: &str,
        picker: &mut Picker<'_>,
        found: &mut Vec<Diagnostic>,
    ) -> Option<PhasePlan> {
        let strategy = match &phase.strategy {
            Some(strategy) => strategy.value,
            None => Strategy::Full,
        };
        let kind = match unsupported(phase) {
            Some(unsupported) => PhaseKind::Unsupported(unsupported),
            None => self.kind(phase, picker, found)?,
        };
        let defaults = &self.config.defaults;
        Some(PhasePlan {
            name: PhaseName::new(&phase.name.value),
            description: phase.description.clone(),
            kind,
            strategy,
            inputs: phase.input.iter().map(plan_input).collect(),
            prompt: fill(prompt, self.values),
            output,
            edits: phase.may_edit(),
            limits: CallLimits {
                timeout: phase.timeout.unwrap_or(defaults.timeout),
                idle_timeout: phase.idle_timeout.unwrap_or(defaults.idle_timeout),
                retries: phase.retries.unwrap_or(defaults.retries),
            },
            distill: plan_distill(phase),
            scope: ScopePlan::default(),
            verify: Vec::new(),
            on_fail: None,
            when: None,
            gate: None,
            checkpoint: None,
            project_instructions: defaults.project_instructions && strategy != Strategy::Fresh,
        })
    }

    fn kind(
        &self,
        phase: &Phase,
        picker: &mut Picker<'_>,
        found: &mut Vec<Diagnostic>,
    ) -> Option<PhaseKind> {
        let kind = match phase.kind? {
            PhaseType::Single => PhaseKind::Single {
                chain: picker.chain(phase.model.as_ref()?, &phase.fallback, found),
                yields: Yields::Document,
            },
            PhaseType::Ensemble => self.ensemble(phase, picker, found)?,
            kind @ (PhaseType::Routed | PhaseType::Parallel) => {
                PhaseKind::Unsupported(Unsupported {
                    what: format!("phases of type `{}`", kind.word()),
                })
            }
        };
        Some(kind)
    }

    fn ensemble(
        &self,
        phase: &Phase,
        picker: &mut Picker<'_>,
        found: &mut Vec<Diagnostic>,
    ) -> Option<PhaseKind> {
        let models = &phase.models.as_ref()?.value;
        let written = u32::try_from(models.len()).unwrap_or(u32::MAX);
        let count = self.depth.unwrap_or(written);
        // More proposals than models: the list is gone through again.
        let proposers: Vec<_> = models
            .iter()
            .cycle()
            .zip(0..count)
            .map(|(model, _)| picker.chain(model, &phase.fallback, found))
            .collect();
        let quorum = match &phase.quorum {
            Some(quorum) if quorum.value > count => {
                let message = format!(
                    "the `quorum` of {} is lowered to the {count} proposals of `--depth`",
                    quorum.value
                );
                found.push(quorum.spot.warning("lowered-quorum", message));
                count
            }
            Some(quorum) => quorum.value,
            None => count,
        };
        Some(PhaseKind::Ensemble {
            proposers,
            judge: picker.chain(phase.judge.as_ref()?, &phase.fallback, found),
            mode: phase.mode.unwrap_or(EnsembleMode::Parallel),
            quorum,
            quorum_named: phase.quorum.is_some(),
            straggler_timeout: phase
                .straggler_timeout
                .unwrap_or(self.config.defaults.straggler_timeout),
        })
    }
}

fn plan_input(input: &Spanned<Input>) -> PlannedInput {
    match &input.value {
        Input::Request => PlannedInput::Request,
        Input::Files(glob) => PlannedInput::Files(glob.clone()),
        Input::Phase { phase, part } => {
            let phase = PhaseName::new(phase);
            match part {
                Part::Output => PlannedInput::Output(phase),
                Part::Handoff => PlannedInput::Handoff(phase),
                Part::Changes => PlannedInput::Changes(phase),
                Part::Tests => PlannedInput::Tests(phase),
            }
        }
    }
}

/// A distiller that is another model makes the phase unsupported; until then the agent's words count.
fn plan_distill(phase: &Phase) -> Distill {
    match phase.distill.as_ref().map(|rule| &rule.value.by) {
        Some(DistillBy::Nobody) => Distill::Nobody,
        Some(DistillBy::Agent | DistillBy::Model(_)) | None => Distill::Agent,
    }
}
