//! The loop of a run.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::LocalSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::engine::{Effect, Engine, Input};
use crate::journal::Journal;
use crate::model::{CallId, Record, RunEnd, Timestamp};

use super::attempt::{Attempt, Control};
use super::close::close;
use super::deliver::deliver;
use super::signals::Signals;
use super::verify::Verify;
use super::{RuntimeError, Site};

/// How often the display may redraw.
const TICK: Duration = Duration::from_millis(100);

/// Sees what happens in a run.
pub trait Observer {
    /// An event is on disk.
    ///
    /// # Errors
    /// The observer's own writer failed.
    fn saw(&mut self, record: &Record) -> Result<(), RuntimeError>;

    /// A tenth of a second has passed.
    ///
    /// # Errors
    /// The observer's own writer failed.
    fn tick(&mut self, now: Timestamp) -> Result<(), RuntimeError>;
}

/// Works on a run until the engine says how it ends.
///
/// # Errors
/// The journal cannot be written, or the display. All processes have ended then too, and the run
/// can be resumed.
pub async fn drive(
    site: Rc<Site>,
    engine: Engine,
    journal: Journal,
    first: Input,
    observer: &mut dyn Observer,
) -> Result<(RunEnd, Engine), RuntimeError> {
    let tasks = LocalSet::new();
    let (reports, inbox) = mpsc::unbounded_channel();
    let driver = Driver {
        site,
        engine,
        journal,
        observer,
        reports,
        controls: BTreeMap::new(),
        wake: None,
        interrupts: 0,
    };
    let (result, driver) = tasks.run_until(driver.run(inbox, first)).await;
    driver.kill_all();
    // The attempts end their processes before they end themselves.
    tasks.await;
    result.map(|end| (end, driver.engine))
}

struct Driver<'a> {
    site: Rc<Site>,
    engine: Engine,
    journal: Journal,
    observer: &'a mut dyn Observer,
    reports: mpsc::UnboundedSender<Input>,
    controls: BTreeMap<(CallId, u32), watch::Sender<Control>>,
    wake: Option<Instant>,
    interrupts: u32,
}

impl Driver<'_> {
    async fn run(
        mut self,
        mut inbox: mpsc::UnboundedReceiver<Input>,
        first: Input,
    ) -> (Result<RunEnd, RuntimeError>, Self) {
        let result = self.work(&mut inbox, first).await;
        (result, self)
    }

    async fn work(
        &mut self,
        inbox: &mut mpsc::UnboundedReceiver<Input>,
        first: Input,
    ) -> Result<RunEnd, RuntimeError> {
        let mut signals = Signals::listen()?;
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut input = Some(first);
        loop {
            if let Some(input) = input.take()
                && let Some(end) = self.step(input)?
            {
                return Ok(end);
            }
            let wake = self.wake;
            input = tokio::select! {
                report = inbox.recv() => report,
                signal = signals.next() => self.interrupt(signal),
                () = wait_until(wake) => {
                    self.wake = None;
                    Some(Input::Tick)
                }
                _ = ticks.tick() => {
                    self.observer.tick(now())?;
                    None
                }
            };
        }
    }

    /// The engine's answer to an input: events to disk, then to the display, then the effects.
    fn step(&mut self, input: Input) -> Result<Option<RunEnd>, RuntimeError> {
        let at = now();
        let step = self.engine.handle(at, input);
        for record in self.journal.append(at, &step.events)? {
            self.observer.saw(&record)?;
        }
        self.wake = None;
        let mut end = None;
        for effect in step.effects {
            match effect {
                Effect::StartAttempt {
                    call,
                    attempt,
                    model,
                } => {
                    let (control, controlled) = watch::channel(Control::Run);
                    self.controls.insert((call.id.clone(), attempt), control);
                    let site = self.site.clone();
                    let attempt = Attempt::new(site, *call, attempt, model, self.reports.clone());
                    tokio::task::spawn_local(attempt.run(controlled));
                }
                Effect::CancelAttempt { call, attempt } => self.tell(&call, attempt, Control::Stop),
                Effect::ClosePhase { phase, winner } => {
                    let input = close(&self.site, self.engine.history(), &phase, &winner);
                    // The loop holds the receiver for as long as it sends.
                    let _ = self.reports.send(input);
                }
                Effect::Verify { phase, proving } => {
                    let (control, controlled) = watch::channel(Control::Run);
                    let site = self.site.clone();
                    let name = CallId::new(format!("{phase}.verify"));
                    self.controls.insert((name, 0), control);
                    let verify = Verify {
                        site,
                        phase,
                        proving,
                    };
                    let reports = self.reports.clone();
                    tokio::task::spawn_local(async move {
                        if let Some(input) = verify.run(controlled).await {
                            let _ = reports.send(input);
                        }
                    });
                }
                Effect::Deliver { results, to } => {
                    // In the loop itself: nothing else may happen while the user's tree changes.
                    let input = deliver(&self.site, self.engine.history(), results, to);
                    let _ = self.reports.send(input);
                }
                Effect::WakeAt(at) => self.wake = Some(instant(at)),
                Effect::End(how) => end = Some(how),
            }
        }
        Ok(end)
    }

    /// The first signal asks the run to stop; the second one kills what does not.
    fn interrupt(&mut self, signal: &str) -> Option<Input> {
        self.interrupts += 1;
        if self.interrupts == 1 {
            return Some(Input::Interrupt {
                signal: signal.to_owned(),
            });
        }
        self.kill_all();
        None
    }

    fn kill_all(&self) {
        for control in self.controls.values() {
            control.send_replace(Control::Kill);
        }
    }

    fn tell(&self, call: &CallId, attempt: u32, what: Control) {
        if let Some(control) = self.controls.get(&(call.clone(), attempt)) {
            control.send_replace(what);
        }
    }
}

async fn wait_until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// The wall clock, read here and nowhere below the edge.
fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timestamp(since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }))
}

fn instant(at: Timestamp) -> Instant {
    Instant::now() + Duration::from(at.since(now()))
}
