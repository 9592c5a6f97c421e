//! What a plan needs that is not there.

use std::collections::{BTreeMap, BTreeSet};

use super::agents::Probes;
use super::lack::{Lack, What};
use super::program::find;
use crate::agents::Supported;
use crate::model::{AgentName, ModelName};
use crate::plan::{AgentKind, Distill, PhaseKind, Plan};

/// What a run could not do without, and what may be trouble.
#[derive(Debug, Default)]
pub struct Missing<'p> {
    /// Without these some call could never be made, each with the models that it concerns.
    pub lacks: BTreeMap<Lack, Vec<&'p str>>,
    pub warnings: Vec<String>,
}

/// Everything that the plan's calls will need and that can be told now. A call that has a usable model left only
/// earns a warning. `used` says which model is used in the place of one of the plan's.
pub fn missing<'p>(
    probes: &mut Probes<'_>,
    plan: &'p Plan,
    used: impl Fn(&'p ModelName) -> &'p ModelName,
) -> Missing<'p> {
    let mut missing = Missing::default();
    if let Err(problem) = find(probes.settings, "git") {
        let remedy = "install git with your system's packages";
        let lack = Lack::new(What::Program, problem.to_string(), remedy);
        missing.lacks.insert(lack, Vec::new());
    }
    let searches = |kind| kind == AgentKind::Opencode;
    if plan.agents.values().any(|agent| searches(agent.kind))
        && find(probes.settings, "rg").is_err()
    {
        let warning = "ripgrep (`rg`) is not on PATH: agents of OpenCode have no search tools";
        missing.warnings.push(warning.to_owned());
    }
    // What other machines need, they say.
    let is_here = |name: &ModelName| {
        let mut phases = plan.phases.iter();
        phases.any(|phase| plan.executor(&phase.name, name).is_none())
    };
    let here = |name: &AgentName| {
        let mut models = plan.models.iter();
        models.any(|(model, spec)| spec.agent == *name && is_here(model))
    };
    for (name, agent) in plan.agents.iter().filter(|(name, _)| here(name)) {
        if agent.wrapper.shares_home {
            let warning = format!(
                "the agent `{name}` lives in your home (`home: shared`): it can read and change what is there"
            );
            missing.warnings.push(warning);
        }
        if let Some(installed) = probes.agent(agent).installed
            && installed.supported == Supported::Untested
        {
            missing.warnings.push(format!("{installed}; it may work"));
        }
    }
    let unusable: BTreeMap<&ModelName, Lack> = plan
        .models
        .iter()
        .filter(|(name, _)| is_here(name))
        .filter_map(|(name, model)| {
            let agent = plan.agents.get(&model.agent)?;
            let lack = match plan.rehearsal.is_some() {
                true => probes.agent(agent).lack,
                false => probes.model(model, agent).err(),
            };
            Some((name, lack?))
        })
        .collect();
    let mut needed: BTreeSet<&ModelName> = BTreeSet::new();
    for chain in chains(plan) {
        if chain.iter().all(|model| unusable.contains_key(used(model))) {
            needed.extend(chain.iter().map(&used));
        }
    }
    let wanted = chains(plan).into_iter().chain(distillers(plan));
    let wanted: BTreeSet<&ModelName> = wanted.flatten().map(&used).collect();
    for (model, lack) in unusable {
        if needed.contains(model) {
            missing.lacks.entry(lack).or_default().push(model.as_str());
        } else if wanted.contains(model) {
            missing
                .warnings
                .push(format!("{model} cannot be used: {lack}"));
        }
    }
    missing
}

fn chains(plan: &Plan) -> Vec<&[ModelName]> {
    let mut chains = Vec::new();
    for phase in &plan.phases {
        match &phase.kind {
            PhaseKind::Single { chain, .. } => chains.push(chain.as_slice()),
            PhaseKind::Ensemble {
                proposers, judge, ..
            } => {
                chains.extend(proposers.iter().map(Vec::as_slice));
                chains.extend(judge.panel.iter().map(Vec::as_slice));
            }
            // The chains of roles stand by in case that a category is called like one; they are not worth
            // refusing a run for.
            PhaseKind::Routed { routing, named, .. } => {
                let wanted = named.iter().filter_map(|category| routing.get(category));
                chains.extend(wanted.map(Vec::as_slice));
            }
            PhaseKind::Parallel { lenses, judge } => {
                chains.extend(lenses.iter().map(|lens| lens.chain.as_slice()));
                chains.extend(judge.as_deref());
            }
        }
    }
    chains
}

/// Who distills. A run goes on without them, so they only earn a warning.
fn distillers(plan: &Plan) -> impl Iterator<Item = &[ModelName]> {
    plan.phases.iter().filter_map(|phase| match &phase.distill {
        Distill::Model(chain) => Some(chain.as_slice()),
        Distill::Agent | Distill::Nobody => None,
    })
}
