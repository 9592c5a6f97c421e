//! What is asked of one case: a sketch of a plan, and a fault plan.

use super::fault_plan::FaultPlan;
use super::invariants::{check, the_journal_tells_everything};
use super::outcome::Outcome;
use super::plans::Sketch;
use super::run::Run;
use super::trace::{Moment, Trace};
use crate::engine::by_hand::Transfer;
use crate::model::{Budget, Digest, MicroUsd, Results, Timestamp};
use crate::run::{Event, NewRun, RunEvent, RunState, take_over};

/// Lets a run live to its end, checks every promise and its journal, and says what it came to.
fn live(run: Run<'_>) -> Result<(Run<'_>, Outcome), String> {
    let (run, outcome) = live_on(run)?;
    the_journal_tells_everything(&run.trace)?;
    Ok((run, outcome))
}

/// The same, but for the journal.
fn live_on(mut run: Run<'_>) -> Result<(Run<'_>, Outcome), String> {
    let lived = run.live();
    check(&run.trace)?;
    lived?;
    let outcome = Outcome::of(&run.trace.plan, &run.trace.journal());
    Ok((run, outcome))
}

/// Whatever the models, the user and the machine do, every promise is kept.
pub fn keeps_its_rules(sketch: &Sketch, faults: &FaultPlan) -> Result<(), String> {
    live(Run::new(sketch.plan(), faults).patient(2)).map(|_| ())
}

/// However often supervisors die or are interrupted, the run comes to the same.
pub fn comes_to_the_same(sketch: &Sketch, faults: &FaultPlan) -> Result<(), String> {
    let calm = faults.calm();
    let (_, expected) = live(Run::new(sketch.plan(), &calm))?;
    let (_, outcome) = live(Run::new(sketch.plan(), faults))?;
    same(&expected, &outcome)
}

/// A run whose budgets are as large as what its phases use comes to the same as without budgets.
pub fn needs_no_larger_budgets(sketch: &Sketch, faults: &FaultPlan) -> Result<(), String> {
    let calm = faults.calm();
    let (run, expected) = live(Run::new(sketch.plan(), &calm))?;
    let mut plan = sketch.plan();
    for phase in &mut plan.phases {
        let spent = run.trace.spent_by(&phase.name);
        phase.budget = Budget {
            calls: Some(spent.started),
            tokens: Some(spent.usage.tokens() + 1),
            cost: Some(spent.usage.cost + MicroUsd(1)),
        };
    }
    let (_, outcome) = live(Run::new(plan, &calm))?;
    same(&expected, &outcome)
}

/// A run is cut at so many places; at all of them, unless it is very long.
const CUTS: usize = 200;

/// Wherever a supervisor dies, the run comes to the same.
pub fn can_die_anywhere(sketch: &Sketch, faults: &FaultPlan) -> Result<(), String> {
    let calm = faults.calm();
    let (run, expected) = live(Run::new(sketch.plan(), &calm))?;
    let written = run.trace.journal().len();
    for cut in (1..=written).step_by(written.div_ceil(CUTS)) {
        let second = Run::after(run.trace.cut(cut), &calm);
        // Most of the journal was read back with the first run's.
        let (_, outcome) = live_on(second).map_err(|why| format!("cut at {cut}: {why}"))?;
        same(&expected, &outcome).map_err(|why| format!("cut at {cut}: {why}"))?;
    }
    Ok(())
}

/// A run that does a phase of another one again keeps every promise, pays nothing twice and comes to the same.
pub fn can_be_done_again(sketch: &Sketch, faults: &FaultPlan) -> Result<(), String> {
    let calm = faults.calm();
    let (run, expected) = live(Run::new(sketch.plan(), &calm))?;
    let new = NewRun {
        id: "new".into(),
        version: "0".into(),
        plan: Digest::new("p"),
        at: Timestamp(1_000_000_000),
    };
    for phase in run.trace.plan.phases.iter().map(|phase| &phase.name) {
        let Ok(taken) = take_over(&run.trace.journal(), &new, phase) else {
            continue;
        };
        let mut trace = Trace::new(sketch.plan());
        let mut state = RunState::default();
        for record in taken {
            state.apply(record.at, &record.event);
            let did = delivered(&record.event, &state);
            trace
                .moments
                .extend(did.map(|did| Moment::Did(did, state.results())));
            trace.moments.push(Moment::Wrote(record));
        }
        trace.moments.push(Moment::Died);
        let again = Run::after(trace, &calm);
        let (_, outcome) = live_on(again).map_err(|why| format!("from {phase}: {why}"))?;
        same(&expected, &outcome).map_err(|why| format!("from {phase}: {why}"))?;
    }
    Ok(())
}

/// What a delivery that is taken over did to the project.
fn delivered(event: &Event, state: &RunState) -> Option<Transfer> {
    match event {
        Event::Run(RunEvent::ChangesApplied {
            tree,
            documents,
            to,
            files,
            by_hand: true,
            ..
        }) => {
            let (tree, documents) = (tree.clone(), documents.clone());
            let done = Transfer::of(Results { tree, documents }, Vec::new(), to.clone());
            Some(Transfer {
                files: *files,
                ..done
            })
        }
        Event::Run(RunEvent::ChangesUndone { .. }) => Some(Transfer::back(state)),
        _ => None,
    }
}

fn same(expected: &Outcome, outcome: &Outcome) -> Result<(), String> {
    match expected == outcome {
        true => Ok(()),
        false => Err(format!("{expected:#?}\nbecame\n{outcome:#?}")),
    }
}
