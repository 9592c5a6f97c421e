//! `tipstaff check WORKFLOW`: what `run` checks before its first call; nothing is run.

use std::collections::BTreeMap;

use super::args::CheckArgs;
use super::failure::{Exit, Failure};
use super::library::{find_workflow, prompt_file, template, template_names};
use super::preflight::report;
use super::print;
use super::settings::{Configuration, Settings, mistakes_in};
use super::work::carry_over;
use crate::model::Destination;
use crate::workflow::{self, Bindings, Library};

pub fn check(settings: &Settings, args: &CheckArgs) -> Result<Exit, Failure> {
    let Configuration {
        config,
        mut sources,
    } = settings.configuration()?;
    let found = find_workflow(settings, &args.workflow)?;
    sources.push(found.source.clone());
    let parsed =
        workflow::parse(&found.source).map_err(|mistakes| mistakes_in(&mistakes, &sources))?;
    // A run brings the values.
    let needed = parsed.inputs.iter().filter(|input| input.required);
    let values = needed.map(|input| (input.name.value.clone(), input.name.value.clone()));
    let bindings = Bindings {
        request: "request".to_owned(),
        sets: values.collect(),
        model_overrides: BTreeMap::new(),
        depth: None,
        seed: 0,
        destination: Destination::Tree,
        library: Library {
            prompts: &|name| template(settings, name),
            names: &|| template_names(settings),
            read_file: &|file| prompt_file(&found.folder, file),
        },
    };
    let compiled = workflow::compile(&parsed, &bindings, &config)
        .map_err(|mistakes| mistakes_in(&mistakes, &sources))?;
    if !compiled.warnings.is_empty() {
        print::diagnostics(&compiled.warnings, &sources);
    }
    report(
        settings,
        &compiled.plan,
        &mut carry_over(settings, &compiled.plan)?,
    );
    let phases = match parsed.phases.len() {
        1 => "1 phase".to_owned(),
        number => format!("{number} phases"),
    };
    print::data(&format!("{} is valid: {phases}\n", found.source.name));
    Ok(Exit::Done)
}
