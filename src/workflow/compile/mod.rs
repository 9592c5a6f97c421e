//! Workflow to plan: inputs bound, names resolved, limits set.
//!
//! Pure. Everything that could go wrong is found before the plan is made, all at once.

mod best_of;
mod bindings;
mod destination;
mod judging;
mod kind;
mod models;
mod outputs;
mod phase;
mod prompt;
mod values;

use crate::model::{CommitStyle, FORMAT, PhaseName};

use crate::config::Config;
use crate::plan::{Executors, Plan};
use crate::yaml::{Diagnostic, has_errors, sort};

use super::ast::{Phase, PhaseType, Workflow};
use super::check::check;
use super::output_kind::Uses;
use super::rules::MAX_PROPOSALS;

pub use bindings::Bindings;
pub use prompt::{Library, prompt_files};
pub use values::slug;

use models::Picker;

/// A plan, and what is worth knowing about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Compiled {
    pub plan: Plan,
    /// Warnings of the checks and of the compile step.
    pub warnings: Vec<Diagnostic>,
}

/// Compiles a workflow for one run.
///
/// # Errors
///
/// Every mistake in the workflow and in the bindings; warnings come along.
pub fn compile(
    workflow: &Workflow,
    bindings: &Bindings<'_>,
    config: &Config,
) -> Result<Compiled, Vec<Diagnostic>> {
    let overrides = &bindings.model_overrides;
    let (with_layer, _) = config.with(&workflow.layer);
    let candidates = bindings
        .best_of
        .map(|count| best_of::best_of(workflow, count, overrides, &with_layer));
    let (workflow, mistake) = match &candidates {
        Some(Ok(changed)) => (changed, None),
        Some(Err(mistake)) => (workflow, Some((**mistake).clone())),
        None => (workflow, None),
    };
    let mut found = check(workflow, config);
    found.extend(mistake);
    let config = with_layer;
    let values = values::bind(workflow, bindings, &mut found);
    let outputs = outputs::fill_outputs(workflow, &values, &mut found);
    let prompts = prompt::resolve_prompts(workflow, bindings.library, &mut found);
    let mut picker = Picker::new(&config, &bindings.model_overrides, &mut found);
    check_depth(workflow, bindings.depth, &mut found);
    destination::check_destination(&bindings.destination, &mut found);
    let mut phases = Vec::new();
    if !has_errors(&found) {
        let maker = phase::Maker {
            workflow,
            uses: Uses::of(workflow),
            config: &config,
            depth: bindings.depth,
            values: &values,
        };
        for (index, (output, prompt)) in outputs.into_iter().zip(&prompts).enumerate() {
            phases.extend(maker.make(index, output, prompt, &mut picker, &mut found));
        }
    }
    sort(&mut found);
    if has_errors(&found) {
        return Err(found);
    }
    let (agents, models) = picker.finish();
    let plan = Plan {
        format: FORMAT,
        workflow: workflow.name.clone(),
        description: workflow.description.clone(),
        file: None,
        request: bindings.request.clone(),
        inputs: values,
        seed: bindings.seed,
        mark: 0,
        limits: config.limits,
        change_limits: config.change_limits,
        verify: config.verify.clone(),
        setup: config.setup.clone(),
        sandbox_mode: config.sandbox_mode,
        sandbox: config.sandbox.clone(),
        destination: bindings.destination.clone(),
        commits: CommitStyle::default(),
        accept: Vec::new(),
        rehearsal: None,
        agents,
        models,
        executors: executors(workflow, &config),
        phases,
        expected: Vec::new(),
    };
    Ok(Compiled {
        plan,
        warnings: found,
    })
}

/// Those that the workflow's calls may go to.
fn executors(workflow: &Workflow, config: &Config) -> Executors {
    let mut executors = config.executors.clone();
    let phases = workflow.phases.iter();
    executors.of_phases = phases
        .filter_map(|phase| {
            Some((
                PhaseName::new(&phase.name.value),
                phase.executor.as_ref()?.value.clone(),
            ))
        })
        .collect();
    executors.used();
    executors
}

fn check_depth(workflow: &Workflow, depth: Option<u32>, found: &mut Vec<Diagnostic>) {
    let Some(depth) = depth else {
        return;
    };
    let count = usize::try_from(depth).unwrap_or(usize::MAX);
    if count == 0 || count > MAX_PROPOSALS {
        let message = format!("{depth} proposals are not possible: 1 to {MAX_PROPOSALS}");
        found.push(Diagnostic::error("out-of-range", "--depth", message));
    }
    let ensembles = |phase: &Phase| phase.kind == Some(PhaseType::Ensemble);
    if !workflow.phases.iter().any(ensembles) {
        let message = "the workflow has no ensemble whose depth could be set";
        found.push(Diagnostic::warning("unused-flag", "--depth", message));
    }
}
