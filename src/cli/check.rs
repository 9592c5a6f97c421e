//! `tipstaff check WORKFLOW`: what `run` checks before its first call; nothing is run.

use std::collections::BTreeMap;

use super::args::CheckArgs;
use super::failure::{Exit, Failure};
use super::library::{Texts, find_workflow};
use super::preflight::report;
use super::print;
use super::settings::{Configuration, Settings, mistakes_in};
use super::trust::remark;
use super::work::carry_over;
use crate::model::Destination;
use crate::report::phase_words;
use crate::workflow::{self, Bindings, Library};

pub fn check(settings: &Settings, args: &CheckArgs) -> Result<Exit, Failure> {
    let Configuration {
        config,
        base,
        mut sources,
    } = settings.configuration()?;
    let found = find_workflow(settings, &args.workflow)?;
    sources.push(found.source.clone());
    let parsed =
        workflow::parse(&found.source).map_err(|mistakes| mistakes_in(&mistakes, &sources))?;
    let texts = Texts::of(settings, &found);
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
            prompts: &|name| texts.template(name),
            names: &|| texts.template_names(),
            read_file: &|file| texts.prompt_file(file),
        },
    };
    let compiled = workflow::compile(&parsed, &bindings, &config);
    texts.problem()?;
    let compiled = compiled.map_err(|mistakes| mistakes_in(&mistakes, &sources))?;
    if !compiled.warnings.is_empty() {
        print::diagnostics(&compiled.warnings, &sources);
    }
    // To look at a program is to start it.
    if remark(settings, &compiled.plan, &base, &texts.of_project())? {
        let mut carried = carry_over(settings, &compiled.plan)?;
        report(settings, &compiled.plan, &mut carried);
    }
    let phases = match parsed.phases.len() {
        1 => "1 phase".to_owned(),
        number => format!("{number} phases"),
    };
    print::data(&format!("{} is valid: {phases}\n", found.source.name))?;
    for phase in &compiled.plan.phases {
        print::data(&format!("  {}\n", phase_words(phase)))?;
    }
    Ok(Exit::Done)
}
