//! What kind of phase it is, with all that its calls need.

use std::collections::BTreeMap;

use crate::model::{Categories, ModelName, OtherCategories, PhaseName};
use crate::plan::{EnsembleMode, LensPlan, OutputKind, PhaseKind};
use crate::yaml::{Diagnostic, Spanned};

use super::super::ast::{Leaves, OnTaskFail, Phase, PhaseType};
use super::super::output_kind::DEFAULT;
use super::super::template::fill;
use super::judging::judging;
use super::models::Picker;
use super::phase::Maker;
use super::prompt::Instructions;

impl Maker<'_> {
    /// The kind of the phase at `index`. None only for a phase that is mistaken after all.
    pub(super) fn kind(
        &self,
        index: usize,
        instructions: &Instructions,
        substitutes: &[ModelName],
        picker: &mut Picker<'_>,
        found: &mut Vec<Diagnostic>,
    ) -> Option<PhaseKind> {
        let phase = &self.workflow.phases[index];
        match phase.kind? {
            PhaseType::Single => Some(PhaseKind::Single {
                chain: picker.chain(phase.model.as_ref()?, &phase.fallback, found),
                yields: self.yields(index),
            }),
            PhaseType::Ensemble => self.ensemble(phase, substitutes, picker, found),
            PhaseType::Routed => Some(PhaseKind::Routed {
                tasks: PhaseName::new(&self.uses.source(index)?.name.value),
                routing: self.routing(phase, picker, found),
                named: phase
                    .routing
                    .iter()
                    .map(|route| route.category.value.clone())
                    .collect(),
                go_on: phase.on_task_fail == Some(OnTaskFail::Continue),
            }),
            PhaseType::Parallel => Some(PhaseKind::Parallel {
                lenses: self.lenses(phase, instructions, picker, found)?,
                judge: phase
                    .judge
                    .as_ref()
                    .and_then(|judge| judge.value.by.first())
                    .map(|judge| picker.chain(judge, &phase.fallback, found)),
            }),
        }
    }

    fn yields(&self, index: usize) -> OutputKind {
        match self.uses.reasons(index).first().map(|reason| reason.leaves) {
            Some(Leaves::Tasks) => OutputKind::Tasks(self.categories(index)),
            Some(Leaves::Verdict) => OutputKind::Audit,
            Some(Leaves::Edits) => OutputKind::Edits,
            Some(Leaves::Document) | None => OutputKind::Document,
        }
    }

    /// What the routed phases can take of the tasks of the phase at `index`.
    fn categories(&self, index: usize) -> Categories {
        let named = self.uses.categories(index);
        let roles = self.config.roles.keys().cloned();
        let others = if self.uses.any_category(index) {
            OtherCategories::Any
        } else {
            OtherCategories::Roles(roles.filter(|role| !named.contains(role)).collect())
        };
        Categories { named, others }
    }

    fn ensemble(
        &self,
        phase: &Phase,
        substitutes: &[ModelName],
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
        // Of one proposal there is nothing to judge.
        if let [_] = proposers.as_slice() {
            return Some(PhaseKind::Single {
                chain: proposers.into_iter().next()?,
                yields: match phase.may_edit() {
                    true => OutputKind::Edits,
                    false => OutputKind::Document,
                },
            });
        }
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
            judge: judging(phase, (&proposers, substitutes), picker, found)?,
            proposers,
            mode: phase.mode.unwrap_or(EnsembleMode::Parallel),
            quorum,
            quorum_named: phase.quorum.is_some(),
            straggler_timeout: phase
                .straggler_timeout
                .unwrap_or(self.config.defaults.straggler_timeout),
            on_none: phase.on_none.unwrap_or_default(),
            cross_tests: phase
                .cross_tests
                .iter()
                .map(|one| one.value.clone())
                .collect(),
        })
    }

    /// A chain for each category that the phase names; unless it has a `default` of its own, also for each
    /// role, which takes the tasks of its name. Which categories there are is known only at run time.
    fn routing(
        &self,
        phase: &Phase,
        picker: &mut Picker<'_>,
        found: &mut Vec<Diagnostic>,
    ) -> BTreeMap<String, Vec<ModelName>> {
        let mut routing = BTreeMap::new();
        for route in &phase.routing {
            let chain = picker.chain(&route.model, &phase.fallback, found);
            routing.insert(route.category.value.clone(), chain);
        }
        if routing.contains_key(DEFAULT) {
            return routing;
        }
        for role in self.config.roles.keys() {
            if !routing.contains_key(role) {
                let name = Spanned {
                    value: role.clone(),
                    spot: phase.key_spot("routing").clone(),
                };
                let chain = picker.chain(&name, &phase.fallback, found);
                routing.insert(role.clone(), chain);
            }
        }
        routing
    }

    fn lenses(
        &self,
        phase: &Phase,
        instructions: &Instructions,
        picker: &mut Picker<'_>,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Vec<LensPlan>> {
        let mut plans: Vec<LensPlan> = Vec::new();
        if let Some(models) = &phase.models {
            for model in &models.value {
                let taken = |name: &str| plans.iter().any(|plan| plan.name == name);
                plans.push(LensPlan {
                    name: free_name(&model.value, taken),
                    chain: picker.chain(model, &phase.fallback, found),
                    prompt: fill(&instructions.phase, self.values),
                });
            }
            return Some(plans);
        }
        for (lens, prompt) in phase
            .lenses
            .as_ref()?
            .value
            .iter()
            .zip(&instructions.lenses)
        {
            let model = lens.model.as_ref().or(phase.model.as_ref())?;
            plans.push(LensPlan {
                name: lens.name.value.clone(),
                chain: picker.chain(model, &phase.fallback, found),
                prompt: fill(prompt, self.values),
            });
        }
        Some(plans)
    }
}

/// A model's name as a lens's: characters of names only, numbered if the same model asks again.
fn free_name(model: &str, taken: impl Fn(&str) -> bool) -> String {
    let usable = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let name: String = model
        .chars()
        .map(|c| if usable(c) { c } else { '-' })
        .collect();
    let mut free = name.clone();
    let mut number = 2_u32;
    while taken(&free) {
        free = format!("{name}-{number}");
        number += 1;
    }
    free
}
