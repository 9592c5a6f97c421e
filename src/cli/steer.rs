//! What a person does for a run to go on: `resume --limit`, `--rounds` and `--model`.

use serde::{Deserialize, Serialize};

use super::args::SteerArgs;
use super::failure::{Exit, Failure};
use super::limits;
use super::prepare::pairs;
use super::settings::Settings;
use crate::engine::failed_loops;
use crate::journal::RunFolder;
use crate::model::{ChangedLimits, ModelName};
use crate::plan::{AgentSpec, ModelSpec, Plan};
use crate::run::{Event, PhaseEvent, RunEvent, RunState};
use crate::yaml::did_you_mean;

/// A model that takes another one's place, as the configuration had it then.
#[derive(Serialize, Deserialize)]
struct Definition {
    model: ModelSpec,
    agent: AgentSpec,
}

/// The acts that the flags of `resume` stand for.
pub fn acts(
    settings: &Settings,
    (args, rounds): (&SteerArgs, Option<u32>),
    (plan, state): (&Plan, &RunState),
    folder: &RunFolder,
) -> Result<Vec<Event>, Failure> {
    let mut acts = Vec::new();
    if !args.limits.limits.is_empty() {
        let in_force = ChangedLimits {
            run: state.limits(plan.limits),
            changes: plan.change_limits,
            budgets: state.changed_budgets().clone(),
        };
        let raised = limits::change(plan, in_force, &args.limits)?;
        acts.push(Event::Run(RunEvent::LimitsRaised {
            limits: raised.run,
            budgets: raised.budgets,
            changes: Some(raised.changes).filter(|changes| *changes != plan.change_limits),
        }));
    }
    if let Some(rounds) = rounds {
        acts.extend(
            failed_loops(plan, state)
                .map(|phase| PhaseEvent::RoundsAdded { rounds }.of(phase.clone())),
        );
        if acts.is_empty() {
            let message = "--rounds: no audit with `on_fail` says fail and waits for a further round in this run";
            return Err(Failure::said(Exit::Usage, message, None));
        }
    }
    for (model, by) in pairs(&args.models, "--model")? {
        acts.push(replace(settings, plan, folder, &model, &by)?);
    }
    Ok(acts)
}

fn replace(
    settings: &Settings,
    plan: &Plan,
    folder: &RunFolder,
    model: &str,
    by: &str,
) -> Result<Event, Failure> {
    let wrong = |message: &str, hint: Option<&str>| {
        let message = format!("--model {model}={by}: {message}");
        Failure::said(Exit::Usage, &message, hint)
    };
    let known = plan.models.keys().map(ModelName::as_str);
    if !plan.models.contains_key(&ModelName::new(model)) {
        let names: Vec<&str> = known.clone().collect();
        let all = format!("its models are {}", names.join(", "));
        let hint = did_you_mean(model, known).unwrap_or(all);
        return Err(wrong("the run uses no such model", Some(&hint)));
    }
    let config = settings.configuration()?.config;
    let chain = config.chain(by);
    let chain = chain.map_err(|unknown| wrong(&unknown.message, unknown.hint.as_deref()))?;
    let [by] = chain.as_slice() else {
        let names: Vec<&str> = chain.iter().map(ModelName::as_str).collect();
        let hint = format!("name one of {}", names.join(", "));
        return Err(wrong("this role stands for several models", Some(&hint)));
    };
    let spec = config.model(by);
    let spec = spec.map_err(|unknown| wrong(&unknown.message, unknown.hint.as_deref()))?;
    let agent = config.agents.get(&spec.agent);
    let definition = Definition {
        agent: agent
            .ok_or_else(|| wrong("its agent is unknown", None))?
            .clone(),
        model: spec,
    };
    let json = serde_json::to_vec_pretty(&definition)?;
    let file = format!("models/{}.json", blake3::hash(&json).to_hex().as_str());
    Ok(Event::Run(RunEvent::ModelReplaced {
        model: ModelName::new(model),
        by: by.clone(),
        definition: folder.write_artifact(&file, &settings.redactor(None, None).clean(&json))?,
    }))
}

/// The plan with the models that took other ones' places and the limits of changes that hold now; everything
/// else is as it was frozen.
pub fn steered<'a>(
    mut plan: Plan,
    folder: &RunFolder,
    events: impl Iterator<Item = &'a Event>,
) -> Result<Plan, Failure> {
    for event in events {
        if let Event::Run(RunEvent::ModelReplaced { by, definition, .. }) = event {
            let json = folder.read_artifact(definition)?;
            let Definition { model, agent } = serde_json::from_slice(&json)?;
            plan.agents.insert(model.agent.clone(), agent);
            plan.models.insert(by.clone(), model);
        } else if let Event::Run(RunEvent::LimitsRaised { changes, .. }) = event {
            plan.change_limits = changes.unwrap_or(plan.change_limits);
        }
    }
    Ok(plan)
}
