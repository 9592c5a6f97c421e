//! `tipstaff check WORKFLOW`: what `run` checks before its first call; nothing is run.

use super::args::CheckArgs;
use super::failure::{Exit, Failure};
use super::preflight::report;
use super::prepare::{compile_unbound, detect_setup};
use super::print;
use super::projection::{fits, project};
use super::settings::Settings;
use super::trust::remark;
use super::work::carry_over;
use crate::report::{Screen, counted, mermaid_graph, projection_table, workflow_table};
use crate::run::RunState;

pub fn check(settings: &Settings, args: &CheckArgs) -> Result<Exit, Failure> {
    let mut valid = compile_unbound(settings, &args.workflow, args.candidates.best_of)?;
    // To look at a program is to start it.
    let may_start = remark(settings, &valid.plan, &valid.base, &valid.files)?;
    if may_start && !args.offline {
        let mut carried = carry_over(settings, &valid.plan)?;
        report(settings, &valid.plan, &mut carried);
    }
    let projection = project(settings, &valid.plan, &RunState::default());
    if args.json {
        print::json(&projection)?;
        fits(&valid.plan, &projection, &args.workflow)?;
        return Ok(Exit::Done);
    }
    let table = || workflow_table(&valid.plan, Screen::Stdout.columns());
    if let Some(form) = args.graph.as_deref() {
        let is_text = form == "text";
        print::data(&if is_text {
            table()
        } else {
            mermaid_graph(&valid.plan)
        })?;
        return Ok(Exit::Done);
    }
    let phases = counted(valid.workflow.phases.len() as u64, "phase");
    print::data(&format!("{} is valid: {phases}\n\n", valid.name))?;
    print::data(&table())?;
    print::data("\n")?;
    print::data(&projection_table(&projection, Screen::Stdout.columns()))?;
    fits(&valid.plan, &projection, &args.workflow)?;
    detect_setup(settings, &mut valid.plan);
    for step in valid.plan.setup() {
        print::data(&format!("setup: {step}\n"))?;
    }
    Ok(Exit::Done)
}
