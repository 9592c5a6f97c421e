//! What a person wants of a run under way, and whether it can be done now.

use crate::model::{CallId, PhaseName};
use crate::plan::Plan;
use crate::run::{CallEvent, Control, Event, PhaseEvent, RunEvent, RunState, Via};

use super::decide::is_wanted;
use super::ending::current;
use super::ensemble::Ensemble;
use super::phase_context::PhaseContext;

/// The signal that stands for a person's word.
const STOP: &str = "stop";

/// The event of it.
///
/// # Errors
/// Why it changes nothing now.
pub fn steered(plan: &Plan, run: &RunState, control: &Control, via: Via) -> Result<Event, String> {
    if run.ended().is_some() || run.interrupted().is_some() {
        return Err("the run is ending already".to_owned());
    }
    if *control != Control::Stop && run.open_question().is_some() {
        return Err("the run waits for an answer; `tipstaff show` says how to give it".to_owned());
    }
    match control {
        Control::Stop => {
            let signal = STOP.to_owned();
            Ok(RunEvent::Interrupted { signal }.into())
        }
        Control::Pause if run.is_paused() => Err("the run is paused already".to_owned()),
        // A delivery that has begun is not held up.
        Control::Pause if current(plan, run).is_none() => {
            Err("all calls are done, and the results are being delivered".to_owned())
        }
        Control::Pause => Ok(RunEvent::Paused { via }.into()),
        Control::Continue if run.is_paused() => Ok(RunEvent::Continued { via }.into()),
        Control::Continue => Err("the run is not paused".to_owned()),
        Control::EndCall(call) => end_call(run, call, via),
        Control::Note(phase, text) => Ok(noted(phase.as_ref(), text)),
        Control::GoOn(phase) => go_on(plan, run, phase, via),
    }
}

/// What a person says to the calls of a phase, or to all, that are still to come.
pub fn noted(phase: Option<&PhaseName>, text: &str) -> Event {
    let text = text.to_owned();
    match phase {
        Some(phase) => PhaseEvent::Noted { text }.of(phase.clone()),
        None => RunEvent::Noted { text }.into(),
    }
}

fn end_call(run: &RunState, id: &CallId, via: Via) -> Result<Event, String> {
    let call = run.call(id);
    let call = call.filter(|call| is_wanted(call, &call.spec.phase, run));
    match call {
        Some(call) if call.ended_by_person => Err(format!("{id} is being ended already")),
        Some(_) => Ok(CallEvent::EndedByPerson { via }.of(id.clone())),
        None => Err(format!("{id} is not under way")),
    }
}

fn go_on(plan: &Plan, run: &RunState, name: &PhaseName, via: Via) -> Result<Event, String> {
    let phase = current(plan, run).filter(|phase| &phase.name == name);
    let context = phase
        .zip(run.phase(name))
        .map(|(phase, state)| PhaseContext {
            plan,
            phase,
            run,
            state,
        });
    let ensemble = context.and_then(Ensemble::of);
    let ensemble = ensemble.ok_or_else(|| format!("phase `{name}` waits for no stragglers"))?;
    ensemble.may_go_on()?;
    Ok(PhaseEvent::StragglersDropped { via }.of(name.clone()))
}
