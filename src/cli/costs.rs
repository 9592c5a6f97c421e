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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::engine::simulation::journals;
    use crate::model::{RunId, Usage};
    use crate::run::{CallEvent, Event, Record, RunState};

    /// What each attempt told last.
    fn told(journal: &[Record]) -> Vec<Usage> {
        let mut told = BTreeMap::new();
        for record in journal {
            let Event::Call { call, event } = &record.event else {
                continue;
            };
            let (attempt, usage) = match event {
                CallEvent::AttemptStarted { attempt, .. } => (attempt, Usage::default()),
                CallEvent::AttemptProgressed { attempt, usage, .. }
                | CallEvent::AttemptFailed { attempt, usage, .. } => (attempt, *usage),
                CallEvent::AttemptSucceeded { attempt, result } => (attempt, result.usage),
                _ => continue,
            };
            told.insert((call, *attempt), usage);
        }
        told.into_values().collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 4))]

        #[test]
        fn the_sum_is_that_of_all_journals(runs in prop::collection::vec(journals(), 1..4)) {
            let mut costs = Costs::default();
            let mut all = Vec::new();
            for (number, (plan, journal)) in runs.iter().enumerate() {
                let run = RunId::new(number.to_string());
                costs.add("project", &run, plan, &RunState::of(journal));
                all.extend(told(journal));
            }
            let usage = all.iter().fold(Usage::default(), |sum, one| sum + *one);
            let calls = all.len() as u64;
            prop_assert_eq!((costs.sum().calls, costs.sum().usage), (calls, usage));
            for (by, _) in By::ALL {
                let sums = costs.by(by, |at| (at.0 / 1_000_000).to_string());
                let sum = sums.iter().fold((0, Usage::default()), |(calls, usage), (_, sum)| {
                    (calls + sum.calls, usage + sum.usage)
                });
                prop_assert_eq!(sum, (calls, usage), "{:?}", by);
            }
        }
    }
}
