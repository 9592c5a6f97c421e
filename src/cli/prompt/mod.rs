//! `tipstaff prompt`: the exact prompts of a phase, with what goes into them; nothing is run.

mod walk;

use self::walk::{Prompted, unknown, walk};
use super::args::PromptArgs;
use super::failure::{Exit, Failure};
use super::prepare::{compile, pairs};
use super::print;
use super::settings::Settings;
use super::work::instructions_of;
use crate::context::{Assembly, assemble};
use crate::model::{CallId, Destination, PhaseName};
use crate::plan::Plan;
use crate::report::{Screen, render_ledger};
use crate::workflow::Bindings;

pub fn prompt(settings: &Settings, args: &PromptArgs) -> Result<Exit, Failure> {
    let valid = compile(settings, &args.workflow, |workflow, library| {
        let mut sets = pairs(&args.sets, "--set")?;
        for input in workflow.inputs.iter().filter(|input| input.required) {
            let name = &input.name.value;
            sets.entry(name.clone()).or_insert_with(|| unknown(name));
        }
        Ok(Bindings {
            request: match args.request.is_empty() {
                true => unknown("the request"),
                false => args.request.join(" "),
            },
            sets,
            model_overrides: pairs(&args.models, "--model")?,
            depth: None,
            best_of: None,
            seed: 0,
            destination: Destination::Tree,
            library,
        })
    })?;
    let phase = PhaseName::from(args.phase.as_str());
    let names = || {
        valid
            .plan
            .phases
            .iter()
            .map(|phase| phase.name.as_str())
            .collect::<Vec<_>>()
    };
    if valid.plan.phase(&phase).is_none() {
        let message = format!("{} has no phase `{phase}`", valid.name);
        let hint = format!("its phases: {}", names().join(", "));
        return Err(Failure::said(Exit::Usage, &message, Some(&hint)));
    }
    let prompted = walk(settings, &valid.plan, &phase)?;
    show(settings, &valid.plan, &prompted, args.call.as_deref())
}

fn show(
    settings: &Settings,
    plan: &Plan,
    prompted: &Prompted,
    wanted: Option<&str>,
) -> Result<Exit, Failure> {
    let calls = &prompted.calls;
    let ids: Vec<&str> = calls
        .iter()
        .map(|(call, _)| CallId::as_str(&call.id))
        .collect();
    let fits = |id: &str| wanted.is_none_or(|wanted| id.contains(wanted));
    let Some((call, model)) = calls.iter().find(|(call, _)| fits(call.id.as_str())) else {
        let message = format!("the phase makes no call `{}`", wanted.unwrap_or_default());
        let hint = format!("its calls: {}", ids.join(", "));
        return Err(Failure::said(Exit::Usage, &message, Some(&hint)));
    };
    let instructions = instructions_of(&settings.project.root);
    let assembled = assemble(&Assembly {
        plan,
        call,
        model,
        contents: &prompted.contents,
        project_instructions: instructions
            .as_ref()
            .map(|(name, text)| (name.as_str(), text.as_str())),
        workspace_files: None,
        neighbours: None,
    });
    let assembled = assembled.map_err(|error| Failure::new(Exit::Failed, &error, None))?;
    print::data(&assembled.prompt)?;
    let ledger = serde_json::to_value(&assembled.ledger).unwrap_or_default();
    print::note(&format!("\n{}, for {model}", call.id));
    print::note(&render_ledger(&ledger, Screen::Stderr.columns()).unwrap_or_default());
    for remark in &assembled.remarks {
        print::note(&format!("note: {remark}"));
    }
    let others: Vec<&str> = ids
        .into_iter()
        .filter(|id| *id != call.id.as_str())
        .collect();
    if !others.is_empty() {
        print::note(&format!(
            "`--call` shows another one of the phase: {}",
            others.join(", ")
        ));
    }
    Ok(Exit::Done)
}
