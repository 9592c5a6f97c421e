//! The node's side: an attempt is carried out as it would be on the supervisor's machine, and what happens is written
//! down for it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval};

use crate::engine::Input;
use crate::files;
use crate::model::{Digest, Failure, Usage};
use crate::run::{CallEvent, Event};
use crate::workspace;

use super::super::RunContext;
use super::super::Signals;
use super::super::attempt::{Attempt, Control};
use super::super::blocking::blocking;
use super::super::failure::{at_path, cancelled, machine};
use super::order::{Done, Report};
use super::stream::Stream;
use super::{JobFolder, Order};

/// Between two looks at what the supervisor wants, and at what the agent printed.
const LOOK: Duration = Duration::from_secs(1);

/// Carries an order out and leaves what it came to.
///
/// # Errors
/// The shared folder takes nothing any more.
pub async fn carry_out(
    job: &JobFolder,
    order: Order,
    context: RunContext,
    signals: &mut Signals,
) -> Result<(), Failure> {
    let in_job = |error: io::Error| at_path(job.root(), &error);
    let (reports, mut inbox) = mpsc::unbounded_channel();
    let attempt = Arc::new(Attempt {
        context: Arc::new(context),
        call: Arc::new(order.call),
        number: order.attempt,
        model: order.model,
        ground: order.ground,
        of_day: None,
        reports,
    });
    let scratch = attempt.context.scratch_of(&attempt.call, attempt.number);
    let mut streams = [
        Stream::new(scratch.events(), job.path("events.jsonl")),
        Stream::new(scratch.errors(), job.path("stderr.log")),
    ];
    // Of a job that was given up, nobody takes anything any more.
    let wanted = || match job.is_there() {
        true => job.control(),
        false => Control::Kill,
    };
    let (tell, controlled) = watch::channel(wanted());
    let raise = |wanted: Control| {
        tell.send_if_modified(|known| {
            let raises = wanted > *known;
            *known = wanted.max(*known);
            raises
        })
    };
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut work = pin!(Arc::clone(&attempt).run(controlled));
    let mut is_interrupted = false;
    let end = loop {
        tokio::select! {
            biased;
            Some(input) = inbox.recv() => report(job, input).map_err(in_job)?,
            signal = signals.next() => {
                let _ = signal;
                raise(if is_interrupted { Control::Kill } else { Control::Stop });
                is_interrupted = true;
            }
            end = &mut work => break end,
            _ = ticks.tick() => {
                raise(wanted());
                // What cannot be shown is no reason to end what is paid for.
                for stream in &mut streams {
                    let _ = stream.copy();
                }
            }
        }
    };
    while let Ok(input) = inbox.try_recv() {
        report(job, input).map_err(in_job)?;
    }
    let event = event_of(&attempt, end);
    // Only the scheduler knows why it ends a job, and with it an agent. What was given up leaves nothing.
    let is_done = matches!(event, CallEvent::AttemptSucceeded { .. });
    if (is_interrupted && !is_done) || !job.is_there() {
        return Ok(());
    }
    let (whose, folder) = (Arc::clone(&attempt), job.clone());
    let left = blocking(move || leave(&folder, &whose, event)).await;
    if let Err(failure) = left {
        // Small as it is, it may find room where the results did not.
        for stream in &streams {
            let _ = fs::remove_file(&stream.to);
        }
        refuse(job, attempt.number, failure)?;
    }
    Ok(())
}

/// Leaves a failure as what an attempt came to.
///
/// # Errors
/// The shared folder does not even take that.
pub fn refuse(job: &JobFolder, attempt: u32, failure: Failure) -> Result<(), Failure> {
    let done = Done {
        event: CallEvent::AttemptFailed {
            attempt,
            failure,
            usage: Usage::default(),
        },
        files: BTreeMap::new(),
        pack: None,
    };
    job.write("result.json", &done)
        .map_err(|error| at_path(job.root(), &error))
}

fn report(job: &JobFolder, input: Input) -> io::Result<()> {
    match input {
        Input::Happened(Event::Call { event, .. }) => {
            job.append("reports.jsonl", &Report::Happened(event))
        }
        _ => Ok(()),
    }
}

/// What an attempt came to.
fn event_of(attempt: &Attempt, end: Input) -> CallEvent {
    match end {
        Input::Happened(Event::Call { event, .. }) => event,
        _ => CallEvent::AttemptFailed {
            attempt: attempt.number,
            failure: cancelled(),
            usage: Usage::default(),
        },
    }
}

/// Puts into the shared folder what the attempt left. Blocks.
fn leave(job: &JobFolder, attempt: &Attempt, event: CallEvent) -> Result<(), Failure> {
    let context = &attempt.context;
    let in_job = |error: io::Error| at_path(job.root(), &error);
    let folder = context.attempt_folder(&attempt.call, attempt.number);
    let mut kept = BTreeMap::new();
    let entries = fs::read_dir(context.folder.path(&folder))
        .into_iter()
        .flatten()
        .flatten();
    for entry in entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file())) {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let bytes = files::read(&entry.path(), files::RECORD).map_err(in_job)?;
        files::replace(&job.root().join("out").join(&name), &bytes).map_err(in_job)?;
        kept.insert(name, Digest::new(blake3::hash(&bytes).to_hex().as_str()));
    }
    let mut pack = None;
    if let CallEvent::AttemptSucceeded { result, .. } = &event
        && let Some(changes) = &result.changes
    {
        let store = context.store();
        let packed = workspace::pack(&store, job.root(), &changes.tree, Some(&changes.base));
        pack = packed.map_err(machine)?;
    }
    let done = Done {
        event,
        files: kept,
        pack,
    };
    job.write("result.json", &done).map_err(in_job)
}
