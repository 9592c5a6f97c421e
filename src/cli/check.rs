//! `tipstaff check WORKFLOW`: what `run` checks before its first call; nothing is run.

use std::collections::BTreeMap;

use super::args::CheckArgs;
use super::failure::{Exit, Failure};
use super::preflight::report;
use super::prepare::{compile, detect_setup};
use super::print;
use super::settings::Settings;
use super::trust::remark;
use super::work::carry_over;
use crate::model::Destination;
use crate::report::{counted, phase_words};
use crate::workflow::Bindings;

pub fn check(settings: &Settings, args: &CheckArgs) -> Result<Exit, Failure> {
    let mut valid = compile(settings, &args.workflow, |workflow, library| {
        // A run brings the values.
        let needed = workflow.inputs.iter().filter(|input| input.required);
        let names = needed.map(|input| input.name.value.clone());
        Ok(Bindings {
            request: "request".to_owned(),
            sets: names.map(|name| (name.clone(), name)).collect(),
            model_overrides: BTreeMap::new(),
            depth: None,
            seed: 0,
            destination: Destination::Tree,
            library,
        })
    })?;
    // To look at a program is to start it.
    let may_start = remark(settings, &valid.plan, &valid.base, &valid.files)?;
    if may_start && !args.offline {
        let mut carried = carry_over(settings, &valid.plan)?;
        report(settings, &valid.plan, &mut carried);
    }
    let phases = counted(valid.workflow.phases.len() as u64, "phase");
    print::data(&format!("{} is valid: {phases}\n", valid.name))?;
    for phase in &valid.plan.phases {
        print::data(&format!("  {}\n", phase_words(phase)))?;
    }
    detect_setup(settings, &mut valid.plan);
    for step in valid.plan.setup() {
        print::data(&format!("  setup: {step}\n"))?;
    }
    Ok(Exit::Done)
}
