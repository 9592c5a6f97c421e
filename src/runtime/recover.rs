//! What a supervisor that was killed left behind: the work of attempts that had finished all the same is kept.

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use crate::engine::{Input, Recovered};
use crate::model::{CallResult, CallSpec};
use crate::process::ExitRecord;
use crate::run::{CallEvent, Event, RunState};

use super::RunContext;
use super::attempt::Control;
use super::blocking::blocking;
use super::collect::Ended;
use super::monitor::replay;
use super::scratch::Scratch;
use super::tokens::Tokens;

/// How long an attempt's scratch folder stays after its end.
const KEPT: Duration = Duration::from_secs(5);

/// The results of those attempts under way that had left all that was asked for. No process of the run is left.
pub fn recover(context: &RunContext, state: &RunState) -> Vec<Recovered> {
    // A folder that holds what was written would be taken for a copy from which all else was deleted.
    if state.sandbox != context.cells.rung {
        return Vec::new();
    }
    let running = state.running();
    let finished = running.filter_map(|(call, attempt)| {
        let result = salvage_attempt(context, state, &call.spec, attempt)?;
        Some(Recovered {
            call: call.spec.id.clone(),
            attempt,
            result: result.into(),
        })
    });
    finished.collect()
}

fn salvage_attempt(
    context: &RunContext,
    state: &RunState,
    call: &CallSpec,
    attempt: u32,
) -> Option<CallResult> {
    let model = state.call(&call.id)?.model()?;
    let spec = context.plan.models.get(model)?;
    let agent = context.plan.agents.get(&spec.agent)?;
    let scratch = context.scratch_of(call, attempt);
    // Without the warden's record nobody knows whether the files are whole.
    let exit = ExitRecord::read(&scratch.record())?;
    let watched = replay(
        call,
        (agent, &context.carried),
        context.plan.price(spec),
        &scratch,
        Tokens::of(context, agent, &scratch),
        exit,
    )
    .ok()?;
    // Of a call that edits, complete files do not tell that it was done: it may have been ended in the
    // middle of a change.
    let left_all = watched.out.is_complete() && call.edits.is_none();
    let has_finished =
        left_all || watched.exit.is_its_own() || watched.printed.transcript.is_final();
    if !has_finished && watched.stopped.is_none() {
        return None;
    }
    let ended = Ended {
        context,
        call,
        attempt,
        scratch: &scratch,
        ground: state.ground_of(call),
    };
    let how = match watched.stopped {
        Some(_) => "came to its checkpoint while its supervisor was gone",
        None => "finished while its supervisor was gone",
    };
    ended.result(&watched, vec![how.to_owned()]).ok()
}

/// Removes the scratch folders that an attempt leaves. What is worth keeping is in the run folder by
/// then, but for a workspace in which another call goes on.
///
/// Not at once: the next attempt's workspace is being copied just now, and the file system does one of
/// both at a time. If the run ends meanwhile, all of its scratch folders are removed together.
pub async fn clean_up(scratch: &Scratch, report: &Input, control: &mut watch::Receiver<Control>) {
    // Keys at once; they are few and small.
    let _ = crate::workspace::remove_tree(&scratch.keys());
    tokio::select! {
        _ = control.wait_for(|control| *control == Control::Kill) => return,
        () = sleep(KEPT) => {}
    }
    let spent = spent(scratch, report);
    let remove = blocking(move || {
        for folder in spent {
            // What cannot be removed goes with the run's scratch folder at its end.
            let _ = crate::workspace::remove_tree(&folder);
        }
        Ok(())
    });
    tokio::select! {
        _ = control.wait_for(|control| *control == Control::Kill) => {}
        _ = remove => {}
    }
}

/// The folders that are of no use any more: of work that goes on, the workspace is.
fn spent(scratch: &Scratch, report: &Input) -> Vec<PathBuf> {
    let (root, home) = (scratch.root().to_path_buf(), scratch.home().to_path_buf());
    let Some(result) = result(report) else {
        // Another attempt may go on in a workspace that is not its own.
        return vec![root];
    };
    match result.stopped() {
        None => vec![root, home],
        Some(_) if home == root => Vec::new(),
        Some(_) => vec![root],
    }
}

/// What an attempt left, by its report.
fn result(report: &Input) -> Option<&CallResult> {
    match report {
        Input::Happened(Event::Call {
            event: CallEvent::AttemptSucceeded { result, .. },
            ..
        }) => Some(result),
        _ => None,
    }
}
