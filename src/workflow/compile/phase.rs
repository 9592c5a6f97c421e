//! One phase of the plan.

use std::collections::BTreeMap;

use crate::config::Config;
use crate::model::{Budget, CallLimits, ModelName, PhaseName, Sections};
use crate::plan::{
    Condition, Distill, LoopPlan, PhasePlan, PlannedInput, Proof, ScopePlan, Strategy, Subject,
};
use crate::yaml::{Diagnostic, Spanned};

use super::super::ast::{self, DistillBy, Gate, Phase, Workflow};
use super::super::input::{Input, Part};
use super::super::keys::IMPORT_TOKENS;
use super::super::output_kind::Uses;
use super::super::template::fill;
use super::super::when::{When, WhenSubject};
use super::models::Picker;
use super::prompt::Instructions;

/// Makes phases; what is the same for all of them.
pub(super) struct Maker<'a> {
    pub(super) workflow: &'a Workflow,
    /// How its phases use each other.
    pub(super) uses: Uses<'a>,
    pub(super) config: &'a Config,
    /// Proposals of each ensemble, if set by the user.
    pub(super) depth: Option<u32>,
    pub(super) values: &'a BTreeMap<String, String>,
}

impl Maker<'_> {
    /// The phase at `index` with its output path and its instructions. None only if it is mistaken
    /// after all, which is then among the findings.
    pub(super) fn make(
        &self,
        index: usize,
        output: Option<String>,
        instructions: &Instructions,
        picker: &mut Picker<'_>,
        found: &mut Vec<Diagnostic>,
    ) -> Option<PhasePlan> {
        let phase = &self.workflow.phases[index];
        let strategy = match &phase.strategy {
            Some(strategy) => strategy.value,
            None => Strategy::Full,
        };
        let substitutes = substitutes(phase, picker, found);
        let kind = self.kind(index, instructions, &substitutes, picker, found)?;
        let defaults = &self.config.defaults;
        Some(PhasePlan {
            name: PhaseName::new(&phase.name.value),
            description: phase.description.clone(),
            kind,
            substitutes,
            strategy,
            inputs: phase.input.iter().map(plan_input).collect(),
            prompt: fill(&instructions.phase, self.values),
            output,
            edits: phase.may_edit(),
            limits: CallLimits {
                timeout: phase.timeout.unwrap_or(defaults.timeout),
                idle_timeout: phase.idle_timeout.unwrap_or(defaults.idle_timeout),
                retries: phase.retries.unwrap_or(defaults.retries),
            },
            budget: phase
                .budget
                .as_ref()
                .map_or_else(Budget::default, |budget| budget.value),
            at_limit: phase.at_limit.unwrap_or_default(),
            distill: plan_distill(phase, picker, found),
            sections: phase
                .distill
                .as_ref()
                .map_or_else(Sections::default, |rule| rule.value.sections.clone()),
            project_instructions: defaults.project_instructions && strategy != Strategy::Fresh,
            scope: plan_scope(phase),
            verify: self.proofs(phase),
            on_fail: phase.on_fail.as_ref().map(|rule| LoopPlan {
                goto: PhaseName::new(&rule.goto.value),
                max: rule.max,
            }),
            when: phase.when.as_ref().map(|when| self.plan_condition(when)),
            gate: self.plan_gate(phase),
            sandbox: phase.sandbox.clone(),
            checkpoint: phase.checkpoint.as_ref().map(|tokens| tokens.value),
        })
    }

    fn proofs(&self, phase: &Phase) -> Vec<Proof> {
        if phase.has("verify") || !phase.may_edit() {
            return phase.verify.iter().map(plan_proof).collect();
        }
        let commands = self.config.verify_with.iter().cloned();
        commands.map(Proof::Command).collect()
    }

    fn plan_gate(&self, phase: &Phase) -> Option<String> {
        match &phase.gate.as_ref()?.value {
            Gate::Open => None,
            Gate::Ask(Some(question)) => Some(fill(question, self.values)),
            Gate::Ask(None) => Some(format!("Go on with the phase `{}`?", phase.name.value)),
        }
    }

    fn plan_condition(&self, when: &When) -> Condition {
        let subject = match &when.subject.value {
            WhenSubject::Input(name) => {
                Subject::Input(self.values.get(name).cloned().unwrap_or_default())
            }
            WhenSubject::Verdict(phase) => Subject::Verdict(PhaseName::new(phase)),
            WhenSubject::Tests(phase) => Subject::Tests(PhaseName::new(phase)),
        };
        Condition {
            text: when.text.value.clone(),
            subject,
            value: when.value.value.clone(),
            negated: when.negated,
        }
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

fn plan_proof(proof: &Spanned<ast::Proof>) -> Proof {
    match &proof.value {
        ast::Proof::Command(command) => Proof::Command(command.clone()),
        ast::Proof::Repeated(run, repeat) => Proof::Repeated {
            run: run.clone(),
            repeat: *repeat,
        },
        ast::Proof::TestsOf(phase) => Proof::TestsOf {
            tests_of: PhaseName::new(phase),
        },
    }
}

fn plan_distill(phase: &Phase, picker: &mut Picker<'_>, found: &mut Vec<Diagnostic>) -> Distill {
    match phase.distill.as_ref().map(|rule| &rule.value.by) {
        Some(DistillBy::Model(model)) => {
            Distill::Model(picker.chain(model, &phase.fallback, found))
        }
        Some(DistillBy::Nobody) => Distill::Nobody,
        Some(DistillBy::Agent) | None => Distill::Agent,
    }
}

/// A role's models in its place, but for those that propose anyway: they do it twice only where they are named.
fn substitutes(
    phase: &Phase,
    picker: &mut Picker<'_>,
    found: &mut Vec<Diagnostic>,
) -> Vec<ModelName> {
    if phase.substitute.is_empty() {
        return Vec::new();
    }
    let propose = phase.models.iter().flat_map(|models| &models.value);
    let propose: Vec<_> = propose
        .flat_map(|model| picker.chain(model, &[], found))
        .collect();
    let named = phase.substitute.iter().flat_map(|name| {
        let chain = picker.chain(name, &[], found);
        let is_one = chain.len() == 1;
        chain
            .into_iter()
            .filter(|model| is_one || !propose.contains(model))
            .collect::<Vec<_>>()
    });
    named.collect()
}

fn plan_scope(phase: &Phase) -> ScopePlan {
    let Some(scope) = &phase.scope else {
        return ScopePlan::default();
    };
    let tokens = scope.value.expand_tokens.as_ref();
    ScopePlan {
        files: scope.value.files.clone(),
        always: scope.value.always.clone(),
        imports: scope.value.expand,
        import_tokens: match scope.value.expand {
            true => tokens.map_or(IMPORT_TOKENS, |tokens| tokens.value),
            false => 0,
        },
    }
}
