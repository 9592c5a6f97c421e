//! `tipstaff costs [RUN]`: what runs cost.

use super::all_runs::{all_runs, each_run};
use super::args::CostsArgs;
use super::failure::{Exit, Failure};
use super::open_run::find_run;
use super::print;
use super::settings::Settings;
use super::viewer::width;
use crate::costs::{By, Costs};
use crate::report::{CostsShown, Scope, Screen, costs_csv, costs_json, render_costs};

pub fn costs(settings: &Settings, args: &CostsArgs) -> Result<Exit, Failure> {
    let scope = if args.all {
        Scope::User
    } else {
        Scope::Project
    };
    let (folders, foreign) = match &args.run {
        Some(run) => (vec![find_run(settings, Some(run))?], 0),
        None => all_runs(settings, scope)?,
    };
    let mut costs = Costs::default();
    for line in each_run(&folders, |folder, plan, state| {
        let project = folder.root().ancestors().nth(3);
        let project = project.map(|root| root.display().to_string());
        costs.add(&project.unwrap_or_default(), folder.id(), plan, state);
    }) {
        print::note(&line);
    }
    let by = match args.by.as_deref().and_then(By::of) {
        Some(by) => by,
        None if args.run.is_some() => By::Phase,
        None if args.all => By::Project,
        None => By::Run,
    };
    let zone = jiff::tz::TimeZone::system();
    let shown = CostsShown {
        costs: &costs,
        by,
        foreign,
        zone: &zone,
    };
    match (args.json, args.csv) {
        (true, _) => print::json(&costs_json(&shown))?,
        (_, true) => print::data(&costs_csv(&shown))?,
        _ => print::data(&render_costs(&shown, width(settings, &Screen::Stdout)))?,
    }
    Ok(Exit::Done)
}
