//! What a run is expected to use: told before it starts, and asked about where it is much.

use super::all_runs::{all_runs, each_run};
use super::args::OutputArgs;
use super::ask::{agrees, is_at_a_terminal};
use super::failure::{Exit, Failure};
use super::open_run::read_plan;
use super::print;
use super::settings::Settings;
use crate::config::ConfirmAbove;
use crate::costs::{History, Projection};
use crate::journal::is_of;
use crate::model::MicroUsd;
use crate::plan::Plan;
use crate::report::{Scope, projection_line};

/// So many earlier runs tell enough; journals are long.
const RUNS: usize = 20;

/// What the plan and the newest runs of its workflow in this project tell. Where no register tells whose runs those are,
/// they tell nothing.
pub fn project(settings: &Settings, plan: &Plan) -> Projection {
    let mut history = History::default();
    let (own, _) = all_runs(settings, Scope::Project).unwrap_or_default();
    let of_workflow = own
        .iter()
        .rev()
        .filter(|folder| is_of(folder.id(), &plan.workflow));
    // However many rehearsals there were since.
    let is_real = |earlier: Plan| earlier.workflow == plan.workflow && earlier.rehearsal.is_none();
    let of_workflow = of_workflow.filter(|folder| read_plan(folder).is_ok_and(is_real));
    each_run(of_workflow.take(RUNS), |_, earlier, state| {
        history.add(earlier, state);
    });
    Projection::of(plan, &history)
}

/// A run that cannot be expected to get through with its calls does not start.
pub fn fits(plan: &Plan, projection: &Projection, workflow: &str) -> Result<(), Failure> {
    let expected = projection.total.calls.expected;
    let Some(most) = plan.limits.calls.filter(|most| expected > *most) else {
        return Ok(());
    };
    let phases = projection.phases.iter().filter(|of| of.calls.expected > 0);
    let phases: Vec<String> = phases
        .filter_map(|of| Some(format!("{} {}", of.phase.as_ref()?, of.calls.expected)))
        .collect();
    let message = format!(
        "`{workflow}` is expected to make {expected} calls, and the limit is {most}\ncalls by phase: {}",
        phases.join(", ")
    );
    let hint = format!("`--limit calls={expected}` makes room; `--yes` starts it all the same");
    Err(Failure::said(Exit::Usage, &message, Some(&hint)))
}

/// Says what is expected, and has a person agree where it is above what they named; a rehearsal costs nothing.
pub fn announce(
    projection: &Projection,
    above: Option<ConfirmAbove>,
    (plan, output): (&Plan, &OutputArgs),
) -> Result<(), Failure> {
    let is_real = plan.rehearsal.is_none();
    if !output.quiet && !output.json {
        let line = projection_line(projection);
        print::note(&match is_real {
            true => line,
            false => format!("not rehearsed, {line}"),
        });
    }
    let most = above.unwrap_or_default();
    let all = &projection.total;
    let cost = MicroUsd(all.cost_micro_usd.unwrap_or_default().expected);
    let is_above = most.calls.is_some_and(|most| all.calls.expected > most)
        || most.cost.is_some_and(|most| cost > most);
    if !is_real || !is_above || output.yes {
        return Ok(());
    }
    match (is_at_a_terminal() && !output.json, above) {
        (true, _) => match agrees("that is above `confirm_above`; start it? [y/N] ")? {
            true => Ok(()),
            false => {
                let message = "nothing was started: you did not agree";
                Err(Failure::said(Exit::Usage, message, None))
            }
        },
        // Who said nothing of it wants automation to go on.
        (false, None) => Ok(()),
        (false, Some(_)) => {
            let message = format!(
                "nothing was started: what is expected is above `confirm_above`\n{}",
                projection_line(projection)
            );
            let hint = "`--yes` starts it without a terminal";
            Err(Failure::said(Exit::Usage, &message, Some(hint)))
        }
    }
}
