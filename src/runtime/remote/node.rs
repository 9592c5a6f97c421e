//! The node's side: an attempt is carried out as it would be on the supervisor's machine, and what happens is written
//! down for it.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

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
use super::streams::Stream;
use super::{JobFolder, Order};

/// Between two looks at what the supervisor wants, and at what the agent printed.
const LOOK: Duration = Duration::from_secs(1);
/// The files of what an agent prints.
const STREAMS: [&str; 2] = ["events.jsonl", "stderr.log"];
/// So long what an attempt came to waits for room in the shared folder.
const PATIENCE: Duration = Duration::from_secs(120);

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
    let [events, errors] = STREAMS.map(|name| job.path(name));
    let mut streams = [
        Stream::new(scratch.events(), events),
        Stream::new(scratch.errors(), errors),
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
    let mut unsaid = Unsaid::default();
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut work = pin!(Arc::clone(&attempt).run(controlled));
    let mut is_interrupted = false;
    let end = loop {
        tokio::select! {
            biased;
            Some(input) = inbox.recv() => {
                unsaid.add(input);
                let _ = unsaid.say(job);
            }
            signal = signals.next() => {
                let _ = signal;
                raise(if is_interrupted { Control::Kill } else { Control::Stop });
                is_interrupted = true;
            }
            end = &mut work => break end,
            _ = ticks.tick() => {
                raise(wanted());
                // What cannot be shown is no reason to end what is paid for.
                let _ = unsaid.say(job);
                for stream in &mut streams {
                    let _ = stream.copy(|new| attempt.context.redactor.redact_bytes(new));
                }
            }
        }
    };
    while let Ok(input) = inbox.try_recv() {
        unsaid.add(input);
    }
    for stream in &mut streams {
        let _ = stream.copy(|new| attempt.context.redactor.redact_bytes(new));
    }
    let event = event_of(&attempt, end);
    // Only the scheduler knows why it ends a job, and with it an agent. What was given up leaves nothing.
    let is_done = matches!(event, CallEvent::AttemptSucceeded { .. });
    if (is_interrupted && !is_done) || !job.is_there() {
        return Ok(());
    }
    bring_back(job, &attempt, event, (unsaid, signals)).await
}

/// Leaves what an attempt came to. That is paid for: it waits for room if there is none.
async fn bring_back(
    job: &JobFolder,
    attempt: &Arc<Attempt>,
    event: CallEvent,
    (mut unsaid, signals): (Unsaid, &mut Signals),
) -> Result<(), Failure> {
    let usage = match &event {
        CallEvent::AttemptSucceeded { result, .. } => result.usage,
        CallEvent::AttemptFailed { usage, .. } => *usage,
        _ => Usage::default(),
    };
    let (began, mut without) = (Instant::now(), &[][..]);
    loop {
        let (whose, folder, event) = (Arc::clone(attempt), job.clone(), event.clone());
        let left = match unsaid.say(job) {
            Ok(()) => blocking(move || leave(&folder, &whose, event, without)).await,
            Err(error) => Err(at_path(job.root(), &error)),
        };
        let Err(failure) = left else {
            return Ok(());
        };
        // Nothing depends on what was printed.
        without = &STREAMS;
        for name in STREAMS {
            let _ = fs::remove_file(job.path(name));
        }
        let _ = workspace::remove_tree(&job.path("out"));
        let waits = began.elapsed() < PATIENCE && job.is_there();
        let goes_on = waits
            && tokio::select! {
                _ = signals.next() => false,
                () = sleep(LOOK) => true,
            };
        if !goes_on {
            return refuse(job, attempt.number, (failure, usage));
        }
    }
}

/// Leaves a failure as what an attempt came to.
///
/// # Errors
/// The shared folder does not even take that.
pub fn refuse(
    job: &JobFolder,
    attempt: u32,
    (failure, usage): (Failure, Usage),
) -> Result<(), Failure> {
    let _ = fs::remove_file(job.path(JobFolder::RESERVE));
    let done = Done {
        event: CallEvent::AttemptFailed {
            attempt,
            failure,
            usage,
        },
        files: BTreeMap::new(),
        pack: None,
    };
    job.write("result.json", &done)
        .map_err(|error| at_path(job.root(), &error))
}

/// What happened, in its order, and could not be said yet.
#[derive(Default)]
struct Unsaid(VecDeque<Report>);

impl Unsaid {
    fn add(&mut self, input: Input) {
        if let Input::Happened(Event::Call { event, .. }) = input {
            self.0.push_back(Report::Happened(event));
        }
    }

    fn say(&mut self, job: &JobFolder) -> io::Result<()> {
        while let Some(report) = self.0.front() {
            job.append("reports.jsonl", report)?;
            self.0.pop_front();
        }
        Ok(())
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

/// Puts into the shared folder what the attempt left, without the files of these names. Blocks.
fn leave(
    job: &JobFolder,
    attempt: &Attempt,
    event: CallEvent,
    without: &[&str],
) -> Result<(), Failure> {
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
        if without.contains(&&*name) {
            continue;
        }
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
