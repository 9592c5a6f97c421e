//! The engine against a simulated world: random plans, random models, random order of arrival, and a
//! supervisor that is interrupted, limited, killed and taken up again at any moment.
//!
//! - [`plans`] draws plans and [`limits`] their limits, [`fault_plan`] draws how the world behaves in one run;
//! - [`world`] carries out the engine's effects and reports what came of them, by its fault plan;
//! - [`person`] says what people do in it;
//! - [`run`] lets supervisors work on a run until nothing is left to be done, and keeps a [`trace`]
//!   of everything that was heard, written and ordered;
//! - [`facts`] is what a reader of the trace knows at each moment, in the simplest terms, and [`part`]
//!   what the name and the inputs of a call tell about the work that it is a part of;
//! - [`invariants`] are the promises about every moment of a trace; [`cases`] says what is asked of one
//!   plan and one fault plan, [`properties`] asks it of random ones.
//!
//! Everything shrinks: a failing case is as small a plan and as short a fault plan as still fails. Such cases
//! are tests with a name in [`regressions`]. `PROPTEST_CASES` raises the number of cases.
//!
//! What is told better by an example than by a promise is in [`examples`] and [`judging`].

#![expect(clippy::unwrap_used, reason = "tests")]

mod answers;
mod cases;
mod examples;
mod facts;
mod fault_plan;
mod invariants;
mod judging;
mod limits;
mod outcome;
mod parked;
mod part;
mod person;
mod plans;
mod properties;
mod regressions;
mod run;
mod trace;
mod trees;
mod world;

use proptest::strategy::Strategy;

use crate::plan::Plan;
use crate::run::Record;

/// Plans, and the journals of their runs, whatever happened in them.
pub fn journals() -> impl Strategy<Value = (Plan, Vec<Record>)> {
    let mix = plans::Mix::Wild;
    (plans::sketches(mix), fault_plan::fault_plans(mix)).prop_map(|(sketch, faults)| {
        let mut run = run::Run::new(sketch.plan(), &faults).patient(2);
        run.live().unwrap();
        (run.trace.plan.clone(), run.trace.journal())
    })
}
