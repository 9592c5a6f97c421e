//! What a run is expected to use: told before it starts, and asked about where it is much.

use super::all_runs::{all_runs, each_run};
use super::args::OutputArgs;
use super::ask::{agrees, is_at_a_terminal};
use super::failure::{Exit, Failure};
use super::open_run::read_plan;
use super::print;
use super::settings::Settings;
use crate::config::ConfirmAbove;
use crate::costs::{Estimate, History, Projection};
use crate::journal::is_of;
use crate::model::{AtLimit, MicroUsd};
use crate::plan::{PhasePlan, Plan};
use crate::report::{Scope, projection_line};
use crate::run::RunState;

/// So many earlier runs tell enough; journals are long.
const RUNS: usize = 20;

/// What the plan and the newest runs of its workflow in this project tell of what is still to come. Where no register
/// tells whose runs those are, they tell nothing.
pub fn project(settings: &Settings, plan: &Plan, state: &RunState) -> Projection {
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
    Projection::of(plan, state, &history)
}

/// A run that cannot be expected to get through with its calls does not start. Tokens and money stop one only where
/// earlier runs tell what it uses, and no phase leaves out what there is no room for.
pub fn fits(plan: &Plan, projection: &Projection, workflow: &str) -> Result<(), Failure> {
    let leaves_out = |phase: &PhasePlan| phase.at_limit == AtLimit::Degrade;
    let is_sure = projection.is_learned && !plan.phases.iter().any(leaves_out);
    let [calls, tokens, cost] = plan.limits.budget().each();
    let all = [
        ("calls", "make N calls", calls),
        ("tokens", "use N tokens", tokens.filter(|_| is_sure)),
        ("cost", "cost N", cost.filter(|_| is_sure)),
    ];
    for (at, (key, does, most)) in all.into_iter().enumerate() {
        let words = |amount: u64| match key {
            "cost" => MicroUsd(amount).to_string(),
            _ => amount.to_string(),
        };
        let expected = |of: &Estimate| of.expected()[at];
        let all = expected(&projection.total);
        let Some(most) = most.filter(|most| all > *most) else {
            continue;
        };
        let phases = projection.phases.iter().filter(|one| expected(one) > 0);
        let phases = phases
            .filter_map(|one| Some(format!("{} {}", one.phase.as_ref()?, words(expected(one)))));
        let message = format!(
            "`{workflow}` is expected to {}, and the limit is {}\n{key} by phase: {}",
            does.replace('N', &words(all)),
            words(most),
            phases.collect::<Vec<String>>().join(", ")
        );
        // What is expected is a mean.
        let more = all.saturating_add(all / 4);
        let enough = match key {
            "calls" => all.to_string(),
            "tokens" => more.to_string(),
            _ => MicroUsd(more).in_usd(),
        };
        let hint = format!("`--limit {key}={enough}` makes room; `--yes` starts it all the same");
        return Err(Failure::said(Exit::Usage, &message, Some(&hint)));
    }
    Ok(())
}

/// Says what is expected, and has a person agree where it is above what they named; a rehearsal costs nothing.
pub fn announce(
    projection: &Projection,
    above: Option<ConfirmAbove>,
    (plan, output): (&Plan, &OutputArgs),
) -> Result<(), Failure> {
    if projection.total.calls.expected == 0 {
        return Ok(());
    }
    let is_real = plan.rehearsal.is_none();
    if !output.quiet && !output.json {
        let line = projection_line(projection);
        print::note(&match is_real {
            true => line,
            false => format!("not rehearsed, {line}"),
        });
    }
    let most = above.unwrap_or_default();
    let [calls, _, cost] = projection.total.expected();
    let is_above =
        most.calls.is_some_and(|most| calls > most) || most.cost.is_some_and(|most| cost > most.0);
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
